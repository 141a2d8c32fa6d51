//! The log of commands.

use super::{Virtual, pin, profile};
use crate::personalise::{Object, store};
use crate::{Channel, Key, Log, Secret};

fn logged(card: &mut Virtual, work: impl FnOnce(&mut dyn Channel)) -> String {
    let mut written = Vec::new();
    work(&mut Log {
        channel: card,
        to: &mut written,
    });
    String::from_utf8(written).unwrap()
}

#[test]
fn no_pin_and_no_certificate_is_in_the_log() {
    let mut card = Virtual::whole();
    let log = logged(&mut card, |card| {
        profile().certificate(card, Key::Authentication).unwrap();
        let pin = pin(Secret::Pin1, "1234");
        profile()
            .authenticate(card, &pin, "https://idp.example", "challenge")
            .unwrap();
    });
    assert!(
        log.contains("> 002000010c (12 octets not shown)\n< 0 octets, 9000"),
        "{log}"
    );
    assert!(log.contains("> 00b00000e7\n< 231 octets, 9000"), "{log}");
    assert!(!log.contains("31323334"), "{log}");
}

#[test]
fn pins_of_personalisation_are_not_in_the_log() {
    let mut card = Virtual::blank();
    let log = logged(&mut card, |card| {
        store(card, Object::Secret(Secret::Puk, &pin(Secret::Puk, "12345678"))).unwrap();
    });
    assert_eq!(log, "> 80e280060c (12 octets not shown)\n< 0 octets, 9000\n");
}
