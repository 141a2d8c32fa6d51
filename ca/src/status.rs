//! Certificate status as an append-only history: revoke, suspend, reinstate (EN 319 411-1 section 6.2.4, L-03).

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::db::{RetryHint, Row};
use signum_core::{Cx, DbError, Timestamp, Tx, params};
use x509_cert::ext::pkix::CrlReason;

use crate::Service;
use crate::authority::AuthorityName;
use crate::blocked_key;
use crate::profile;

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
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Two changes of one certificate at a time take the same place in its history on PostgreSQL: who comes second reads the
/// history again.
impl RetryHint for StatusError {
    fn lost_a_race(&self) -> bool {
        matches!(self, Self::Db(error) if error.lost_a_race() || matches!(error, DbError::Duplicate { .. }))
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
enum Change {
    Revoked(CrlReason),
    Suspended,
    Reinstated,
}

impl Status {
    /// Reads a history in its order; what came later than the caller's query asked for is not in it.
    pub fn after(rows: &[Row]) -> Result<Self, DbError> {
        let mut status = Self::Good;
        for row in rows {
            let at: Timestamp = row.get("at")?;
            let change = Change::read(row)?;
            status = match (status, change) {
                (_, Change::Reinstated) => Self::Good,
                (Self::Revoked { since, .. }, Change::Revoked(reason)) => Self::Revoked { since, reason },
                (_, Change::Revoked(reason)) => Self::Revoked { since: at, reason },
                (_, Change::Suspended) => Self::Revoked {
                    since: at,
                    reason: CrlReason::CertificateHold,
                },
            };
        }
        Ok(status)
    }

    const fn is_final(self) -> bool {
        matches!(self, Self::Revoked { reason, .. } if !matches!(reason, CrlReason::CertificateHold))
    }
}

impl Change {
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

    const fn state(self) -> &'static str {
        match self {
            Self::Revoked(_) => "revoked",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
        }
    }

    const fn reason(self) -> i64 {
        match self {
            Self::Revoked(reason) => reason as i64,
            Self::Suspended => CrlReason::CertificateHold as i64,
            Self::Reinstated => 0,
        }
    }

    const fn event(self) -> &'static str {
        match self {
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

impl Service {
    /// Revokes for good. What is revoked stays as it is, and the call succeeds.
    pub async fn revoke_serial(&self, serial: &[u8], reason: u8) -> Result<(), StatusError> {
        let reason = reason_of(i64::from(reason)).ok_or(StatusError::Reason(reason))?;
        self.change(serial, Change::Revoked(reason)).await
    }

    /// Suspends a person's or an organisation's certificate until it is reinstated or revoked.
    pub async fn suspend(&self, serial: &[u8]) -> Result<(), StatusError> {
        self.change(serial, Change::Suspended).await
    }

    pub async fn reinstate(&self, serial: &[u8]) -> Result<(), StatusError> {
        self.change(serial, Change::Reinstated).await
    }

    async fn change(&self, serial: &[u8], change: Change) -> Result<(), StatusError> {
        let cx = &self.cx;
        cx.db
            .run("ca.status", |tx| async move { append(&tx, cx, serial, change).await })
            .await
    }

    /// The status of one of `issuer`'s serial numbers at `at`, now or in the past.
    pub(crate) async fn status_at(
        &self,
        issuer: AuthorityName,
        serial: &[u8],
        at: Timestamp,
    ) -> Result<Status, DbError> {
        let db = &self.cx.db;
        let issued = db
            .opt(
                "SELECT serial FROM certificate WHERE issuer = $1 AND serial = $2 AND certificate IS NOT NULL",
                params![issuer.as_str(), serial],
            )
            .await?
            .is_some();
        if !issued {
            return Ok(Status::Unissued);
        }
        let history = db
            .all(
                "SELECT state, reason, at FROM certificate_status WHERE issuer = $1 AND serial = $2 AND at <= $3 ORDER BY sequence",
                params![issuer.as_str(), serial, at],
            )
            .await?;
        Status::after(&history)
    }
}

async fn append(tx: &Tx, cx: &Cx, serial: &[u8], change: Change) -> Result<(), StatusError> {
    let found = tx
        .all(
            "SELECT issuer, profile, spki_sha256 FROM certificate WHERE serial = $1 AND certificate IS NOT NULL",
            params![serial],
        )
        .await?;
    let [row] = found.as_slice() else {
        return Err(if found.is_empty() {
            StatusError::NotIssued
        } else {
            StatusError::Ambiguous
        });
    };
    let issuer: String = row.get("issuer")?;
    let history = tx
        .all(
            "SELECT state, reason, at FROM certificate_status WHERE issuer = $1 AND serial = $2 ORDER BY sequence",
            params![&issuer, serial],
        )
        .await?;
    let now = Status::after(&history)?;
    let suspendable = profile::by_id(&row.get::<String>("profile")?).is_some_and(|profile| profile.suspendable);
    match (now, change) {
        (now, Change::Revoked(_)) if now.is_final() => return Ok(()),
        (_, Change::Revoked(_)) => {}
        (Status::Good, Change::Suspended) if suspendable => {}
        (
            Status::Revoked {
                reason: CrlReason::CertificateHold,
                ..
            },
            Change::Suspended,
        ) => return Ok(()),
        (
            Status::Revoked {
                reason: CrlReason::CertificateHold,
                ..
            },
            Change::Reinstated,
        ) => {}
        (Status::Good, Change::Reinstated) => return Ok(()),
        _ => return Err(StatusError::Transition),
    }
    let sequence = i64::try_from(history.len()).unwrap_or(i64::MAX).saturating_add(1);
    tx.exec(
        "INSERT INTO certificate_status (issuer, serial, sequence, state, reason, at) VALUES ($1, $2, $3, $4, $5, $6)",
        params![&issuer, serial, sequence, change.state(), change.reason(), cx.now()],
    )
    .await?;
    if change == Change::Revoked(CrlReason::KeyCompromise) {
        blocked_key::block(tx, cx, &row.get::<Vec<u8>>("spki_sha256")?, "key_compromise").await?;
    }
    let subject = format!("{issuer}:{}", hex::encode(serial));
    audit::record(
        tx,
        cx,
        &Event::new(change.event(), subject, json!({ "reason": change.reason() })),
    )
    .await?;
    Ok(())
}
