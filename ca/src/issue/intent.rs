//! Intents: whose they are, how long, and how those that nobody will finish are closed (L-02).
//!
//! Until an intent's time is over only the replica that made it ends it. After that, or when that replica starts anew, whoever
//! finds it closes it: a signature may have been made, so its serial number is revoked, never used again and never `good`.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, Timestamp, Tx, params};
use signum_hsm_shim::HsmError;
use signum_hsm_shim::error::Concern;

use super::{IssueError, Prepared};
use crate::Service;

/// Longer than linting and signing ever take: a replica that is silent for so long has crashed, or finds its intent closed.
pub(super) const LEASE: Duration = Duration::from_secs(120);

/// Intents closed in one go.
const BATCH: i64 = 200;

/// Why an intent was closed, as the audit event says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Its replica started anew, so it had crashed.
    Restart,
    /// Its time was over.
    Overdue,
    /// Its own replica could not finish it.
    Failed,
    /// The linter had refused it, and an own key's ceremony is held again.
    Refused,
}

/// One intent in the database.
#[derive(Clone, Debug)]
pub(super) struct IntentId {
    issuer: String,
    serial: Vec<u8>,
}

impl IntentId {
    pub fn of(prepared: &Prepared) -> Self {
        Self {
            issuer: prepared.issuer.name.as_str().to_owned(),
            serial: prepared.serial.clone(),
        }
    }

    pub fn read(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            issuer: row.get("issuer")?,
            serial: row.get("serial")?,
        })
    }

    /// Closes the intent if it is still open. `signed`: whether the HSM may have signed it; then it counts as revoked.
    pub async fn close(&self, tx: &Tx, cx: &Cx, cause: Cause, signed: bool) -> Result<bool, DbError> {
        let closed = tx
            .exec(
                "UPDATE certificate SET abandoned_at = $3
                 WHERE issuer = $1 AND serial = $2 AND certificate IS NULL AND abandoned_at IS NULL",
                params![&self.issuer, &self.serial, cx.now()],
            )
            .await?;
        if closed == 0 {
            return Ok(false);
        }
        if signed {
            tx.exec(
                "INSERT INTO certificate_status (issuer, serial, sequence, state, reason, at)
                 VALUES ($1, $2, 1, 'revoked', 0, $3)",
                params![&self.issuer, &self.serial, cx.now()],
            )
            .await?;
        }
        let subject = format!("{}:{}", self.issuer, hex::encode(&self.serial));
        let detail = json!({ "cause": cause.as_str(), "may_be_signed": signed });
        audit::record(tx, cx, &Event::new("certificate.intent_abandoned", subject, detail)).await?;
        Ok(true)
    }

    /// After `error` on the way from the intent to the certificate. What cannot be closed now is closed when it is overdue.
    pub async fn give_up(&self, service: &Service, error: &IssueError) {
        let cx = &service.cx;
        if let IssueError::Hsm(error) = error {
            service
                .hsm_in_doubt
                .store(error.concern() != Concern::Caller, Ordering::Relaxed);
        }
        let signed = !matches!(error, IssueError::Hsm(error) if is_surely_unsigned(error));
        let closed = cx.db.run("ca.give_up", |tx| async move {
            self.close(&tx, cx, Cause::Failed, signed).await
        });
        match closed.await {
            Ok(true) => self.report(Cause::Failed),
            Ok(false) => {}
            Err(problem) => tracing::error!(%problem, "an intent stays open until it is overdue"),
        }
    }

    fn report(&self, cause: Cause) {
        let (issuer, serial) = (self.issuer.as_str(), hex::encode(&self.serial));
        tracing::warn!(
            issuer,
            serial,
            cause = cause.as_str(),
            "an intent without a certificate was closed"
        );
        metrics::counter!("ca_intents_abandoned_total", "cause" => cause.as_str()).increment(1);
    }
}

impl Cause {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Overdue => "overdue",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}

/// Whether nothing was signed for certain. A worker that is away may have been asked before it went.
fn is_surely_unsigned(error: &HsmError) -> bool {
    match error {
        HsmError::Overloaded { .. }
        | HsmError::Timeout { maybe_executed: false }
        | HsmError::Misconfigured(_)
        | HsmError::KeyNotFound(_)
        | HsmError::Ambiguous(_)
        | HsmError::KeyTypeMismatch
        | HsmError::BadDigest { .. }
        | HsmError::Unsupported(_)
        | HsmError::PolicyDenied(_)
        | HsmError::NeedsApproval(_) => true,
        HsmError::Timeout { maybe_executed: true }
        | HsmError::DeviceDown { .. }
        | HsmError::PinLatched
        | HsmError::SessionLost(_)
        | HsmError::AlreadyExists(_)
        | HsmError::BlobRejected(_)
        | HsmError::SelfCheckFailed
        | HsmError::PublicKeyMismatch(_)
        | HsmError::Pkcs11 { .. } => false,
    }
}

impl Service {
    /// After a failure of the HSM: nothing is reserved until it is well again, or every attempt would leave a revoked serial
    /// number.
    pub(super) async fn hsm_is_there(&self) -> Result<(), HsmError> {
        if self.hsm_in_doubt.load(Ordering::Relaxed) {
            self.hsm.health().await?;
            self.hsm_in_doubt.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Closes what an earlier process of this replica, which a crash ended, left between intent and certificate, and what is
    /// overdue of others. To be called once, before anything is issued. Returns how many intents were closed.
    pub async fn close_left_intents(&self) -> Result<u32, IssueError> {
        let own = self
            .close_found(
                Cause::Restart,
                "SELECT issuer, serial FROM certificate WHERE certificate IS NULL AND refusal IS NULL AND abandoned_at IS NULL
                     AND intent_of = $1 LIMIT $2",
                || params![self.replica.id, BATCH],
            )
            .await?;
        Ok(own + self.close_overdue_intents().await?)
    }

    /// Closes the intents of any replica whose time is over.
    pub(crate) async fn close_overdue_intents(&self) -> Result<u32, IssueError> {
        self.close_found(
            Cause::Overdue,
            "SELECT issuer, serial FROM certificate WHERE certificate IS NULL AND refusal IS NULL AND abandoned_at IS NULL
                 AND (intent_until IS NULL OR intent_until <= $1) LIMIT $2",
            || params![self.cx.now(), BATCH],
        )
        .await
    }

    async fn close_found(
        &self,
        cause: Cause,
        find: &'static str,
        params: impl Fn() -> Vec<signum_core::db::Value>,
    ) -> Result<u32, IssueError> {
        let cx = &self.cx;
        let mut closed = 0;
        loop {
            let found = cx.db.all(find, params()).await?;
            if found.is_empty() {
                return Ok(closed);
            }
            for row in &found {
                let intent = &IntentId::read(row)?;
                let ended = cx.db.run("ca.close_intent", |tx| async move {
                    intent.close(&tx, cx, cause, true).await
                });
                if ended.await? {
                    intent.report(cause);
                    closed += 1;
                }
            }
        }
    }
}

/// The end of an intent that is made now.
pub(super) fn lease_from(now: Timestamp) -> Timestamp {
    now.plus(LEASE)
}
