//! A desk's request for a certificate, as its officer signs it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use signum_core::Timestamp;

use super::RegistrationError;
use super::applicant::{Applicant, EvidenceKind};
use super::envelope::is_nonce;
use crate::issue::LeafRequest;

/// What the officer says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegistrationRequest {
    pub desk: String,
    /// The officer's id.
    pub officer: String,
    pub subject: Applicant,
    /// DER, base64url without padding.
    pub pkcs10: String,
    pub evidence: Vec<Evidence>,
    /// End of the card's validity or of the employment, seconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_by: Option<i64>,
    /// Seconds since the Unix epoch.
    pub made_at: i64,
    /// 16 octets or more of randomness in hexadecimal: makes each request one of its kind.
    pub nonce: String,
}

/// One document that the desk keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evidence {
    pub kind: EvidenceKind,
    /// Of the document as the desk stored it, in hexadecimal.
    pub sha256: String,
}

impl RegistrationRequest {
    /// Form and evidence; what the subject may be is the profile's business.
    pub fn check(&self) -> Result<(), RegistrationError> {
        if !is_nonce(&self.nonce) {
            return Err(RegistrationError::Malformed("nonce: 16 octets or more in hexadecimal"));
        }
        if self.evidence.len() > 16 {
            return Err(RegistrationError::Malformed("evidence: 16 documents at most"));
        }
        let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        if !self.evidence.iter().all(|one| is_hash(&one.sha256)) {
            return Err(RegistrationError::Malformed("evidence: sha256 in hexadecimal"));
        }
        let there = |kind: &&EvidenceKind| self.evidence.iter().any(|one| one.kind == **kind);
        match self.subject.rules().evidence.iter().find(|kind| !there(kind)) {
            None => Ok(()),
            Some(kind) => Err(RegistrationError::Evidence(*kind)),
        }
    }

    /// For the CA; `id` is the request's.
    pub fn leaf(&self, id: &[u8; 32]) -> Result<LeafRequest, RegistrationError> {
        let mut idempotency_key = [0; 16];
        for (to, from) in idempotency_key.iter_mut().zip(id) {
            *to = *from;
        }
        Ok(LeafRequest {
            idempotency_key,
            subject: self.subject.subject(),
            pkcs10: URL_SAFE_NO_PAD
                .decode(&self.pkcs10)
                .map_err(|_| RegistrationError::Malformed("pkcs10: base64url without padding"))?,
            key_origin: self.subject.key_origin(),
            ends_by: self.ends_by.map(Timestamp::from_seconds),
            desk: Some(self.desk.clone()),
        })
    }
}
