//! What one service needs of another, as traits over plain data.
//!
//! `src/` chooses the implementation: in the same process today, HTTPS with mutual TLS when services move apart. Every call
//! that changes something carries an idempotency key: repeated with the same key it returns the first answer.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// Why a call on another service failed.
#[derive(Debug, thiserror::Error, Clone, Serialize, Deserialize)]
pub enum ContractError {
    /// The caller asked for something that may not be; `code` is stable, `message` is for a log.
    #[error("refused ({code}): {message}")]
    Refused { code: String, message: String },
    #[error("not found")]
    NotFound,
    /// The other service or something it needs is away; trying again later is right.
    #[error("unavailable: {0}")]
    Unavailable(String),
    #[error("internal error of the other service")]
    Internal,
}

/// A natural person as a certificate names them (EN 319 412-1 section 5.1.3, EN 319 412-2 section 4.2.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonName {
    pub given_name: String,
    pub surname: String,
    /// The national personal number alone, ten digits in Kosovo; the certificate shows `PNO<country>-<number>`.
    pub personal_number: String,
}

/// Where a key was made. The CA believes none of it on the caller's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyOrigin {
    /// In our HSM by the signing module: its signed statement (DER of `signum_pki::key_origin`), which the CA verifies with the
    /// key that its own configuration pins.
    SigningModule { statement: Vec<u8> },
    /// On an eID card by its personalisation; nothing proves that yet.
    Card,
    /// Nothing is known of it.
    Unknown,
}

/// The leaf profiles another service may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeafProfile {
    /// Profile A of the certificate policy: authentication of a citizen.
    CitizenAuthentication,
    /// Profile Q: qualified signature of a citizen.
    CitizenSignature,
}

/// A request for a person's certificate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CertificateRequest {
    pub idempotency_key: [u8; 16],
    pub profile: LeafProfile,
    pub person: PersonName,
    /// DER of a PKCS#10 request (RFC 2986); only its key is used, its signature proves possession.
    pub pkcs10: Vec<u8>,
    pub key_origin: KeyOrigin,
}

/// A certificate with the way up to the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedCertificate {
    /// DER.
    pub certificate: Vec<u8>,
    /// DER, issuing CA first, root last.
    pub chain: Vec<Vec<u8>>,
}

/// The CA as other services see it.
#[async_trait]
pub trait CertificateAuthority: Send + Sync + 'static {
    async fn issue(&self, request: CertificateRequest) -> Result<IssuedCertificate, ContractError>;

    /// Revokes, suspends or reinstates. A change to what is already so changes nothing and succeeds; so does a revocation of what
    /// is revoked, except that a key compromise which becomes known later takes the place of another reason. Not possible:
    /// to suspend what was revoked, to reinstate it, to suspend another certificate than a person's or an organisation's.
    async fn change_status(&self, change: StatusChange) -> Result<(), ContractError>;

    /// [`change_status`](Self::change_status) on the calling service's own account.
    async fn revoke(&self, serial: &[u8], reason: u8) -> Result<(), ContractError> {
        let action = StatusAction::Revoke { reason };
        self.change_status(StatusChange::new(serial, action, AskedBy::Service))
            .await
    }

    async fn suspend(&self, serial: &[u8]) -> Result<(), ContractError> {
        self.change_status(StatusChange::new(serial, StatusAction::Suspend, AskedBy::Service))
            .await
    }

    async fn reinstate(&self, serial: &[u8]) -> Result<(), ContractError> {
        self.change_status(StatusChange::new(serial, StatusAction::Reinstate, AskedBy::Service))
            .await
    }
}

/// A change of one certificate's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusChange {
    /// Big-endian octets; no two of our CAs share one.
    pub serial: Vec<u8>,
    pub action: StatusAction,
    pub asked_by: AskedBy,
    /// Since when the key or what the certificate says is doubtful, when that is known (invalidityDate, RFC 5280 section 5.3.2).
    pub invalid_since: Option<Timestamp>,
}

impl StatusChange {
    pub fn new(serial: &[u8], action: StatusAction, asked_by: AskedBy) -> Self {
        Self {
            serial: serial.to_vec(),
            action,
            asked_by,
            invalid_since: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusAction {
    /// For good; a CRLReason of RFC 5280 section 5.3.1.
    Revoke {
        reason: u8,
    },
    /// Until it is reinstated or revoked.
    Suspend,
    Reinstate,
}

/// Who asked for a change: a reference to who can be asked, never a name or a personal number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedBy {
    /// The calling service itself.
    Service,
    /// An operator at the command line.
    Operator,
    Officer(String),
    Agency(String),
    /// A reference of the holder's own request, such as an enrolment.
    Holder(String),
}

impl AskedBy {
    /// Whether its id may be stored: 1 to 64 letters, digits, hyphens, dots and underscores; not the number of a person or of an
    /// organisation.
    pub fn is_reference(&self) -> bool {
        let (Self::Officer(id) | Self::Agency(id) | Self::Holder(id)) = self else {
            return true;
        };
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        // No number is as long as a UUID, whose digits may all be decimal.
        let number = id.len() <= 16 && !id.bytes().any(|b| b.is_ascii_alphabetic()) || id.starts_with("PNO");
        (1..=64).contains(&id.len()) && id.bytes().all(allowed) && !number
    }
}

/// `officer:desk-7`, as histories and audit events write it.
impl std::fmt::Display for AskedBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Service => f.write_str("service"),
            Self::Operator => f.write_str("operator"),
            Self::Officer(id) => write!(f, "officer:{id}"),
            Self::Agency(id) => write!(f, "agency:{id}"),
            Self::Holder(id) => write!(f, "holder:{id}"),
        }
    }
}

/// What the CA knows of a certificate's status at one time, for the validation of what was signed then (EN 319 102-1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusAt {
    pub at: Timestamp,
    pub state: CertificateState,
    /// Whether its validity was over at that time; a status is told all the same.
    pub expired: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum CertificateState {
    /// Not issued by this CA, or not yet.
    NotIssued,
    Good,
    Suspended {
        since: Timestamp,
    },
    /// `since` is the first moment it was not good, the suspension before included.
    Revoked {
        since: Timestamp,
        /// CRLReason of RFC 5280 section 5.3.1.
        reason: u8,
        /// invalidityDate: since when it is doubtful.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        invalid_since: Option<Timestamp>,
    },
}

/// The CA's answer about a certificate now, and at any time before.
#[async_trait]
pub trait CertificateStatus: Send + Sync + 'static {
    /// DER of an OCSPResponse (RFC 6960 section 4.2.1) for a request without nonce, signed within the last minute.
    async fn ocsp(&self, certificate: &[u8], issuer: &[u8]) -> Result<Vec<u8>, ContractError>;

    /// The status at `at`, which may lie as far back as one likes but not ahead. What is told about the last few seconds may
    /// still change: changes under way then bear an earlier time.
    async fn status_at(&self, serial: &[u8], at: Timestamp) -> Result<StatusAt, ContractError>;
}

/// The time-stamping authority (RFC 3161).
#[async_trait]
pub trait TimeStamping: Send + Sync + 'static {
    /// DER of a TimeStampResp for DER of a TimeStampReq.
    async fn time_stamp(&self, request: &[u8]) -> Result<Vec<u8>, ContractError>;
}

#[cfg(test)]
mod tests {
    use super::AskedBy;

    #[test]
    fn who_asked_is_a_reference_and_never_a_number() {
        for good in [
            "desk-7",
            "7f3a",
            "officer-1.backup",
            "11111111-1111-4111-8111-111111111111",
        ] {
            assert!(AskedBy::Officer(good.to_owned()).is_reference(), "{good}");
        }
        for bad in ["", "1234567892", "12-34", "PNOXK-1234567892", "Two Words", "ë", "a:b"] {
            assert!(!AskedBy::Holder(bad.to_owned()).is_reference(), "{bad}");
        }
        assert_eq!(AskedBy::Agency("a-1".to_owned()).to_string(), "agency:a-1");
    }
}
