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
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::audit::{Event, record};
    use crate::clock::ManualClock;
    use crate::db::scratch;

    async fn write(cx: &Cx, subject: &str) {
        let event = &Event::new("test.done", subject, serde_json::json!({"n": subject}));
        cx.db
            .run("write", |tx| async move { record(&tx, cx, event).await })
            .await
            .unwrap();
    }

    async fn a_log_of(events: u32) -> (Log, Cx, std::sync::Arc<ManualClock>, tempfile::TempDir) {
        let (cx, clock, dir) = scratch::cx().await;
        for i in 0..events {
            write(&cx, &format!("s{i}")).await;
            clock.advance(Duration::from_micros(1));
        }
        (Log::new(cx.clone(), "idp"), cx, clock, dir)
    }

    async fn tamper(cx: &Cx, sql: &'static str) {
        cx.db
            .run("tamper", |tx| async move { tx.exec(sql, vec![]).await })
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn events_get_indexes_without_gaps_in_the_order_of_time() {
        let (log, cx, clock, _dir) = a_log_of(300).await;
        assert_eq!(log.sequence().await.unwrap(), 300);
        write(&cx, "later").await;
        clock.set(Timestamp(0));
        write(&cx, "late commit of an early time").await;
        assert_eq!(log.sequence().await.unwrap(), 2);
        assert_eq!(log.sequence().await.unwrap(), 0);
        let rows = cx
            .db
            .all(
                "SELECT subject, leaf_index FROM audit_event ORDER BY leaf_index",
                vec![],
            )
            .await
            .unwrap();
        for (i, row) in rows.iter().enumerate() {
            assert_eq!(row.get::<i64>("leaf_index").unwrap(), i64::try_from(i).unwrap());
            if i < 300 {
                assert_eq!(row.get::<String>("subject").unwrap(), format!("s{i}"));
            }
        }
        assert_eq!(log.verify().await.unwrap().size, 302);
    }

    #[tokio::test]
    async fn an_old_head_can_be_computed_again_after_the_log_grew() {
        let (log, cx, _, _dir) = a_log_of(5).await;
        log.sequence().await.unwrap();
        let head = log.tree_head(None).await.unwrap();
        write(&cx, "new").await;
        log.sequence().await.unwrap();
        assert_eq!(log.tree_head(Some(5)).await.unwrap(), head);
        assert_ne!(log.tree_head(None).await.unwrap(), head);
        assert!(matches!(
            log.tree_head(Some(7)).await,
            Err(VerifyError::Missing { index: 6 })
        ));
    }

    #[tokio::test]
    async fn a_changed_row_is_named() {
        for sql in [
            "UPDATE audit_event SET detail = '{}' WHERE leaf_index = 2",
            "UPDATE audit_event SET detail = NULL WHERE leaf_index = 2",
            "UPDATE audit_event SET subject = 'another' WHERE leaf_index = 2",
            "UPDATE audit_event SET kind = 'test.undone' WHERE leaf_index = 2",
            "UPDATE audit_event SET at = at + 1 WHERE leaf_index = 2",
            "UPDATE audit_event SET leaf_hash = subject_hash WHERE leaf_index = 2",
        ] {
            let (log, cx, _, _dir) = a_log_of(4).await;
            log.sequence().await.unwrap();
            log.verify().await.unwrap();
            tamper(&cx, sql).await;
            match log.verify().await {
                Err(VerifyError::Changed { index: 2, .. }) => {}
                other => panic!("{sql}: {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_removed_row_is_missed() {
        let (log, cx, _, _dir) = a_log_of(4).await;
        log.sequence().await.unwrap();
        tamper(&cx, "DELETE FROM audit_event WHERE leaf_index = 1").await;
        assert!(matches!(log.verify().await, Err(VerifyError::Missing { index: 1 })));
    }

    #[tokio::test]
    async fn erasing_detail_and_salt_leaves_the_log_verifiable() {
        let (log, cx, _, _dir) = a_log_of(4).await;
        log.sequence().await.unwrap();
        let head = log.verify().await.unwrap();
        tamper(
            &cx,
            "UPDATE audit_event SET detail = NULL, salt = NULL, subject = '' WHERE leaf_index = 1",
        )
        .await;
        assert_eq!(log.verify().await.unwrap(), head);
    }

    #[tokio::test]
    async fn an_event_of_a_transaction_that_failed_is_not_there() {
        let (cx, _, _dir) = scratch::cx().await;
        let (context, event) = (&cx, &Event::new("test.done", "x", serde_json::json!({})));
        let failed: Result<(), DbError> = cx
            .db
            .run("fail", |tx| async move {
                record(&tx, context, event).await?;
                Err(DbError::NotFound)
            })
            .await;
        assert!(failed.is_err());
        assert_eq!(Log::new(cx, "idp").sequence().await.unwrap(), 0);
    }
}
