//! What an HSM operation can end in, told apart by who has to act.

use serde::{Deserialize, Serialize};

/// Names only key labels and PKCS#11 return values; never a PIN or key material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum HsmError {
    // Passing: try again.
    #[error("the HSM queue is full; retry after {retry_after_ms} ms")]
    Overloaded { retry_after_ms: u64 },
    #[error("no answer from the HSM before the deadline")]
    Timeout,
    #[error("the HSM is away: {0}")]
    DeviceDown(String),
    // For the operator.
    #[error("the PIN was refused; no further login is tried until an operator acts")]
    PinLatched,
    #[error("HSM configuration: {0}")]
    Misconfigured(String),
    // The caller's fault.
    #[error("no key {0}")]
    KeyNotFound(String),
    #[error("more than one key {0}")]
    Ambiguous(String),
    #[error("key {0} exists already")]
    AlreadyExists(String),
    #[error("algorithm does not fit the key")]
    KeyTypeMismatch,
    #[error("a digest of {actual} octets where {expected} belong")]
    BadDigest { expected: usize, actual: usize },
    #[error("not supported by this module: {0}")]
    Unsupported(String),
    #[error("not allowed: {0}")]
    PolicyDenied(String),
    // Integrity: alarm.
    #[error("wrapped key refused: {0}")]
    BlobRejected(String),
    #[error("the module returned a signature that does not verify")]
    SelfCheckFailed,
    #[error("PKCS#11 {function}: {code}")]
    Pkcs11 { function: String, code: String },
}
