//! A WebAuthn assertion and its verification (W3C WebAuthn Level 3 section 7.2).

use serde::{Deserialize, Serialize};

/// What the browser's `navigator.credentials.get()` returned, decoded from base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion {
    pub credential_id: Vec<u8>,
    pub client_data_json: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
}

/// What a verified assertion proves besides possession of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// signCount; the caller stores it.
    pub counter: u32,
    pub backup_state: bool,
}

/// Why a gesture is refused. Codes are stable; none carries personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GestureError {
    #[error("malformed")]
    Malformed,
    #[error("another credential")]
    UnknownCredential,
    #[error("wrong type")]
    WrongType,
    #[error("wrong challenge")]
    WrongChallenge,
    #[error("wrong origin")]
    WrongOrigin,
    #[error("made in a cross-origin frame")]
    CrossOrigin,
    #[error("wrong relying party")]
    WrongRelyingParty,
    #[error("user not present")]
    UserNotPresent,
    #[error("user not verified")]
    UserNotVerified,
    #[error("signature counter went backwards")]
    CounterWentBackwards,
    #[error("unsupported algorithm")]
    UnsupportedAlgorithm,
    #[error("bad signature")]
    BadSignature,
}
