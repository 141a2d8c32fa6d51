//! Audit events of status changes that the log did not take: written when it is back.
//!
//! Suspension and revocation never wait for the log. The history has the change; what is owed stands beside it, and goes away in
//! the transaction that writes the event.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, Timestamp, Tx, params};

use super::change::{detail, subject_id};
use super::{Change, Status, StatusError};
use crate::Service;

/// Events written in one transaction.
const BATCH: i64 = 256;

/// Keeps that the event of an entry is to be written.
pub(crate) async fn owe(tx: &Tx, issuer: &str, serial: &[u8], sequence: i64) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO status_event_owed (issuer, serial, sequence) VALUES ($1, $2, $3)",
        params![issuer, serial, sequence],
    )
    .await?;
    Ok(())
}

impl Service {
    /// Writes the audit events that status changes owe; tells how many. An error means that the log is still not there.
    pub async fn record_owed_events(&self) -> Result<u64, StatusError> {
        let cx = &self.cx;
        let mut recorded = 0;
        loop {
            let batch = cx.db.run("ca.status_owed", |tx| async move { settle(&tx, cx).await });
            match batch.await? {
                0 => return Ok(recorded),
                some => recorded += some,
            }
        }
    }
}

async fn settle(tx: &Tx, cx: &Cx) -> Result<u64, StatusError> {
    let owed = tx
        .all(
            "SELECT s.issuer, s.serial, s.sequence, s.state, s.reason, s.at, s.asked_by, s.action
             FROM status_event_owed o JOIN certificate_status s
                 ON s.issuer = o.issuer AND s.serial = o.serial AND s.sequence = o.sequence
             ORDER BY s.at, s.issuer, s.serial, s.sequence LIMIT $1",
            params![BATCH],
        )
        .await?;
    let mut recorded = 0;
    for row in &owed {
        let (issuer, serial): (String, Vec<u8>) = (row.get("issuer")?, row.get("serial")?);
        let sequence: i64 = row.get("sequence")?;
        let mine = tx
            .exec(
                "DELETE FROM status_event_owed WHERE issuer = $1 AND serial = $2 AND sequence = $3",
                params![&issuer, &serial, sequence],
            )
            .await?;
        if mine == 1 {
            let event = event(tx, row, &issuer, &serial, sequence).await?;
            audit::record(tx, cx, &event).await.map_err(StatusError::Audit)?;
            recorded += 1;
        }
    }
    Ok(recorded)
}

/// The event as it would have been, with the time of the change: the event's own time is that of its writing.
async fn event(tx: &Tx, row: &Row, issuer: &str, serial: &[u8], sequence: i64) -> Result<Event, DbError> {
    let before = tx
        .all(
            "SELECT state, reason, at FROM certificate_status
             WHERE issuer = $1 AND serial = $2 AND sequence < $3 ORDER BY sequence",
            params![issuer, serial, sequence],
        )
        .await?;
    let change = Change::read(row)?;
    let asked_by: Option<String> = row.get("asked_by")?;
    let action: Option<Vec<u8>> = row.get("action")?;
    let mut detail = detail(change, asked_by.as_deref().unwrap_or_default(), action.as_deref());
    if let Some(members) = detail.as_object_mut() {
        members.insert("changed_at".to_owned(), json!(row.get::<Timestamp>("at")?.to_string()));
    }
    let kind = change.event(Status::after(&before)?);
    Ok(Event::new(kind, subject_id(issuer, serial), detail))
}
