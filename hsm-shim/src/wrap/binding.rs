//! What a wrapped key belongs to, in the bytes that say so.
//!
//! They are the associated data of AES-GCM. RFC 5649 has none, and a KEK with DERIVE would open another way to its value;
//! so there a separate HMAC key of the token binds each blob to its credential, person, algorithm, usage, epoch, public
//! key and mechanism.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::key::KeyAlgorithm;
use crate::wrap::mechanism::WrapMechanism;

const DOMAIN_V1: &[u8] = b"signum-wrapped-key-v1";
const DOMAIN: &[u8] = b"signum-wrapped-key-v2";

/// What a wrapped key is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyUsage {
    /// A person's signatures, each after a gesture.
    #[default]
    Sign,
    /// An organisation's automatic seals.
    Seal,
}

/// Whose key a blob is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyBinding {
    /// The credential's id.
    pub key: [u8; 16],
    /// Reference to the person (a hash, never a number).
    pub person: [u8; 32],
    pub algorithm: KeyAlgorithm,
    pub usage: KeyUsage,
    /// KEK generation.
    pub epoch: u32,
}

impl KeyBinding {
    /// What the key belongs to: every field with its length before it.
    pub(super) fn belongs(&self, spki: &[u8], mechanism: WrapMechanism) -> Vec<u8> {
        lengths_and([
            DOMAIN,
            &self.key,
            &self.person,
            self.algorithm.name().as_bytes(),
            usage_name(self.usage),
            &self.epoch.to_be_bytes(),
            &Sha256::digest(spki),
            &[mechanism.octet()],
        ])
    }

    /// What the HMAC covers.
    pub(super) fn covered(&self, spki: &[u8], mechanism: WrapMechanism, blob: &[u8]) -> Vec<u8> {
        lengths_and([self.belongs(spki, mechanism).as_slice(), blob])
    }

    /// What the HMAC of rows of version 1 covers; their mechanism was always `CKM_AES_KEY_WRAP_PAD`.
    pub(super) fn covered_v1(&self, spki: &[u8], blob: &[u8]) -> Vec<u8> {
        lengths_and([
            DOMAIN_V1,
            &self.key,
            &self.person,
            self.algorithm.name().as_bytes(),
            usage_name(self.usage),
            &self.epoch.to_be_bytes(),
            &Sha256::digest(spki),
            blob,
        ])
    }
}

fn lengths_and<const N: usize>(fields: [&[u8]; N]) -> Vec<u8> {
    let mut out = Vec::new();
    for field in fields {
        out.extend((field.len() as u64).to_be_bytes());
        out.extend(field);
    }
    out
}

fn usage_name(usage: KeyUsage) -> &'static [u8] {
    match usage {
        KeyUsage::Sign => b"sign",
        KeyUsage::Seal => b"seal",
    }
}
