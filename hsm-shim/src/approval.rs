//! Two-person control: what changes or moves master keys is written down, approved by several officers' gestures, done once.
//!
//! A ceremony file says what is to be done. Its hash is what each officer's authenticator signs (WebAuthn, section 7.2 of
//! Level 3), so nobody approves anything else by it. The check belongs inside the process that holds the PKCS#11 session.

pub mod ceremony;
mod journal;
pub mod quorum;

pub use ceremony::{Approval, Ceremony, CeremonyFile, Deed};
pub use quorum::{Approved, Quorum};

use crate::error::HsmError;

/// Why a ceremony is refused. Names officers by their ids only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    #[error("ceremony file: {0}")]
    Malformed(String),
    #[error("the ceremony is for {written}, not for {asked}")]
    AnotherDeed { written: String, asked: String },
    #[error("the ceremony is for another token or key")]
    AnotherObject,
    #[error("the ceremony says another {0}")]
    AnotherDetail(String),
    #[error("the ceremony has expired")]
    Expired,
    #[error("a ceremony may be approved at most {0} hours ahead")]
    TooFarAhead(i64),
    #[error("{0} is not an officer of the pinned list")]
    UnknownOfficer(String),
    #[error("{0} has approved twice")]
    OfficerTwice(String),
    #[error("the approval of {officer} is not of this ceremony: {why}")]
    BadApproval { officer: String, why: String },
    #[error("{given} approvals where {needed} officers are needed")]
    TooFew { given: usize, needed: usize },
    #[error("this ceremony has been carried out before")]
    Spent,
    #[error("the list of officers: {0}")]
    Officers(String),
    #[error("the journal of ceremonies: {0}")]
    Journal(String),
}

impl From<ApprovalError> for HsmError {
    fn from(error: ApprovalError) -> Self {
        match error {
            ApprovalError::Officers(_) | ApprovalError::Journal(_) => Self::Misconfigured(error.to_string()),
            refused => Self::NeedsApproval(refused.to_string()),
        }
    }
}
