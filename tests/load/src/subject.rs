//! What is signed with: the four algorithms, resident or wrapped.

use serde::{Deserialize, Serialize};
use signum_hsm_shim::{KeyAlgorithm, SignatureAlgorithm};

/// One algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub key: KeyAlgorithm,
    pub algorithm: SignatureAlgorithm,
}

pub const SUBJECTS: [Subject; 4] = [
    subject(KeyAlgorithm::EcP256, SignatureAlgorithm::EcdsaSha256),
    subject(KeyAlgorithm::EcP384, SignatureAlgorithm::EcdsaSha384),
    subject(KeyAlgorithm::Rsa3072, SignatureAlgorithm::RsaPssSha256),
    subject(KeyAlgorithm::Ed25519, SignatureAlgorithm::Ed25519),
];

const fn subject(key: KeyAlgorithm, algorithm: SignatureAlgorithm) -> Subject {
    Subject { key, algorithm }
}

impl Subject {
    pub fn name(self) -> &'static str {
        match self.key {
            KeyAlgorithm::EcP256 => "P-256",
            KeyAlgorithm::EcP384 => "P-384",
            KeyAlgorithm::Rsa3072 => "RSA-3072",
            KeyAlgorithm::Ed25519 => "Ed25519",
        }
    }

    /// Label of the resident key.
    pub fn label(self) -> &'static str {
        self.name()
    }

    /// The n-th input: a digest, or for Ed25519 a message.
    pub fn input(self, n: u64) -> Vec<u8> {
        let length = if self.key == KeyAlgorithm::EcP384 { 48 } else { 32 };
        let mut input = vec![0x5a; length];
        input.splice(..8, n.to_be_bytes());
        input
    }
}
