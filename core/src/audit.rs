//! Audit events: inserted by the transaction whose deed they record, put in order afterwards by one sequencer.
//!
//! A transaction inserts its events without an index, so writers never queue behind each other; the leased sequencer gives
//! indexes and RFC 6962 leaf hashes within a second. A leaf covers salted hashes, never personal data: the salt lives in the
//! row, so erasing the row's detail and salt leaves the log verifiable. The sequencer also signs checkpoints, with a key in
//! an HSM: who can write to the database still cannot change what was signed without its showing in [`Log::verify`].
//!
//! ```no_run
//! # use signum_core::{Cx, DbError, audit::{self, Event, Log}};
//! # async fn deed(cx: &Cx) -> Result<(), DbError> {
//! let event = &Event::new("code.reuse_refused", "client-7", serde_json::json!({"reason": "used"}));
//! cx.db.run("refuse", |tx| async move { audit::record(&tx, cx, event).await }).await?;
//! # Ok(()) }
//! # fn jobs(cx: Cx) -> Vec<signum_core::jobs::Job> {
//! vec![Log::new(cx, "idp").job()] // once a second; `.signed(...)` adds checkpoints
//! # }
//! ```

mod bundle;
mod checkpoint;
mod entries;
mod leaf;
mod log;
mod proof;
mod proven;
mod receipt;
mod signing;
mod state;
mod stored;
#[cfg(test)]
mod test_key;
mod tiles;
mod tree;
mod verify;
mod witness;

pub use bundle::{BundleError, Exported, Pinned, verify_bundle};
pub use checkpoint::{Checkpoint, CheckpointError, VerifierKey};
pub use leaf::{Leaf, salted};
pub use log::Log;
pub use proof::{consistent, included};
pub use proven::{Consistency, Inclusion};
pub use receipt::{Receipt, ReceiptError};
pub use signing::{CheckpointSigner, SignerError, SigningError};
pub use state::LogState;
pub use stored::ProofError;
pub use tree::{Hash, TreeHead};
pub use verify::{Problem, Report};
pub use witness::{Witness, WitnessAnswer, WitnessError, WitnessState};

use serde_json::Value as Json;

use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::params;

mod many;
pub use many::record_all;

/// One thing that happened, or that was refused.
#[derive(Clone, Debug)]
pub struct Event {
    /// Dotted name in the past tense: `certificate.issued`, `code.reuse_refused`, `signature.refused`.
    pub kind: &'static str,
    /// The id of what it happened to (a certificate, a transaction, a client); never a name or a personal number.
    pub subject: String,
    /// Further facts; ids and codes. May be erased later, so nothing may be decided from it.
    pub detail: Json,
}

impl Event {
    pub fn new(kind: &'static str, subject: impl ToString, detail: Json) -> Self {
        Self {
            kind,
            subject: subject.to_string(),
            detail,
        }
    }
}

/// Inserts `event` in the transaction that does what the event says. A refusal's event needs a transaction that ends well:
/// one that ends in the refusal's error takes its event back.
pub async fn record(tx: &Tx, cx: &Cx, event: &Event) -> Result<(), DbError> {
    let id: [u8; 16] = cx.random.bytes();
    let salt: [u8; 32] = cx.random.bytes();
    tx.exec(
        "INSERT INTO audit_event (id, at, kind, subject, detail, salt) VALUES ($1, $2, $3, $4, $5, $6)",
        params![id, cx.now(), event.kind, &event.subject, event.detail.to_string(), salt],
    )
    .await?;
    Ok(())
}

/// [`record`], where a statement changed rows: who found nothing to change was not the first, and the event is there.
pub async fn record_changed(tx: &Tx, cx: &Cx, changed: u64, event: &Event) -> Result<(), DbError> {
    if changed == 0 {
        return Ok(());
    }
    record(tx, cx, event).await
}

/// Erases subject, detail and salt of every event about `subject`, and records that it was done, without saying about whom;
/// tells how many. The leaves cover hashes alone, so tree and proofs stay as they are. [`DbError::NotFound`] while an event of
/// theirs waits for its place, which the sequencer gives within a second.
pub async fn erase(tx: &Tx, cx: &Cx, subject: &str) -> Result<u64, DbError> {
    let waiting = "SELECT id FROM audit_event WHERE subject = $1 AND leaf_index IS NULL LIMIT 1";
    if tx.opt(waiting, params![subject]).await?.is_some() {
        return Err(DbError::NotFound);
    }
    let erased = tx
        .exec(
            "UPDATE audit_event SET subject = '', detail = NULL, salt = NULL WHERE subject = $1",
            params![subject],
        )
        .await?;
    if erased > 0 {
        let detail = serde_json::json!({ "events": erased });
        record(tx, cx, &Event::new("audit.erased", "audit", detail)).await?;
    }
    Ok(erased)
}
