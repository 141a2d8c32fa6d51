//! Master keys in a second token: made so that they can travel once, wrapped for the other token, then locked.
//!
//! A key that never may leave cannot be backed up, so a KEK (or binding key) that shall have a backup begins as a session
//! object of one ceremony. There it is wrapped under the RSA keys of the backup tokens, and settled in the token as one that
//! stays; the session object is destroyed. Its value is never in our memory: only modules see it (docs/decisions/0009).
//! What tells the one key in two tokens is its check value, which officers approve and configurations pin.

mod check;
mod make;
mod pinned;
mod restore;
mod rotate;
mod transport;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::HsmError;
use crate::key::{KeyAlgorithm, PublicKey};

pub use check::CheckValue;
pub use transport::Oaep;

/// Which of the two kinds of guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// An AES-256 KEK; its label ends in `.EPOCH`.
    Kek,
    /// A 256-bit HMAC key.
    Mac,
}

/// A guard's backup: worth nothing without one of the tokens it was wrapped for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    pub version: u8,
    /// Label of the token it was made in.
    pub token: String,
    pub guard: Guard,
    /// Its label, in every token.
    pub object: String,
    pub check: CheckValue,
    /// None if it was made without a backup.
    #[serde(default, rename = "copy")]
    pub copies: Vec<BackupCopy>,
}

/// The guard under one backup token's transport key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupCopy {
    /// SHA-256 of the transport key's SubjectPublicKeyInfo, in hexadecimal.
    pub transport: String,
    pub oaep: Oaep,
    /// Hexadecimal.
    pub wrapped: String,
}

/// How a ceremony names transport keys: their hashes in order, so that officers approve the places a KEK goes to.
pub fn transports_detail(transports: &[PublicKey]) -> String {
    let mut hashes: Vec<String> = transports.iter().map(transport::fingerprint).collect();
    hashes.sort();
    hashes.join(" ")
}

impl Backup {
    pub fn parse(text: &str) -> Result<Self, HsmError> {
        let backup: Self = toml::from_str(text)
            .map_err(|error| HsmError::Misconfigured(format!("backup file: {}", error.message())))?;
        match backup.version {
            1 => Ok(backup),
            _ => Err(HsmError::Misconfigured("backup file: of a later version".into())),
        }
    }

    /// The copy that the token with this transport key can open.
    pub(crate) fn copy_for(&self, transport: &PublicKey) -> Result<&BackupCopy, HsmError> {
        let fingerprint = transport::fingerprint(transport);
        let copy = self.copies.iter().find(|copy| copy.transport == fingerprint);
        copy.ok_or_else(|| HsmError::BlobRejected("the backup was not made for this token".into()))
    }

    pub fn to_toml(&self) -> Result<String, HsmError> {
        toml::to_string(self).map_err(|error| HsmError::Misconfigured(error.to_string()))
    }
}

/// Label and epoch of a KEK.
pub(crate) fn epoch_of(object: &str) -> Result<(&str, u32), HsmError> {
    let parts = object.rsplit_once('.');
    let parts = parts.and_then(|(label, epoch)| Some((label, epoch.parse::<u32>().ok()?)));
    // One spelling for one epoch.
    let parts = parts.filter(|(label, epoch)| format!("{label}.{epoch}") == object);
    parts.ok_or_else(|| HsmError::Misconfigured(format!("{object}: a KEK is called LABEL.EPOCH")))
}
