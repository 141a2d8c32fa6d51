//! The ceremony file (TOML): what is to be done, until when, and who has approved it.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use signum_gesture::Assertion;

use super::ApprovalError;

const DOMAIN: &[u8] = b"signum-ceremony-v1";
const APPROVAL_DOMAIN: &[u8] = b"signum-ceremony-approval-v1";
/// Longest file read.
const LONGEST: usize = 256 * 1024;

/// What can be done in a ceremony only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    Generate,
    Destroy,
    RotateKek,
    Rewrap,
    BackupKek,
    RestoreKek,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceremony {
    pub operation: Deed,
    /// Label of the token.
    pub token: String,
    /// Label of the key.
    pub object: String,
    /// Seconds since the Unix epoch after which it is worth nothing.
    pub expires: i64,
    /// 32 random octets in hexadecimal: makes each ceremony one of its kind.
    pub nonce: String,
    /// What else the operation depends on, by name: hashes of keys and files, in hexadecimal.
    #[serde(default)]
    pub details: BTreeMap<String, String>,
}

/// One officer's gesture over a ceremony.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The officer's id in the pinned list.
    pub officer: String,
    /// All four base64url without padding.
    pub credential_id: String,
    pub client_data_json: String,
    pub authenticator_data: String,
    pub signature: String,
}

/// Both, as the file holds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CeremonyFile {
    pub ceremony: Ceremony,
    #[serde(default, rename = "approval")]
    pub approvals: Vec<Approval>,
}

impl Deed {
    pub fn name(self) -> &'static str {
        match self {
            Self::Generate => "generate",
            Self::Destroy => "destroy",
            Self::RotateKek => "rotate-kek",
            Self::Rewrap => "rewrap",
            Self::BackupKek => "backup-kek",
            Self::RestoreKek => "restore-kek",
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Ceremony {
    /// SHA-256 over every field with its length before it; layout and comments of the file do not matter.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(DOMAIN);
        let mut field = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        field(self.operation.name().as_bytes());
        field(self.token.as_bytes());
        field(self.object.as_bytes());
        field(&self.expires.to_be_bytes());
        field(self.nonce.as_bytes());
        for (name, value) in &self.details {
            field(name.as_bytes());
            field(value.as_bytes());
        }
        hash.finalize().into()
    }

    /// What an officer's authenticator is asked to sign.
    pub fn challenge(&self) -> [u8; 32] {
        Sha256::new_with_prefix(APPROVAL_DOMAIN)
            .chain_update(self.hash())
            .finalize()
            .into()
    }

    pub(super) fn nonce(&self) -> Result<[u8; 32], ApprovalError> {
        let mut nonce = [0; 32];
        hex::decode_to_slice(&self.nonce, &mut nonce)
            .map_err(|_| ApprovalError::Malformed("nonce: 64 hexadecimal digits".into()))?;
        // One spelling for one nonce.
        if self.nonce.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(ApprovalError::Malformed("nonce: lower-case digits".into()));
        }
        Ok(nonce)
    }
}

impl CeremonyFile {
    /// A ceremony nobody has approved yet. `nonce` is fresh randomness.
    pub fn new(operation: Deed, token: &str, object: &str, expires: i64, nonce: [u8; 32]) -> Self {
        Self {
            ceremony: Ceremony {
                operation,
                token: token.to_owned(),
                object: object.to_owned(),
                expires,
                nonce: hex::encode(nonce),
                details: BTreeMap::new(),
            },
            approvals: Vec::new(),
        }
    }

    /// With one more thing the operation depends on.
    pub fn detail(mut self, name: &str, value: &str) -> Self {
        self.ceremony.details.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn parse(text: &str) -> Result<Self, ApprovalError> {
        if text.len() > LONGEST {
            return Err(ApprovalError::Malformed("too long".into()));
        }
        toml::from_str(text).map_err(|error| ApprovalError::Malformed(error.message().to_owned()))
    }

    pub fn to_toml(&self) -> Result<String, ApprovalError> {
        toml::to_string(self).map_err(|error| ApprovalError::Malformed(error.to_string()))
    }
}

impl Approval {
    pub fn new(officer: &str, assertion: &Assertion) -> Self {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        Self {
            officer: officer.to_owned(),
            credential_id: text(&assertion.credential_id),
            client_data_json: text(&assertion.client_data_json),
            authenticator_data: text(&assertion.authenticator_data),
            signature: text(&assertion.signature),
        }
    }

    pub(super) fn assertion(&self) -> Result<Assertion, ApprovalError> {
        let octets = |text: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text);
            bytes.map_err(|_| ApprovalError::Malformed(format!("the approval of {} is not base64url", self.officer)))
        };
        Ok(Assertion {
            credential_id: octets(&self.credential_id)?,
            client_data_json: octets(&self.client_data_json)?,
            authenticator_data: octets(&self.authenticator_data)?,
            signature: octets(&self.signature)?,
        })
    }
}
