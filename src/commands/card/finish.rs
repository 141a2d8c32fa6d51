//! Certificates and document number go into the card, and nothing is personalised in it any more.

use anyhow::{Result, ensure};
use signum_card::personalise::{Object, finish, fits, of_one_subject, public_point, store};
use signum_card::{Inserted, Key};

/// Nine characters that readers of the layout take.
pub fn check_document_number(number: &str) -> Result<()> {
    let known = |octet: u8| octet.is_ascii_uppercase() || octet.is_ascii_digit();
    ensure!(
        number.len() == 9 && number.bytes().all(known),
        "a document number has nine characters: A-Z, 0-9"
    );
    Ok(())
}

/// Stores what belongs to this card's keys, and locks it. Certificates (DER) of another card are refused.
pub fn run(card: &mut Inserted, authentication: &[u8], signature: &[u8], document_number: &str) -> Result<()> {
    check_document_number(document_number)?;
    let keys = [(Key::Authentication, authentication), (Key::Signature, signature)];
    let points = card.alone(|card| {
        let [first, second] = keys.map(|(key, _)| public_point(card, key));
        Ok([first?, second?])
    })?;
    for ((key, certificate), point) in keys.iter().zip(&points) {
        ensure!(
            fits(certificate, *key, point),
            "the certificate given for {key:?} is not for that key of this card"
        );
    }
    ensure!(
        of_one_subject(authentication, signature),
        "the certificates are about two subjects"
    );
    card.alone(|card| {
        for (key, certificate) in keys {
            store(card, Object::Certificate(key, certificate))?;
        }
        store(card, Object::DocumentNumber(document_number))?;
        finish(card)
    })?;
    Ok(())
}
