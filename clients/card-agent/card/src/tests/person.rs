//! What a person does with a card.

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::x509::X509;

use super::{Virtual, pin, profile};
use crate::{CardError, Digest, HashFunction, Key, Secret, Tries};

fn verifies(certificate: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    let key = X509::from_der(certificate).unwrap().public_key().unwrap();
    let (r, s) = signature.split_at(48);
    let (r, s) = (BigNum::from_slice(r).unwrap(), BigNum::from_slice(s).unwrap());
    let signature = EcdsaSig::from_private_components(r, s).unwrap();
    signature.verify(digest, &key.ec_key().unwrap()).unwrap()
}

#[test]
fn log_in_signs_the_hash_of_the_hashes_of_origin_and_challenge() {
    let mut card = Virtual::whole();
    let certificate = profile().certificate(&mut card, Key::Authentication).unwrap();
    let pin = pin(Secret::Pin1, "1234");
    let signature = profile()
        .authenticate(&mut card, &pin, "https://idp.example", "challenge")
        .unwrap();
    let sha384 = |octets: &[u8]| hash(MessageDigest::sha384(), octets).unwrap().to_vec();
    let both = [sha384(b"https://idp.example"), sha384(b"challenge")].concat();
    assert!(verifies(&certificate, &sha384(&both), &signature));
}

#[test]
fn digests_of_every_length_are_signed_as_ecdsa_takes_them() {
    let mut card = Virtual::whole();
    let certificate = profile().certificate(&mut card, Key::Signature).unwrap();
    for function in HashFunction::ALL {
        let octets: Vec<u8> = (1..).take(function.length()).collect();
        let digest = Digest::new(function, octets.clone()).unwrap();
        let signature = profile().sign(&mut card, &pin(Secret::Pin2, "12345"), &digest).unwrap();
        assert!(verifies(&certificate, &octets, &signature), "{}", function.name());
        assert!(Digest::new(function, vec![0; function.length() - 1]).is_none());
        assert_eq!(HashFunction::named(function.name()), Some(function));
    }
    assert_eq!(HashFunction::named("SHA-1"), None);
}

#[test]
fn wrong_pins_are_counted_until_the_card_is_blocked() {
    let mut card = Virtual::whole();
    let digest = Digest::new(HashFunction::Sha384, vec![1; 48]).unwrap();
    for left in [2, 1] {
        let error = profile()
            .sign(&mut card, &pin(Secret::Pin2, "99999"), &digest)
            .unwrap_err();
        assert!(matches!(error, CardError::WrongPin { secret: Secret::Pin2, left: told } if told == left));
        let tries = profile().tries(&mut card, Secret::Pin2).unwrap();
        assert_eq!(tries, Tries { left, most: 3 });
    }
    for digits in ["99999", "12345"] {
        let error = profile()
            .sign(&mut card, &pin(Secret::Pin2, digits), &digest)
            .unwrap_err();
        assert!(matches!(error, CardError::Blocked(Secret::Pin2)));
    }
    assert_eq!(profile().tries(&mut card, Secret::Pin1).unwrap().left, 3);
}

#[test]
fn the_document_number_is_read() {
    assert_eq!(profile().document_number(&mut Virtual::whole()).unwrap(), "XK0000001");
}

#[test]
fn a_blank_card_says_what_it_lacks() {
    let mut card = Virtual::blank();
    assert!(matches!(
        profile().document_number(&mut card),
        Err(CardError::Missing("the document number"))
    ));
    assert!(matches!(
        profile().certificate(&mut card, Key::Signature),
        Err(CardError::Missing(_))
    ));
}
