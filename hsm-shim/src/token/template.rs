//! Attribute templates for key pairs and secrets: every right that is not needed is refused by name, because modules
//! differ in their defaults (PKCS#11 v2.40 section 4.9).

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType};

use crate::key::KeyAlgorithm;
use crate::token::spki::{ED25519, P256, P384};

/// Where a key lives and whether it may leave wrapped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Residence {
    /// In the token, for ever inside.
    Token,
    /// In a session, to be wrapped and destroyed.
    ToBeWrapped,
    /// In a session, out of a blob, never to leave again.
    Unwrapped,
}

pub(crate) fn key_type(algorithm: KeyAlgorithm) -> KeyType {
    match algorithm {
        KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 => KeyType::EC,
        KeyAlgorithm::Rsa3072 => KeyType::RSA,
        KeyAlgorithm::Ed25519 => KeyType::EC_EDWARDS,
    }
}

pub(crate) fn key_pair_generation(algorithm: KeyAlgorithm) -> Mechanism<'static> {
    match algorithm {
        KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 => Mechanism::EccKeyPairGen,
        KeyAlgorithm::Rsa3072 => Mechanism::RsaPkcsKeyPairGen,
        KeyAlgorithm::Ed25519 => Mechanism::EccEdwardsKeyPairGen,
    }
}

/// A public key that verifies and does nothing else.
pub(crate) fn public(algorithm: KeyAlgorithm, residence: Residence, label: &str, id: &[u8]) -> Vec<Attribute> {
    let mut template = vec![
        Attribute::Token(residence == Residence::Token),
        Attribute::Private(false),
        Attribute::Label(label.as_bytes().to_vec()),
        Attribute::Id(id.to_vec()),
        Attribute::Verify(true),
        Attribute::Encrypt(false),
        Attribute::Wrap(false),
    ];
    match algorithm {
        KeyAlgorithm::EcP256 => template.push(Attribute::EcParams(P256.to_vec())),
        KeyAlgorithm::EcP384 => template.push(Attribute::EcParams(P384.to_vec())),
        KeyAlgorithm::Ed25519 => template.push(Attribute::EcParams(ED25519.to_vec())),
        KeyAlgorithm::Rsa3072 => template.extend([
            Attribute::ModulusBits(3072.into()),
            Attribute::PublicExponent(vec![0x01, 0x00, 0x01]),
        ]),
    }
    template
}

/// A private key that signs and does nothing else.
pub(crate) fn private(residence: Residence, label: &str, id: &[u8]) -> Vec<Attribute> {
    vec![
        Attribute::Token(residence == Residence::Token),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(residence == Residence::ToBeWrapped),
        Attribute::Label(label.as_bytes().to_vec()),
        Attribute::Id(id.to_vec()),
        Attribute::Sign(true),
        Attribute::SignRecover(false),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
    ]
}

/// A 256-bit HMAC key of the token.
pub(crate) fn mac_key(label: &str, id: &[u8]) -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Label(label.as_bytes().to_vec()),
        Attribute::Id(id.to_vec()),
        Attribute::ValueLen(32.into()),
        Attribute::Sign(true),
        Attribute::Verify(true),
        Attribute::Encrypt(false),
        Attribute::Decrypt(false),
        Attribute::Wrap(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
    ]
}
