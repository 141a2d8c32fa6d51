//! What a wrapped key belongs to, and the HMAC that says so.
//!
//! AES key wrap (RFC 5649) has no associated data, and a KEK with DERIVE would open another way to its value; so a
//! separate HMAC key of the token binds each blob to its credential, person, algorithm, usage, epoch and public key.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::key::KeyAlgorithm;

const DOMAIN: &[u8] = b"signum-wrapped-key-v1";
/// The only usage a person's key has.
const USAGE: &[u8] = b"sign";

/// Whose key a blob is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyBinding {
    /// The credential's id.
    pub key: [u8; 16],
    /// Reference to the person (a hash, never a number).
    pub person: [u8; 32],
    pub algorithm: KeyAlgorithm,
    /// KEK generation.
    pub epoch: u32,
}

impl KeyBinding {
    /// The bytes the HMAC covers: every field with its length before it.
    pub(crate) fn covered(&self, spki: &[u8], blob: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let fields: [&[u8]; 8] = [
            DOMAIN,
            &self.key,
            &self.person,
            algorithm_name(self.algorithm),
            USAGE,
            &self.epoch.to_be_bytes(),
            &Sha256::digest(spki),
            blob,
        ];
        for field in fields {
            out.extend((field.len() as u64).to_be_bytes());
            out.extend(field);
        }
        out
    }
}

fn algorithm_name(algorithm: KeyAlgorithm) -> &'static [u8] {
    match algorithm {
        KeyAlgorithm::EcP256 => b"ec-p256",
        KeyAlgorithm::EcP384 => b"ec-p384",
        KeyAlgorithm::Rsa3072 => b"rsa-3072",
        KeyAlgorithm::Ed25519 => b"ed25519",
    }
}
