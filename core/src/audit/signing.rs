//! Checkpoints of a growing log: the sequencer signs its head from time to time, and never one that contradicts an earlier.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::checkpoint::{Checkpoint, CheckpointError, VerifierKey};
use super::tree::Tree;
use crate::cx::Cx;
use crate::db::DbError;
use crate::params;

/// The Ed25519 key of one log, in an HSM: the wiring gives it.
#[async_trait]
pub trait CheckpointSigner: Send + Sync + 'static {
    fn key(&self) -> &VerifierKey;
    /// Signs the message itself (RFC 8032 section 5.1, not a digest).
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError>;
}

/// The key cannot be used now; the text is for an operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SignerError(pub String);

/// Why no checkpoint was signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error("the last checkpoint, of {size} events: {error}; nothing is signed until `signum audit verify` is content")]
    Last { size: i64, error: CheckpointError },
    #[error(
        "the first {size} events are not those that were signed; nothing is signed until `signum audit verify` is content"
    )]
    Contradiction { size: u64 },
    #[error("the key of the checkpoints: {0}")]
    Signer(#[from] SignerError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// How and how often one log is signed.
#[derive(Clone)]
pub(super) struct Signing {
    signer: Arc<dyn CheckpointSigner>,
    every: Duration,
    seen: Arc<Mutex<Seen>>,
}

/// What this process knows of the log, so that a checkpoint reads only what is new.
#[derive(Default)]
struct Seen {
    tree: Tree,
    /// The size whose signed root `tree` is known to go on from.
    agreed: u64,
}

impl Signing {
    pub(super) fn key(&self) -> &VerifierKey {
        self.signer.key()
    }

    pub(super) fn new(signer: Arc<dyn CheckpointSigner>, every: Duration) -> Self {
        Self {
            signer,
            every,
            seen: Arc::default(),
        }
    }

    /// Signs the head when it has grown since the last checkpoint and that one is old enough, or `at_once`; tells whether it
    /// did.
    pub(super) async fn checkpoint(&self, cx: &Cx, at_once: bool) -> Result<bool, SigningError> {
        // Step 1: what was signed last, by this process or another.
        let last = self.last(cx).await?;
        let now = cx.now();
        let too_soon = |last: &Checkpoint| last.at <= now && now.since(last.at) < self.every;
        if !at_once && last.as_ref().is_some_and(too_soon) {
            return Ok(false);
        }
        // Step 2: the head now, which must go on from there.
        let mut seen = self.seen.lock().await;
        catch_up(&mut seen, cx, last.as_ref()).await?;
        let head = seen.tree.head();
        if head.size == 0 || last.is_some_and(|last| last.head.size == head.size) {
            return Ok(false);
        }
        // Step 3: the HSM signs.
        let key = self.signer.key();
        let checkpoint = Checkpoint {
            origin: key.name().to_owned(),
            head,
            at: now,
        };
        let timed = self.signer.sign(&checkpoint.message()).await?;
        let plain = self.signer.sign(checkpoint.text().as_bytes()).await?;
        // Step 4: it is kept. Another process that signed the same size signed the same root.
        let note = &checkpoint.note(key, &timed, &plain);
        let size = i64::try_from(head.size).unwrap_or(i64::MAX);
        cx.db
            .run("audit.checkpoint", |tx| async move {
                tx.exec(
                    "INSERT INTO audit_checkpoint (tree_size, note) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    params![size, note],
                )
                .await
            })
            .await?;
        seen.agreed = head.size;
        Ok(true)
    }

    async fn last(&self, cx: &Cx) -> Result<Option<Checkpoint>, SigningError> {
        let newest = "SELECT tree_size, note FROM audit_checkpoint ORDER BY tree_size DESC LIMIT 1";
        let Some(row) = cx.db.opt(newest, vec![]).await? else {
            return Ok(None);
        };
        let size: i64 = row.get("tree_size")?;
        let refused = |error| SigningError::Last { size, error };
        let last = Checkpoint::open(&row.get::<String>("note")?, self.signer.key()).map_err(refused)?;
        if i64::try_from(last.head.size) != Ok(size) {
            return Err(refused(CheckpointError::Form("stored under another size")));
        }
        Ok(Some(last))
    }
}

/// Brings the tree up to the newest event; where it passes the last checkpoint its root must be the signed one.
async fn catch_up(seen: &mut Seen, cx: &Cx, last: Option<&Checkpoint>) -> Result<(), SigningError> {
    let signed = last.map_or(0, |last| last.head.size);
    // Another process signed a size that this tree has gone past unlooked: begin again.
    if seen.agreed != signed && seen.tree.head().size >= signed {
        *seen = Seen::default();
    }
    loop {
        let size = seen.tree.head().size;
        let rows = cx.db.all(
            "SELECT leaf_index, leaf_hash FROM audit_event WHERE leaf_index >= $1 ORDER BY leaf_index LIMIT 4096",
            params![i64::try_from(size).unwrap_or(i64::MAX)],
        );
        let rows = rows.await?;
        for (row, index) in rows.iter().zip(size..) {
            if u64::try_from(row.get::<i64>("leaf_index")?) != Ok(index) {
                return Err(SigningError::Contradiction { size: index });
            }
            seen.tree.push(row.get("leaf_hash")?);
            if let Some(last) = last.filter(|last| last.head.size == index + 1) {
                if seen.tree.head() != last.head {
                    *seen = Seen::default();
                    return Err(SigningError::Contradiction { size: signed });
                }
                seen.agreed = signed;
            }
        }
        if rows.is_empty() {
            break;
        }
    }
    // Fewer events than were signed.
    if seen.agreed < signed {
        *seen = Seen::default();
        return Err(SigningError::Contradiction { size: signed });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
