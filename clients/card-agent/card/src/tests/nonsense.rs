//! Cards that answer what no card of the kind answers.

use super::{pin, profile};
use crate::{CardError, Channel, Key, ReaderError, Secret, recognised};

/// Says the same to everything, or what is listed, in order.
struct Says(Vec<&'static str>);

impl Channel for Says {
    fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, ReaderError> {
        let answer = if self.0.len() > 1 { self.0.remove(0) } else { self.0[0] };
        Ok(hex::decode(answer).unwrap())
    }
}

#[test]
fn answers_without_a_status_are_malformed() {
    for answer in ["", "90"] {
        assert!(matches!(
            profile().tries(&mut Says(vec![answer]), Secret::Pin1),
            Err(CardError::Malformed("SELECT"))
        ));
    }
}

#[test]
fn file_lengths_and_pieces_are_bounded() {
    let select = "9000";
    for answers in [
        vec![select, "62048002ffff9000"],
        vec![select, "9000"],
        vec![select, "6204800200039000", "9000"],
        vec![select, "6204800200039000", "010203049000"],
    ] {
        assert!(matches!(
            profile().certificate(&mut Says(answers), Key::Signature),
            Err(CardError::Malformed(_))
        ));
    }
}

#[test]
fn a_signature_of_another_length_is_no_signature() {
    let answers = vec!["9000", "9000", "9000", "01029000"];
    let signed = profile().authenticate(&mut Says(answers), &pin(Secret::Pin1, "1234"), "https://a.example", "b");
    assert!(matches!(signed, Err(CardError::Malformed("INTERNAL AUTHENTICATE"))));
}

#[test]
fn an_unknown_refusal_of_a_pin_is_told_by_its_status() {
    let answers = vec!["9000", "9000", "6f00"];
    let signed = profile().authenticate(&mut Says(answers), &pin(Secret::Pin1, "1234"), "https://a.example", "b");
    assert!(matches!(
        signed,
        Err(CardError::Refused {
            command: "VERIFY",
            status: 0x6f00
        })
    ));
}

#[test]
fn a_card_of_another_kind_is_not_recognised() {
    assert!(recognised(&signum_vcard::ATR).is_some());
    assert!(recognised(&[0x3b, 0x00]).is_none());
    assert!(recognised(&[]).is_none());
}
