//! What a desk sends: octets, and the gesture of an officer over them.
//!
//! The octets are JSON, and exactly these octets are signed and kept: nothing is written anew before it is hashed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use signum_core::Timestamp;

use super::RegistrationError;
use crate::officer::Gesture;

/// Longest request, PKCS#10 included.
const LONGEST: usize = 32 * 1024;
/// How far a desk's clock may be from ours, in seconds.
const SKEW: i64 = 600;

/// What a gesture is for; each has a domain of its own, so none passes for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Certificate,
    Approval,
    Status,
}

impl Purpose {
    const fn domain(self) -> &'static [u8] {
        match self {
            Self::Certificate => b"signum-ra-request-v1",
            Self::Approval => b"signum-ra-approval-v1",
            Self::Status => b"signum-ra-status-v1",
        }
    }

    /// What an authenticator is asked to sign: SHA-256 of the domain and the request's id.
    pub fn challenge(self, id: &[u8; 32]) -> [u8; 32] {
        let digest = Sha256::new_with_prefix(self.domain());
        digest.chain_update(id).finalize().into()
    }
}

/// The body of a signed request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    /// base64url without padding.
    request: String,
    credential: Json,
}

/// It opened: octets, id, gesture. Nothing is verified yet.
pub(super) struct Envelope {
    pub octets: Vec<u8>,
    /// SHA-256 of the octets.
    pub id: [u8; 32],
    pub gesture: Gesture,
}

impl Signed {
    pub fn open(&self) -> Result<Envelope, RegistrationError> {
        if self.request.len() > LONGEST / 3 * 4 {
            return Err(RegistrationError::Malformed("request: too long"));
        }
        let octets = URL_SAFE_NO_PAD
            .decode(&self.request)
            .map_err(|_| RegistrationError::Malformed("request: base64url without padding"))?;
        Ok(Envelope {
            id: Sha256::digest(&octets).into(),
            octets,
            gesture: Gesture::from_json(&self.credential)
                .map_err(|error| RegistrationError::Gesture(error.to_string()))?,
        })
    }
}

/// Reads signed octets.
pub(super) fn parse<T: DeserializeOwned>(octets: &[u8]) -> Result<T, RegistrationError> {
    // serde's own words may repeat what stands in the request.
    serde_json::from_slice(octets).map_err(|_| RegistrationError::Malformed("request: not as docs/API.md says"))
}

/// Whether the time that stands in a request is now.
pub(super) fn is_now(made_at: i64, now: Timestamp) -> Result<(), RegistrationError> {
    if made_at.abs_diff(now.seconds()) > SKEW.unsigned_abs() {
        return Err(RegistrationError::Stale);
    }
    Ok(())
}

/// 16 octets or more in hexadecimal.
pub(super) fn is_nonce(text: &str) -> bool {
    (32..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}
