//! The sequencer, the tree head and the check of the whole log.

use std::time::Duration;

use super::leaf::{Leaf, salted};
use super::tree::{Hash, Tree, TreeHead};
use crate::clock::Timestamp;
use crate::cx::Cx;
use crate::db::{DbError, Row, Tx};
use crate::jobs::Job;
use crate::params;

/// Events given an index in one transaction, and rows read at once.
const BATCH: i64 = 256;

/// The audit log of one service.
#[derive(Clone)]
pub struct Log {
    cx: Cx,
    service: &'static str,
}

/// What [`Log::verify`] found.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The first row that is not what it was; `problem` says in what.
    #[error("audit event {index} ({}): {problem}", hex::encode(.id))]
    Changed {
        index: u64,
        id: [u8; 16],
        problem: &'static str,
    },
    /// An index that no row has.
    #[error("audit event {index} is missing")]
    Missing { index: u64 },
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Log {
    /// `service` is part of every leaf and never changes for a database.
    pub fn new(cx: Cx, service: &'static str) -> Self {
        Self { cx, service }
    }

    /// The sequencer as a job: once a second.
    pub fn job(self) -> Job {
        Job::new("audit.sequence", Duration::from_secs(1), move || {
            let log = self.clone();
            async move { log.sequence().await.map(drop) }
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
                metrics::counter!("audit_events_sequenced_total", "service" => service).increment(sequenced);
                return Ok(sequenced);
            }
        }
    }

    /// The head over the first `size` events, or over all that are sequenced. A size beyond the log is an error.
    pub async fn tree_head(&self, size: Option<u64>) -> Result<TreeHead, VerifyError> {
        let mut tree = Tree::default();
        self.walk(size, |row, _| {
            tree.push(row.get("leaf_hash")?);
            Ok(())
        })
        .await?;
        Ok(tree.head())
    }

    /// Computes every leaf again from its row; the first row that changed, or that is missing, is named.
    pub async fn verify(&self) -> Result<TreeHead, VerifyError> {
        let mut tree = Tree::default();
        self.walk(None, |row, index| {
            tree.push(check(row, index, self.service)?);
            Ok(())
        })
        .await?;
        Ok(tree.head())
    }

    /// Visits the sequenced rows in order, and finds gaps.
    async fn walk<F>(&self, size: Option<u64>, mut visit: F) -> Result<(), VerifyError>
    where
        F: FnMut(&Row, u64) -> Result<(), VerifyError>,
    {
        let end = size.unwrap_or(u64::MAX);
        let mut next = 0;
        while next < end {
            let from = i64::try_from(next).unwrap_or(i64::MAX);
            let rows = self.cx.db.all(
                "SELECT id, at, kind, subject, detail, salt, leaf_index, leaf_hash, subject_hash, detail_hash
                 FROM audit_event WHERE leaf_index >= $1 ORDER BY leaf_index LIMIT 256",
                params![from],
            );
            let rows = rows.await?;
            if rows.is_empty() {
                break;
            }
            for row in rows.iter().take(usize::try_from(end - next).unwrap_or(usize::MAX)) {
                if row.get::<i64>("leaf_index")? != i64::try_from(next).unwrap_or(i64::MAX) {
                    return Err(VerifyError::Missing { index: next });
                }
                visit(row, next)?;
                next += 1;
            }
        }
        match size {
            Some(size) if next < size => Err(VerifyError::Missing { index: next }),
            _ => Ok(()),
        }
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
        index += 1;
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

/// The leaf hash of a row, if everything that is still there agrees with it.
fn check(row: &Row, index: u64, service: &str) -> Result<Hash, VerifyError> {
    let id: [u8; 16] = row.get("id")?;
    let changed = |problem| VerifyError::Changed { index, id, problem };
    let subject: Hash = row.get("subject_hash")?;
    let detail: Hash = row.get("detail_hash")?;
    // Erased rows keep their hashes alone.
    if let Some(salt) = row.get::<Option<Vec<u8>>>("salt")? {
        if salted(&salt, &row.get::<String>("subject")?) != subject {
            return Err(changed("its subject was changed"));
        }
        let text: Option<String> = row.get("detail")?;
        if text.is_none_or(|text| salted(&salt, &text) != detail) {
            return Err(changed("its detail was changed"));
        }
    }
    let kind: String = row.get("kind")?;
    let at: Timestamp = row.get("at")?;
    let hash = Leaf {
        service,
        id,
        at,
        kind: &kind,
        subject,
        detail,
    }
    .hash();
    if hash != row.get::<Hash>("leaf_hash")? {
        return Err(changed("its kind, time, hashes or leaf were changed"));
    }
    Ok(hash)
}

#[cfg(test)]
mod tests;
