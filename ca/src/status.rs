//! Certificate status as an append-only history: revoke, suspend, reinstate (EN 319 411-1 section 6.2.4, L-03).

mod authority;
mod change;
mod look;
mod owed;

use signum_core::contract::{AskedBy, StatusAction};
use signum_core::db::{RetryHint, Row};
use signum_core::{DbError, Timestamp};
use x509_cert::ext::pkix::CrlReason;

use crate::approval::ApprovalError;

pub use authority::{AuthorityRevocation, authority_revocation};
pub(crate) use change::{detail, subject_id};
pub use look::HistoryEntry;
pub(crate) use look::routes;
pub(crate) use owed::owe;

/// Why a status was not changed.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    #[error("no such certificate")]
    NotIssued,
    #[error("{0} is not a reason for which a certificate is revoked")]
    Reason(u8),
    #[error("more than one certificate has this serial number")]
    Ambiguous,
    #[error("not possible from the present status, or not for this kind of certificate")]
    Transition,
    #[error("an authority is revoked with the approval of two officers")]
    NeedsApproval,
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    #[error("a root is on no list of its own: it is withdrawn from the lists of those who trust it")]
    Root,
    #[error("that is decided already: hold the ceremony of kind revoke")]
    Decided,
    #[error("who asked is not a reference")]
    AskedBy,
    #[error("it cannot be doubtful since a time to come")]
    InvalidSince,
    /// The audit log does not take the event; a change is stored all the same and its event owed.
    #[error("the audit log: {0}")]
    Audit(#[source] DbError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Two changes of one certificate at a time take the same place in its history on PostgreSQL: who comes second reads the
/// history again.
impl RetryHint for StatusError {
    fn lost_a_race(&self) -> bool {
        match self {
            Self::Db(error) => error.lost_a_race() || matches!(error, DbError::Duplicate { .. }),
            Self::Audit(error) => error.lost_a_race(),
            Self::Approval(error) => error.lost_a_race(),
            _ => false,
        }
    }
}

/// What is known of a serial number at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Never made, or only intended.
    Unissued,
    Good,
    /// Suspended (reason certificateHold) or revoked. `since` is the first moment it was not good, suspension included.
    Revoked {
        since: Timestamp,
        reason: CrlReason,
    },
}

/// One entry of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Revoked(CrlReason),
    Suspended,
    Reinstated,
}

impl Status {
    /// Reads a history in its order; what came later than the caller's query asked for is not in it.
    pub fn after(rows: &[Row]) -> Result<Self, DbError> {
        let mut status = Self::Good;
        for row in rows {
            status = status.then(Change::read(row)?, row.get("at")?);
        }
        Ok(status)
    }

    fn then(self, change: Change, at: Timestamp) -> Self {
        match (self, change) {
            (_, Change::Reinstated) => Self::Good,
            (Self::Revoked { since, .. }, Change::Revoked(reason)) => Self::Revoked { since, reason },
            (_, Change::Revoked(reason)) => Self::Revoked { since: at, reason },
            (_, Change::Suspended) => Self::Revoked {
                since: at,
                reason: CrlReason::CertificateHold,
            },
        }
    }

    /// Whether `change` makes an entry; `Ok(false)` when it is so already.
    pub fn takes(self, change: Change, suspendable: bool) -> Result<bool, StatusError> {
        let reason = match self {
            Self::Unissued => return Err(StatusError::NotIssued),
            Self::Good => None,
            Self::Revoked { reason, .. } => Some(reason),
        };
        match (reason, change) {
            (None | Some(CrlReason::CertificateHold), Change::Revoked(_)) => Ok(true),
            // Known later, it takes the place of the other reason: relying parties act upon it.
            (Some(known), Change::Revoked(CrlReason::KeyCompromise)) => Ok(known != CrlReason::KeyCompromise),
            (Some(_), Change::Revoked(_)) => Ok(false),
            (None, Change::Suspended) if suspendable => Ok(true),
            (Some(CrlReason::CertificateHold), Change::Suspended) => Ok(false),
            (Some(CrlReason::CertificateHold), Change::Reinstated) => Ok(true),
            (None, Change::Reinstated) => Ok(false),
            (_, Change::Suspended | Change::Reinstated) => Err(StatusError::Transition),
        }
    }

    pub const fn is_final(self) -> bool {
        matches!(self, Self::Revoked { reason, .. } if !matches!(reason, CrlReason::CertificateHold))
    }
}

/// Since when, as last said, a certificate that its history leaves revoked was doubtful (RFC 5280 section 5.3.2).
pub(crate) fn doubtful_since(history: &[Row]) -> Result<Option<Timestamp>, DbError> {
    let mut since: Option<Timestamp> = None;
    for row in history {
        since = match Change::read(row)? {
            Change::Reinstated => None,
            Change::Revoked(_) | Change::Suspended => row.get::<Option<Timestamp>>("invalid_since")?.or(since),
        };
    }
    Ok(since)
}

impl Change {
    pub fn of(action: StatusAction) -> Result<Self, StatusError> {
        match action {
            StatusAction::Revoke { reason } => reason_of(i64::from(reason))
                .map(Self::Revoked)
                .ok_or(StatusError::Reason(reason)),
            StatusAction::Suspend => Ok(Self::Suspended),
            StatusAction::Reinstate => Ok(Self::Reinstated),
        }
    }

    pub const fn action(self) -> StatusAction {
        match self {
            Self::Revoked(reason) => StatusAction::Revoke { reason: reason as u8 },
            Self::Suspended => StatusAction::Suspend,
            Self::Reinstated => StatusAction::Reinstate,
        }
    }

    fn read(row: &Row) -> Result<Self, DbError> {
        let impossible = |column: &str| DbError::Column {
            column: column.to_owned(),
            problem: "has an impossible value".to_owned(),
        };
        let reason: i64 = row.get("reason")?;
        match row.get::<String>("state")?.as_str() {
            "revoked" => reason_of(reason).map(Self::Revoked).ok_or_else(|| impossible("reason")),
            "suspended" => Ok(Self::Suspended),
            "reinstated" => Ok(Self::Reinstated),
            _ => Err(impossible("state")),
        }
    }

    pub const fn state(self) -> &'static str {
        match self {
            Self::Revoked(_) => "revoked",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
        }
    }

    pub const fn reason(self) -> i64 {
        match self {
            Self::Revoked(reason) => reason as i64,
            Self::Suspended => CrlReason::CertificateHold as i64,
            Self::Reinstated => 0,
        }
    }

    /// The audit event's kind; `before` is what the certificate was.
    pub const fn event(self, before: Status) -> &'static str {
        match self {
            Self::Revoked(_) if before.is_final() => "certificate.reason_changed",
            Self::Revoked(_) => "certificate.revoked",
            Self::Suspended => "certificate.suspended",
            Self::Reinstated => "certificate.reinstated",
        }
    }
}

/// Final reasons (RFC 5280 section 5.3.1): hold and removal have their own ways, aACompromise is of another trade.
fn reason_of(code: i64) -> Option<CrlReason> {
    Some(match code {
        0 => CrlReason::Unspecified,
        1 => CrlReason::KeyCompromise,
        2 => CrlReason::CaCompromise,
        3 => CrlReason::AffiliationChanged,
        4 => CrlReason::Superseded,
        5 => CrlReason::CessationOfOperation,
        9 => CrlReason::PrivilegeWithdrawn,
        _ => return None,
    })
}

/// Who asked, as the history writes it.
pub(crate) fn reference(asked_by: &AskedBy) -> Result<String, StatusError> {
    match asked_by.is_reference() {
        true => Ok(asked_by.to_string()),
        false => Err(StatusError::AskedBy),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::profile;

    #[test]
    fn only_certificates_of_people_and_organisations_are_suspended() {
        let suspendable: Vec<_> = profile::ALL.iter().filter(|p| p.suspendable).map(|p| p.id).collect();
        assert_eq!(
            suspendable,
            [
                "citizen-authentication",
                "citizen-signature",
                "official-signature",
                "organization-seal"
            ]
        );
    }

    #[test]
    fn every_step_from_every_status_is_decided() {
        let held = Status::Good.then(Change::Suspended, Timestamp(1));
        let gone = Status::Good.then(Change::Revoked(CrlReason::Superseded), Timestamp(1));
        let stolen = Status::Good.then(Change::Revoked(CrlReason::KeyCompromise), Timestamp(1));
        let (superseded, compromised) = (
            Change::Revoked(CrlReason::Superseded),
            Change::Revoked(CrlReason::KeyCompromise),
        );
        let table = [
            (Status::Good, superseded, Some(true)),
            (Status::Good, Change::Suspended, Some(true)),
            (Status::Good, Change::Reinstated, Some(false)),
            (held, superseded, Some(true)),
            (held, Change::Suspended, Some(false)),
            (held, Change::Reinstated, Some(true)),
            (gone, superseded, Some(false)),
            (gone, compromised, Some(true)),
            (gone, Change::Suspended, None),
            (gone, Change::Reinstated, None),
            (stolen, compromised, Some(false)),
            (stolen, superseded, Some(false)),
            (Status::Unissued, superseded, None),
        ];
        for (status, change, expected) in table {
            assert_eq!(status.takes(change, true).ok(), expected, "{status:?} {change:?}");
        }
        assert!(Status::Good.takes(Change::Suspended, false).is_err());
    }

    #[test]
    fn a_revocation_keeps_the_date_of_the_suspension_before_and_of_the_first_reason() {
        let (at, later) = (Timestamp(1), Timestamp(2));
        let held = Status::Good.then(Change::Suspended, at);
        let revoked = held.then(Change::Revoked(CrlReason::Superseded), later);
        let worse = revoked.then(Change::Revoked(CrlReason::KeyCompromise), Timestamp(3));
        let reason = CrlReason::KeyCompromise;
        assert_eq!(worse, Status::Revoked { since: at, reason });
    }
}
