//! A blank card becomes a person's.

use openssl::x509::X509Req;

use super::{Virtual, pin, profile};
use crate::personalise::{Object, finish, finished, fits, generate, of_one_subject, public_point, request, store};
use crate::{CardError, Key, Letter, Secret};

#[test]
fn requests_prove_possession_of_the_keys_in_the_card() {
    let mut card = Virtual::blank();
    assert!(!finished(&mut card).unwrap());
    let secrets = [
        (Secret::Pin1, "1234"),
        (Secret::Pin2, "12345"),
        (Secret::Puk, "12345678"),
    ];
    for (secret, digits) in secrets {
        store(&mut card, Object::Secret(secret, &pin(secret, digits))).unwrap();
    }
    for (key, digits) in [(Key::Authentication, "1234"), (Key::Signature, "12345")] {
        let point = generate(&mut card, key).unwrap();
        let pin = pin(key.secret(), digits);
        // Often enough to meet halves of a signature that begin with a zero or a set bit.
        for _ in 0..20 {
            let request = X509Req::from_der(&request(&mut card, key, &point, &pin).unwrap()).unwrap();
            let public = request.public_key().unwrap();
            assert!(request.verify(&public).unwrap());
            assert!(public.public_key_to_der().unwrap().ends_with(&point));
        }
    }
}

#[test]
fn a_complete_card_is_finished_once_and_reads_back_what_was_stored() {
    let mut card = Virtual::blank();
    let mut long = vec![0x30, 0x82, 0x06, 0x00];
    long.extend(vec![0x5a; 0x0600]);
    for (secret, digits) in [
        (Secret::Pin1, "1234"),
        (Secret::Pin2, "12345"),
        (Secret::Puk, "12345678"),
    ] {
        store(&mut card, Object::Secret(secret, &pin(secret, digits))).unwrap();
    }
    assert!(matches!(
        finish(&mut card),
        Err(CardError::Refused { status: 0x6985, .. })
    ));
    for key in [Key::Authentication, Key::Signature] {
        generate(&mut card, key).unwrap();
        store(&mut card, Object::Certificate(key, &long)).unwrap();
        assert_eq!(profile().certificate(&mut card, key).unwrap(), long);
    }
    store(&mut card, Object::DocumentNumber("XK7654321")).unwrap();
    finish(&mut card).unwrap();
    assert!(finished(&mut card).unwrap());
    assert_eq!(profile().document_number(&mut card).unwrap(), "XK7654321");
    assert!(matches!(
        generate(&mut card, Key::Signature),
        Err(CardError::Refused { status: 0x6985, .. })
    ));
}

#[test]
fn a_certificate_fits_the_key_it_is_for_alone() {
    let mut card = Virtual::blank();
    let issued = |card: &mut Virtual| {
        let certificate = |key| profile().certificate(card, key).unwrap();
        [Key::Authentication, Key::Signature].map(certificate)
    };
    let [authentication, signature] = issued(&mut Virtual::whole());
    let point = |der: &[u8]| {
        let key = openssl::x509::X509::from_der(der).unwrap().public_key().unwrap();
        key.public_key_to_der().unwrap()[23..].to_vec()
    };
    let (one, other) = (point(&authentication), point(&signature));
    assert!(fits(&authentication, Key::Authentication, &one));
    assert!(fits(&signature, Key::Signature, &other));
    assert!(!fits(&authentication, Key::Authentication, &other));
    // The right key for the wrong use, and no certificate at all.
    assert!(!fits(&authentication, Key::Signature, &one));
    assert!(!fits(&authentication[1..], Key::Authentication, &one));
    assert!(of_one_subject(&authentication, &signature) && !of_one_subject(&authentication, &[]));
    let made = generate(&mut card, Key::Signature).unwrap();
    assert_eq!(public_point(&mut card, Key::Signature).unwrap(), made);
}

#[test]
fn the_letter_holds_the_pins_that_the_card_takes() {
    // 250 and above would make some digits likelier than others.
    let mut octets = (0..=255u8).rev().cycle();
    let letter = Letter::draw(|buffer| buffer.fill_with(|| octets.next().unwrap()));
    assert_eq!(*letter.text(), "PIN1  9876\nPIN2  54321\nPUK   09876543\n");
    let mut card = Virtual::blank();
    for secret in [Secret::Pin1, Secret::Pin2, Secret::Puk] {
        store(&mut card, Object::Secret(secret, &letter.pin(secret).unwrap())).unwrap();
    }
}
