//! Which algorithm fits which key and input, checked before the module sees anything: SoftHSM 2.6.1 crashes on RSA-PSS
//! with an EC key and signs 31-octet "digests".

use std::borrow::Cow;

use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};

use crate::error::HsmError;
use crate::key::{KeyAlgorithm, SignatureAlgorithm};

/// DER of DigestInfo up to the digest itself (RFC 8017 section 9.2, note 1).
const SHA256_DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
];
const SHA256_LENGTH: usize = 32;

/// Refuses an algorithm that does not belong to the key, and digests of the wrong length.
pub(crate) fn check(key: KeyAlgorithm, algorithm: SignatureAlgorithm, inputs: &[Vec<u8>]) -> Result<(), HsmError> {
    let (fitting, expected) = match algorithm {
        SignatureAlgorithm::EcdsaSha256 => (KeyAlgorithm::EcP256, Some(SHA256_LENGTH)),
        SignatureAlgorithm::EcdsaSha384 => (KeyAlgorithm::EcP384, Some(48)),
        SignatureAlgorithm::RsaPkcs1Sha256 | SignatureAlgorithm::RsaPssSha256 => {
            (KeyAlgorithm::Rsa3072, Some(SHA256_LENGTH))
        }
        SignatureAlgorithm::Ed25519 => (KeyAlgorithm::Ed25519, None),
    };
    if key != fitting {
        return Err(HsmError::KeyTypeMismatch);
    }
    let wrong = |expected: usize| inputs.iter().map(Vec::len).find(|actual| *actual != expected);
    match expected.and_then(|expected| wrong(expected).map(|actual| (expected, actual))) {
        Some((expected, actual)) => Err(HsmError::BadDigest { expected, actual }),
        None => Ok(()),
    }
}

/// The PKCS#11 mechanism; hashing is always done outside.
pub(crate) fn mechanism(algorithm: SignatureAlgorithm) -> Mechanism<'static> {
    match algorithm {
        SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384 => Mechanism::Ecdsa,
        SignatureAlgorithm::RsaPkcs1Sha256 => Mechanism::RsaPkcs,
        SignatureAlgorithm::RsaPssSha256 => Mechanism::RsaPkcsPss(PkcsPssParams {
            hash_alg: MechanismType::SHA256,
            mgf: PkcsMgfType::MGF1_SHA256,
            s_len: 32.into(),
        }),
        SignatureAlgorithm::Ed25519 => Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure)),
    }
}

/// What the mechanism is given: for PKCS#1 v1.5 the DigestInfo, otherwise the input itself.
pub(crate) fn mechanism_input(algorithm: SignatureAlgorithm, input: &[u8]) -> Cow<'_, [u8]> {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1Sha256 => Cow::Owned([SHA256_DIGEST_INFO.as_slice(), input].concat()),
        _ => Cow::Borrowed(input),
    }
}
