//! Card signatures in the forms that Web eID uses.

use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};

use crate::{CardAlgorithm, GestureError, verify_card_signature};

fn ec(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn raw_ecdsa(key: &PKey<Private>, digest: MessageDigest, half: i32) -> Vec<u8> {
    let sig = EcdsaSig::sign(&hash(digest, b"challenge").unwrap(), &key.ec_key().unwrap()).unwrap();
    [
        sig.r().to_vec_padded(half).unwrap(),
        sig.s().to_vec_padded(half).unwrap(),
    ]
    .concat()
}

fn rsa(key: &PKey<Private>, salt: Option<i32>) -> Vec<u8> {
    let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
    if let Some(salt) = salt {
        signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::custom(salt)).unwrap();
    }
    signer.sign_oneshot_to_vec(b"challenge").unwrap()
}

#[test]
fn each_card_algorithm_verifies_and_a_changed_challenge_does_not() {
    let (p256, p384) = (ec(Nid::X9_62_PRIME256V1), ec(Nid::SECP384R1));
    let rsa_key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let cases = [
        (
            CardAlgorithm::Es256,
            raw_ecdsa(&p256, MessageDigest::sha256(), 32),
            &p256,
        ),
        (
            CardAlgorithm::Es384,
            raw_ecdsa(&p384, MessageDigest::sha384(), 48),
            &p384,
        ),
        (CardAlgorithm::Rs256, rsa(&rsa_key, None), &rsa_key),
        (CardAlgorithm::Ps256, rsa(&rsa_key, Some(32)), &rsa_key),
    ];
    for (algorithm, signature, key) in cases {
        let spki = key.public_key_to_der().unwrap();
        assert_eq!(
            verify_card_signature(&spki, algorithm, b"challenge", &signature),
            Ok(())
        );
        let outcome = verify_card_signature(&spki, algorithm, b"another", &signature);
        assert_eq!(outcome, Err(GestureError::BadSignature));
        let outcome = verify_card_signature(&spki, algorithm, b"challenge", &signature[1..]);
        assert_eq!(outcome, Err(GestureError::BadSignature));
    }
}

#[test]
fn an_algorithm_that_does_not_fit_the_key_is_refused() {
    let p384 = ec(Nid::SECP384R1);
    let spki = p384.public_key_to_der().unwrap();
    for algorithm in [CardAlgorithm::Es256, CardAlgorithm::Rs256, CardAlgorithm::Ps256] {
        let outcome = verify_card_signature(&spki, algorithm, b"challenge", &[0; 64]);
        assert_eq!(outcome, Err(GestureError::UnsupportedAlgorithm));
    }
}
