//! A request that another officer must agree to: its canonical octets, and what its two sides sign.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use signum_core::{Random, Timestamp};
use signum_gesture::fields::Fields;

use super::ApprovalError;
use crate::officer::Role;

const DOMAIN: &[u8] = b"signum-ca-request-v1";
const ASKED_DOMAIN: &[u8] = b"signum-ca-request-asked-v1";
const APPROVED_DOMAIN: &[u8] = b"signum-ca-request-approved-v1";
/// Nobody keeps approved requests in a drawer.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);
/// How far the requester's clock may be from ours.
const SKEW: Duration = Duration::from_secs(600);

/// What needs a second officer. Officers themselves change by [`crate::officer::SignedList`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    CaKeyUse,
    ProfileChange,
    CaRevocation,
    BulkAction,
}

impl Kind {
    pub const ALL: [Self; 4] = [
        Self::CaKeyUse,
        Self::ProfileChange,
        Self::CaRevocation,
        Self::BulkAction,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::CaKeyUse => "ca-key-use",
            Self::ProfileChange => "profile-change",
            Self::CaRevocation => "ca-revocation",
            Self::BulkAction => "bulk-action",
        }
    }

    /// One of these asks.
    pub(super) const fn asks(self) -> &'static [Role] {
        match self {
            Self::CaKeyUse => &[Role::CeremonyOperator],
            Self::ProfileChange | Self::CaRevocation => &[Role::Administrator],
            Self::BulkAction => &[Role::Revocation, Role::Administrator],
        }
    }

    /// One of these agrees.
    pub(crate) const fn approves(self) -> &'static [Role] {
        match self {
            Self::CaKeyUse => &[Role::CeremonyOperator],
            Self::ProfileChange | Self::CaRevocation | Self::BulkAction => &[Role::Administrator],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an officer asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRequest {
    pub kind: Kind,
    /// SHA-256 of what is to be done, in hexadecimal; whoever does it computes it anew.
    #[serde(with = "hexadecimal")]
    pub subject: [u8; 32],
    /// One line for the officer who agrees; ids and numbers, no personal data.
    pub summary: String,
    /// The asking officer's id.
    pub requester: String,
    /// Seconds since the Unix epoch.
    pub made_at: i64,
    /// Seconds since the Unix epoch; from then on it is worth nothing.
    pub expires_at: i64,
    #[serde(with = "hexadecimal")]
    pub nonce: [u8; 16],
}

impl ApprovalRequest {
    pub fn new(
        kind: Kind,
        subject: [u8; 32],
        summary: &str,
        requester: &str,
        (now, lives): (Timestamp, Duration),
        random: &dyn Random,
    ) -> Self {
        Self {
            kind,
            subject,
            summary: summary.to_owned(),
            requester: requester.to_owned(),
            made_at: now.seconds(),
            expires_at: now.plus(lives).seconds(),
            nonce: random.bytes(),
        }
    }

    /// SHA-256 of every field with its length before it; the request's id.
    pub fn hash(&self) -> [u8; 32] {
        let octets = Fields::of(DOMAIN)
            .field(self.kind.name().as_bytes())
            .field(&self.subject)
            .field(self.summary.as_bytes())
            .field(self.requester.as_bytes())
            .field(&self.made_at.to_be_bytes())
            .field(&self.expires_at.to_be_bytes())
            .field(&self.nonce);
        Sha256::digest(octets.bytes()).into()
    }

    /// What the requester signs.
    pub fn asked(&self) -> [u8; 32] {
        self.challenge(ASKED_DOMAIN)
    }

    /// What the officer who agrees signs; no requester's gesture passes for it.
    pub fn approved(&self) -> [u8; 32] {
        self.challenge(APPROVED_DOMAIN)
    }

    fn challenge(&self, domain: &[u8]) -> [u8; 32] {
        let digest = Sha256::new_with_prefix(domain);
        digest.chain_update(self.hash()).finalize().into()
    }

    pub(super) fn check(&self, now: Timestamp) -> Result<(), ApprovalError> {
        if self.summary.is_empty() || self.summary.chars().count() > 200 || self.summary.chars().any(char::is_control) {
            return Err(ApprovalError::Malformed("summary: one line of at most 200 characters"));
        }
        let made = Timestamp::from_seconds(self.made_at);
        if made.since(now) > SKEW || now.since(made) > SKEW {
            return Err(ApprovalError::Malformed("made_at is not now"));
        }
        let until = Timestamp::from_seconds(self.expires_at);
        if until <= now {
            return Err(ApprovalError::Expired);
        }
        if until <= made || until.since(made) > LONGEST {
            return Err(ApprovalError::Malformed("expires_at: within seven days"));
        }
        Ok(())
    }
}

/// Octets of a known number in hexadecimal.
mod hexadecimal {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
        let mut bytes = [0; N];
        let text = String::deserialize(deserializer)?;
        hex::decode_to_slice(text, &mut bytes).map_err(D::Error::custom)?;
        Ok(bytes)
    }
}
