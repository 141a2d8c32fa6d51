//! What one service needs of another, as traits over plain data.
//!
//! `src/` chooses the implementation: in the same process today, HTTPS with mutual TLS when services move apart. Every call
//! that changes something carries an idempotency key: repeated with the same key it returns the first answer.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

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

    /// Revokes by serial number (big-endian octets), which no two of our CAs share. `reason` is a CRLReason of RFC 5280
    /// section 5.3.1. Revoking what is revoked changes nothing and succeeds.
    async fn revoke(&self, serial: &[u8], reason: u8) -> Result<(), ContractError>;
}

/// The CA's answer about a certificate now.
#[async_trait]
pub trait CertificateStatus: Send + Sync + 'static {
    /// DER of an OCSPResponse (RFC 6960 section 4.2.1) for a request without nonce, signed within the last minute.
    async fn ocsp(&self, certificate: &[u8], issuer: &[u8]) -> Result<Vec<u8>, ContractError>;
}

/// The time-stamping authority (RFC 3161).
#[async_trait]
pub trait TimeStamping: Send + Sync + 'static {
    /// DER of a TimeStampResp for DER of a TimeStampReq.
    async fn time_stamp(&self, request: &[u8]) -> Result<Vec<u8>, ContractError>;
}
