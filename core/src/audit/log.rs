//! The sequencer: order for the events, and signed checkpoints over them.

use std::sync::Arc;
use std::time::Duration;

use super::checkpoint::VerifierKey;
use super::leaf::{Leaf, salted};
use super::signing::{CheckpointSigner, Signing, SigningError};
use super::stored;
use super::verify::{self, Report};
use super::witness::Witness;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::jobs::Job;
use crate::params;

/// Events given an index in one transaction.
const BATCH: i64 = 256;

/// The audit log of one service.
#[derive(Clone)]
pub struct Log {
    pub(super) cx: Cx,
    pub(super) service: &'static str,
    signing: Option<Signing>,
    pub(super) witnesses: Arc<[Arc<dyn Witness>]>,
}

impl Log {
    /// `service` is part of every leaf and never changes for a database.
    pub fn new(cx: Cx, service: &'static str) -> Self {
        Self {
            cx,
            service,
            signing: None,
            witnesses: Arc::default(),
        }
    }

    /// Signs a checkpoint when events have come and the last one is at least `every` old.
    pub fn signed(self, signer: Arc<dyn CheckpointSigner>, every: Duration) -> Self {
        Self {
            signing: Some(Signing::new(signer, every)),
            ..self
        }
    }

    pub fn cx(&self) -> &Cx {
        &self.cx
    }

    /// The key that its checkpoints have, where this process signs them.
    pub fn key(&self) -> Option<&VerifierKey> {
        self.signing.as_ref().map(Signing::key)
    }

    pub fn service(&self) -> &'static str {
        self.service
    }

    /// The sequencer as a job: once a second, events first, so that a key that is away keeps no event out of the order.
    pub fn job(self) -> Job {
        Job::new("audit.sequence", Duration::from_secs(1), move || {
            let log = self.clone();
            async move {
                log.sequence().await?;
                log.checkpoint().await.map(drop)
            }
        })
    }

    /// Gives every waiting event the next index, in the order of time and id, and its leaf hash; tells how many.
    pub async fn sequence(&self) -> Result<u64, DbError> {
        let service = self.service;
        let mut sequenced = 0;
        loop {
            let batch = self
                .cx
                .db
                .run("audit.sequence", |tx| async move { sequence_batch(&tx, service).await })
                .await?;
            sequenced += batch;
            if batch < u64::try_from(BATCH).unwrap_or_default() {
                stored::grow(&self.cx).await?;
                metrics::counter!("audit_events_sequenced_total", "service" => service).increment(sequenced);
                return Ok(sequenced);
            }
        }
    }

    /// Signs the head of the log if it is due; tells whether it did.
    pub async fn checkpoint(&self) -> Result<bool, SigningError> {
        self.sign(false).await
    }

    /// Gives order to what waits and signs it now, for a process that is about to end.
    pub async fn close(&self) -> Result<(), SigningError> {
        self.sequence().await?;
        self.sign(true).await.map(drop)
    }

    async fn sign(&self, at_once: bool) -> Result<bool, SigningError> {
        let Some(signing) = &self.signing else {
            return Ok(false);
        };
        let signed = signing.checkpoint(&self.cx, at_once).await?;
        if signed {
            metrics::counter!("audit_checkpoints_total", "service" => self.service).increment(1);
        }
        Ok(signed)
    }

    /// Computes every leaf and the root again and compares every checkpoint, and `kept` ones from elsewhere.
    pub async fn verify(&self, key: &VerifierKey, kept: &[String]) -> Result<Report, DbError> {
        verify::verify(&self.cx.db, self.service, key, kept).await
    }
}

async fn sequence_batch(tx: &Tx, service: &str) -> Result<u64, DbError> {
    let last: i64 = tx
        .one("SELECT COALESCE(MAX(leaf_index), -1) AS last FROM audit_event", vec![])
        .await?
        .get("last")?;
    let waiting = "SELECT id, at, kind, subject, detail, salt FROM audit_event
                   WHERE leaf_index IS NULL ORDER BY at, id LIMIT $1";
    let rows = tx.all(waiting, params![BATCH]).await?;
    let mut index = last;
    for row in &rows {
        index = index.saturating_add(1);
        let id: [u8; 16] = row.get("id")?;
        let salt: Vec<u8> = row.get("salt")?;
        let kind: String = row.get("kind")?;
        let subject = salted(&salt, &row.get::<String>("subject")?);
        let detail = salted(&salt, &row.get::<String>("detail")?);
        let leaf = Leaf {
            service,
            id,
            at: row.get("at")?,
            kind: &kind,
            subject,
            detail,
        };
        tx.exec(
            "UPDATE audit_event SET leaf_index = $1, leaf_hash = $2, subject_hash = $3, detail_hash = $4 WHERE id = $5",
            params![index, leaf.hash(), subject, detail, id],
        )
        .await?;
    }
    Ok(rows.len() as u64)
}

#[cfg(test)]
mod tests;
