//! The transaction that changes one certificate's status: history, blocked key and audit event together.

use serde_json::{Map, Value, json};
use signum_core::audit::{self, Event};
use signum_core::contract::StatusChange;
use signum_core::{Cx, Timestamp, Tx, params};
use x509_cert::ext::pkix::CrlReason;

use super::{Change, Status, StatusError, owe, reference};
use crate::approval::{Kind, spend::spend};
use crate::profile::{self, Profile};
use crate::{Service, blocked_key, ocsp};

/// What is asked for, checked.
struct Entry<'a> {
    change: Change,
    asked_by: &'a str,
    invalid_since: Option<Timestamp>,
}

/// The certificate whose status changes.
struct Subject {
    issuer: String,
    serial: Vec<u8>,
    spki_sha256: Vec<u8>,
    suspendable: bool,
    is_authority: bool,
}

/// What allows a change.
pub(crate) enum Permission {
    /// Everything but the revocation of an authority.
    Ordinary,
    /// Two officers agreed to this (SHA-256): used up in the transaction of the change.
    Approved([u8; 32]),
}

/// How the event of a change is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Recording {
    /// With the change.
    Now,
    /// Later, since the log did not take it.
    Owed,
}

impl Service {
    /// Revokes, suspends or reinstates. When the audit log cannot take the event the change is made all the same, and the event
    /// is written when the log is back.
    pub async fn change(&self, change: &StatusChange) -> Result<(), StatusError> {
        self.change_with(change, &Permission::Ordinary).await
    }

    pub(super) async fn change_with(&self, change: &StatusChange, permission: &Permission) -> Result<(), StatusError> {
        let asked_by = &reference(&change.asked_by)?;
        let entry = &Entry {
            change: Change::of(change.action)?,
            asked_by,
            invalid_since: change.invalid_since,
        };
        if change.invalid_since.is_some_and(|since| since > self.cx.now()) {
            return Err(StatusError::InvalidSince);
        }
        match self.try_change(&change.serial, entry, permission, Recording::Now).await {
            Err(StatusError::Audit(error)) => {
                tracing::error!(%error, "the audit log does not take a status change; its event is owed");
                metrics::counter!("ca_status_events_owed_total").increment(1);
                self.try_change(&change.serial, entry, permission, Recording::Owed)
                    .await
            }
            other => other,
        }
    }

    async fn try_change(
        &self,
        serial: &[u8],
        entry: &Entry<'_>,
        permission: &Permission,
        how: Recording,
    ) -> Result<(), StatusError> {
        let (cx, pin) = (&self.cx, &self.config.officers());
        let run = cx.db.run("ca.status", |tx| async move {
            let subject = Subject::find(&tx, serial).await?;
            let officer = match permission {
                Permission::Ordinary if subject.is_authority => return Err(StatusError::NeedsApproval),
                Permission::Ordinary => None,
                Permission::Approved(hash) => {
                    let approved = spend(&tx, cx, pin.as_ref(), Kind::CaRevocation, hash).await?;
                    Some(format!("officer:{}", approved.requester()))
                }
            };
            let entry = Entry {
                asked_by: officer.as_deref().unwrap_or(entry.asked_by),
                ..*entry
            };
            append(&tx, cx, &subject, &entry, how).await
        });
        run.await?;
        self.ocsp.status_changed();
        Ok(())
    }
}

impl Subject {
    async fn find(tx: &Tx, serial: &[u8]) -> Result<Self, StatusError> {
        let found = tx
            .all(
                "SELECT issuer, profile, spki_sha256 FROM certificate WHERE serial = $1 AND certificate IS NOT NULL",
                params![serial],
            )
            .await?;
        match found.as_slice() {
            [row] => {
                let profile = profile::by_id(&row.get::<String>("profile")?);
                Ok(Self {
                    issuer: row.get("issuer")?,
                    serial: serial.to_vec(),
                    spki_sha256: row.get("spki_sha256")?,
                    suspendable: profile.is_some_and(|p| p.suspendable),
                    is_authority: profile.is_some_and(Profile::is_authority),
                })
            }
            [] => Err(StatusError::NotIssued),
            _ => Err(StatusError::Ambiguous),
        }
    }
}

async fn append(tx: &Tx, cx: &Cx, subject: &Subject, entry: &Entry<'_>, how: Recording) -> Result<(), StatusError> {
    let Subject { issuer, serial, .. } = subject;
    if subject.is_authority {
        ocsp::authority_fell(tx, issuer, serial, cx.now()).await?;
    }
    let history = tx
        .all(
            "SELECT state, reason, at FROM certificate_status WHERE issuer = $1 AND serial = $2 ORDER BY sequence",
            params![issuer, serial],
        )
        .await?;
    let (before, change) = (Status::after(&history)?, entry.change);
    let takes = before.takes(change, subject.suspendable)?;
    if change == Change::Revoked(CrlReason::KeyCompromise) {
        blocked_key::block(tx, cx, &subject.spki_sha256, "key_compromise").await?;
    }
    if !takes {
        return Ok(());
    }
    // Another replica's clock may be ahead: a history's times never go back.
    let last = history.last().map(|row| row.get::<Timestamp>("at")).transpose()?;
    let at = last.map_or(cx.now(), |last| last.max(cx.now()));
    let sequence = i64::try_from(history.len()).unwrap_or(i64::MAX).saturating_add(1);
    tx.exec(
        "INSERT INTO certificate_status (issuer, serial, sequence, state, reason, at, asked_by, invalid_since)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            issuer,
            serial,
            sequence,
            change.state(),
            change.reason(),
            at,
            entry.asked_by,
            entry.invalid_since
        ],
    )
    .await?;
    match how {
        Recording::Owed => Ok(owe(tx, issuer, serial, sequence).await?),
        Recording::Now => {
            let kind = change.event(before);
            let event = Event::new(kind, subject_id(issuer, serial), detail(change, entry.asked_by, None));
            audit::record(tx, cx, &event).await.map_err(StatusError::Audit)
        }
    }
}

/// `qsig:01ab…`, what audit events call a certificate.
pub(crate) fn subject_id(issuer: &str, serial: &[u8]) -> String {
    format!("{issuer}:{}", hex::encode(serial))
}

/// What an audit event of a change tells; `action` is the bulk action it is part of.
pub(crate) fn detail(change: Change, asked_by: &str, action: Option<&[u8]>) -> Value {
    let mut detail = Map::new();
    detail.insert("reason".to_owned(), json!(change.reason()));
    detail.insert("asked_by".to_owned(), json!(asked_by));
    if let Some(action) = action {
        detail.insert("action".to_owned(), json!(hex::encode(action)));
    }
    Value::Object(detail)
}
