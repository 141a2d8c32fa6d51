//! A statement convinces when the pinned key signed exactly it, and never otherwise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;

use super::*;

fn key(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn origin() -> KeyOrigin {
    KeyOrigin {
        person: person_reference("PNOXK-1000000001"),
        credential: [1; 16],
        certificate_request: [2; 32],
        vouchers: [3; 32],
        authenticators: [4; 32],
        attributes: WRAPPED_P256.to_owned(),
    }
}

fn signed(body: &[u8], key: &PKey<Private>) -> Vec<u8> {
    let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
    KeyOrigin::assemble(body, &signer.sign_oneshot_to_vec(body).unwrap()).unwrap()
}

#[test]
fn a_statement_says_what_the_pinned_key_signed() {
    let pinned = key(Nid::X9_62_PRIME256V1);
    let statement = signed(&origin().to_be_signed().unwrap(), &pinned);
    let spki = pinned.public_key_to_der().unwrap();
    assert_eq!(KeyOrigin::verify(&statement, &spki), Ok(origin()));
}

#[test]
fn another_key_and_a_key_on_another_curve_convince_nobody() {
    let body = origin().to_be_signed().unwrap();
    let other = key(Nid::X9_62_PRIME256V1);
    let spki = key(Nid::X9_62_PRIME256V1).public_key_to_der().unwrap();
    let by_another = signed(&body, &other);
    assert_eq!(KeyOrigin::verify(&by_another, &spki), Err(KeyOriginError::Signature));
    let large = key(Nid::SECP384R1);
    let spki = large.public_key_to_der().unwrap();
    assert_eq!(
        KeyOrigin::verify(&signed(&body, &large), &spki),
        Err(KeyOriginError::Signature)
    );
}

#[test]
fn every_flipped_bit_of_a_statement_is_noticed() {
    let pinned = key(Nid::X9_62_PRIME256V1);
    let spki = pinned.public_key_to_der().unwrap();
    let statement = signed(&origin().to_be_signed().unwrap(), &pinned);
    for bit in 0..statement.len() * 8 {
        let mut altered = statement.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(KeyOrigin::verify(&altered, &spki).is_err(), "bit {bit}");
    }
}

#[test]
fn what_the_statement_key_signed_under_another_domain_is_no_statement() {
    let pinned = key(Nid::X9_62_PRIME256V1);
    let spki = pinned.public_key_to_der().unwrap();
    let body = origin().to_be_signed().unwrap();
    let mut other = body.clone();
    let at = other
        .windows(DOMAIN.len())
        .position(|w| w == DOMAIN.as_bytes())
        .unwrap();
    other[at] ^= 1;
    assert_eq!(
        KeyOrigin::verify(&signed(&other, &pinned), &spki),
        Err(KeyOriginError::Malformed)
    );
}
