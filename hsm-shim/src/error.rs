//! What an HSM operation can end in, told apart by who has to act.

use serde::{Deserialize, Serialize};

/// Names only key labels and PKCS#11 return values; never a PIN or key material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum HsmError {
    // Passing: try again.
    /// The token's queue is full. The time is estimated from the rate measured last.
    #[error("the HSM queue is full; retry after {retry_after_ms} ms")]
    Overloaded { retry_after_ms: u64 },
    /// `maybe_executed` is false when the request was still queueing: nothing has happened then.
    #[error("no answer from the HSM before the deadline")]
    Timeout { maybe_executed: bool },
    /// The module lost the session twice in a row; another attempt may find it whole.
    #[error("the module lost the session: {0}")]
    SessionLost(String),
    /// No worker serves. `down_ms`: for how long already, as far as the supervisor has seen it.
    #[error("the HSM is away for {down_ms} ms: {why}")]
    DeviceDown { why: String, down_ms: u64 },
    // For the operator.
    #[error("the PIN was refused; no login is tried before it is mended and `signum hsm unlatch` says so")]
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
    /// Right, but not without the approvals of enough distinct officers.
    #[error("needs the officers' approval: {0}")]
    NeedsApproval(String),
    // Integrity: alarm.
    #[error("wrapped key refused: {0}")]
    BlobRejected(String),
    #[error("the module returned a signature that does not verify")]
    SelfCheckFailed,
    /// The token's key of this label is not the one that was expected, or a new one that a fresh process cannot use.
    #[error("key {0} is not the expected one")]
    PublicKeyMismatch(String),
    #[error("PKCS#11 {function}: {code}")]
    Pkcs11 { function: String, code: String },
}

/// Who has to act on an [`HsmError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Nobody: it passes.
    Passing,
    Operator,
    Caller,
    /// A key, a blob or a signature is not what it must be: raise an alarm, use the key no more.
    Integrity,
}

impl HsmError {
    /// Away, not known since when.
    pub fn down(why: impl Into<String>) -> Self {
        Self::DeviceDown {
            why: why.into(),
            down_ms: 0,
        }
    }

    pub fn concern(&self) -> Concern {
        match self {
            Self::Overloaded { .. } | Self::Timeout { .. } | Self::SessionLost(_) | Self::DeviceDown { .. } => {
                Concern::Passing
            }
            Self::PinLatched | Self::Misconfigured(_) | Self::Pkcs11 { .. } => Concern::Operator,
            Self::KeyNotFound(_)
            | Self::Ambiguous(_)
            | Self::AlreadyExists(_)
            | Self::KeyTypeMismatch
            | Self::BadDigest { .. }
            | Self::Unsupported(_)
            | Self::PolicyDenied(_)
            | Self::NeedsApproval(_) => Concern::Caller,
            Self::BlobRejected(_) | Self::SelfCheckFailed | Self::PublicKeyMismatch(_) => Concern::Integrity,
        }
    }

    /// A short stable name, for metrics; PKCS#11 errors go by their code.
    pub fn kind(&self) -> String {
        let name = match self {
            Self::Overloaded { .. } => "overloaded",
            Self::Timeout { .. } => "timeout",
            Self::SessionLost(_) => "session_lost",
            Self::DeviceDown { .. } => "device_down",
            Self::PinLatched => "pin_latched",
            Self::Misconfigured(_) => "misconfigured",
            Self::KeyNotFound(_) => "key_not_found",
            Self::Ambiguous(_) => "ambiguous",
            Self::AlreadyExists(_) => "already_exists",
            Self::KeyTypeMismatch => "key_type_mismatch",
            Self::BadDigest { .. } => "bad_digest",
            Self::Unsupported(_) => "unsupported",
            Self::PolicyDenied(_) => "policy_denied",
            Self::NeedsApproval(_) => "needs_approval",
            Self::BlobRejected(_) => "blob_rejected",
            Self::SelfCheckFailed => "self_check_failed",
            Self::PublicKeyMismatch(_) => "public_key_mismatch",
            Self::Pkcs11 { code, .. } => return format!("ckr_{code}"),
        };
        name.to_owned()
    }
}
