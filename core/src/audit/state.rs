//! How a log stands, for its operators.

use super::checkpoint::{Checkpoint, VerifierKey};
use super::witness::WitnessState;
use super::{Log, ProofError};
use crate::clock::Timestamp;
use crate::db::DbError;

/// One log at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogState {
    pub service: String,
    /// Entries that have their place.
    pub size: u64,
    /// Events that wait for theirs, and since when the oldest.
    pub waiting: i64,
    pub waiting_since: Option<Timestamp>,
    /// The newest checkpoint, if its signature holds.
    pub signed: Option<Checkpoint>,
    /// When the first entry that no checkpoint covers was written.
    pub unsigned_since: Option<Timestamp>,
    pub witnesses: Vec<WitnessState>,
}

impl Log {
    /// Reads it; `key` is the log's own.
    pub async fn state(&self, key: &VerifierKey) -> Result<LogState, ProofError> {
        let db = &self.cx.db;
        let signed = match self.newest_note().await? {
            Some(note) => Some(Checkpoint::open(&note, key)?),
            None => None,
        };
        let waiting = "SELECT COUNT(*) AS n, MIN(at) AS oldest FROM audit_event WHERE leaf_index IS NULL";
        let waiting = db.opt(waiting, vec![]).await?.ok_or(DbError::NotFound)?;
        let first = signed.as_ref().map_or(0, |checkpoint| checkpoint.head.size);
        let unsigned = "SELECT at FROM audit_event WHERE leaf_index = $1";
        let unsigned = db.opt(unsigned, crate::params![super::stored::number(first)]).await?;
        Ok(LogState {
            service: self.service.to_owned(),
            size: self.size().await?,
            waiting: waiting.get("n")?,
            waiting_since: waiting.get("oldest")?,
            signed,
            unsigned_since: unsigned.map(|row| row.get("at")).transpose()?,
            witnesses: self.witness_states().await?,
        })
    }
}
