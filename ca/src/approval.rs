//! Four eyes (S-02): what one officer asks for, another one agrees to, and is done once.
//!
//! Both make a gesture over the request's hash, each in a domain of its own. That they are two is the database's business as
//! well as ours (`migrations/ca/0005_officers.sql`); whose gestures they are is verified again when the approval is spent, so
//! rows that somebody wrote open nothing. A change of the officers themselves is more: [`crate::officer`].

mod flow;
mod request;
mod service;
mod settings;
pub(crate) mod spend;
#[cfg(test)]
mod tests;

use signum_core::{DbError, retry_on_db_conflict};

use crate::officer::store::OfficersError;
use crate::officer::{OfficerError, OfficerList, Role};

pub use flow::Waiting;
pub use request::{ApprovalRequest, Kind};
pub use settings::SettingsError;
pub use spend::Approved;

/// Why something is not asked for, not agreed to, or not done. Names officers by their ids only.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    #[error(transparent)]
    Officers(#[from] OfficersError),
    #[error(transparent)]
    Officer(#[from] OfficerError),
    #[error("{officer} may not do this for a {kind}")]
    NoRole { officer: String, kind: Kind },
    #[error("the request: {0}")]
    Malformed(&'static str),
    #[error("no such request")]
    Unknown,
    #[error("who asked for it does not approve it")]
    SelfApproval,
    #[error("{0} has approved it already")]
    Twice(String),
    #[error("the request is over")]
    Expired,
    #[error("the request was used before")]
    Spent,
    #[error("nobody asked for it: a {0} needs a request and another officer's approval")]
    NotAsked(Kind),
    #[error("no other officer has approved it")]
    NotApproved,
    #[error("a stored gesture or request is not what its officer made")]
    Forged,
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(ApprovalError);

impl ApprovalError {
    /// Stable name, for audit and problems.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Officers(_) => "no_officers",
            Self::Officer(OfficerError::Unknown(_)) => "unknown_officer",
            Self::Officer(OfficerError::Role { .. }) | Self::NoRole { .. } => "no_role",
            Self::Officer(OfficerError::Gesture { .. }) => "gesture_refused",
            Self::Malformed(_) => "malformed",
            Self::Unknown => "unknown_request",
            Self::SelfApproval => "self_approval",
            Self::Twice(_) => "approved_twice",
            Self::Expired => "expired",
            Self::Spent => "spent",
            Self::NotAsked(_) => "not_asked",
            Self::NotApproved => "not_approved",
            Self::Forged => "forged",
            Self::Db(_) => "database",
        }
    }
}

/// One of the roles that may do it, had by `officer`.
pub(crate) fn role(list: &OfficerList, officer: &str, kind: Kind, roles: &[Role]) -> Result<Role, ApprovalError> {
    let listed = list
        .find(officer)
        .ok_or_else(|| OfficerError::Unknown(officer.to_owned()))?;
    let had = roles.iter().copied().find(|role| listed.roles.contains(role));
    had.ok_or_else(|| ApprovalError::NoRole {
        officer: officer.to_owned(),
        kind,
    })
}
