//! Why a desk does not get what it asks for. Names officers by ids, never the person that a request is about.

use signum_core::{DbError, retry_on_db_conflict};

use super::applicant::EvidenceKind;
use crate::caa::CaaError;
use crate::issue::IssueError;
use crate::officer::{OfficerError, OfficersError};
use crate::status::StatusError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistrationError {
    #[error("not logged in")]
    NotLoggedIn,
    /// Wrong officer, gesture, challenge: the caller is not told which.
    #[error("log-in: {0}")]
    LogIn(&'static str),
    #[error(transparent)]
    Officers(#[from] OfficersError),
    #[error("{0}")]
    Malformed(&'static str),
    #[error("the header Idempotency-Key is missing or longer than 128 characters")]
    IdempotencyKey,
    #[error("this idempotency key came with another request before")]
    IdempotencyMismatch,
    #[error("the request names another officer than the one who is logged in")]
    OtherOfficer,
    #[error("the officer does not have this role at this desk")]
    NotOfDesk,
    #[error("the gesture: {0}")]
    Gesture(String),
    #[error("made_at is not now")]
    Stale,
    #[error("this request was made before")]
    Replayed,
    #[error("evidence is missing: {0:?}")]
    Evidence(EvidenceKind),
    #[error("who made the request does not approve it")]
    SelfApproval,
    #[error("not possible in the request's present state")]
    State,
    #[error("the request waited too long")]
    Expired,
    #[error("no such request")]
    NotFound,
    #[error("desks do not change the status of such a certificate")]
    NotForDesks,
    #[error("the stored request is not what its officer signed")]
    Forged,
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Status(#[from] StatusError),
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(RegistrationError);

impl From<OfficerError> for RegistrationError {
    fn from(error: OfficerError) -> Self {
        match error {
            OfficerError::Unknown(_) | OfficerError::Role { .. } => Self::NotOfDesk,
            OfficerError::Gesture { why, .. } => Self::Gesture(why),
        }
    }
}

impl RegistrationError {
    /// Stable name, for audit and problems.
    pub fn code(&self) -> &str {
        match self {
            Self::NotLoggedIn => "not_logged_in",
            Self::LogIn(_) => "login_refused",
            Self::Officers(_) => "no_officers",
            Self::Malformed(_) => "malformed",
            Self::IdempotencyKey => "idempotency_key",
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::OtherOfficer => "other_officer",
            Self::NotOfDesk => "not_of_desk",
            Self::Gesture(_) => "gesture_refused",
            Self::Stale => "stale",
            Self::Replayed => "replayed",
            Self::Evidence(_) => "evidence_missing",
            Self::SelfApproval => "self_approval",
            Self::State => "state",
            Self::Expired => "expired",
            Self::NotFound => "not_found",
            Self::NotForDesks => "not_for_desks",
            Self::Forged => "forged",
            Self::Issue(IssueError::Refused { code, .. }) => code,
            Self::Issue(IssueError::Lint(_)) => "lint",
            Self::Issue(IssueError::Caa(error)) => error.code(),
            Self::Issue(_) => "ca_away",
            Self::Status(StatusError::NotIssued) => "not_issued",
            Self::Status(StatusError::Db(_) | StatusError::Audit(_)) | Self::Db(_) => "unavailable",
            Self::Status(_) => "status_refused",
        }
    }

    /// Whether asking again later may help.
    pub fn is_ours(&self) -> bool {
        match self {
            Self::Issue(error) => !matches!(
                error,
                IssueError::Refused { .. } | IssueError::Lint(_) | IssueError::Caa(CaaError::Forbidden { .. })
            ),
            Self::Status(error) => matches!(error, StatusError::Db(_) | StatusError::Audit(_)),
            Self::Db(_) | Self::Officers(_) | Self::Forged => true,
            _ => false,
        }
    }
}
