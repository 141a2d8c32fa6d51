//! Witnesses: each checkpoint is sent to those who watch that the log only grows, and what they sign is kept beside it.
//! C2SP tlog-witness (add-checkpoint), tlog-cosignature (Ed25519, type 0x04).
//!
//! A witness that is away, or that refuses, never stops the log: the attempt's end is stored for operators to see.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::{Checkpoint, CheckpointError, VerifierKey};
use super::stored::{ProofError, number};
use super::{Log, TreeHead};
use crate::clock::Timestamp;
use crate::db::{Db, DbError};
use crate::jobs::Job;
use crate::params;

/// How often new checkpoints are looked for.
const EVERY: Duration = Duration::from_secs(5);
/// A proof never has more lines.
const MOST_LINES: usize = 63;

/// Somebody else's service that watches this log: the wiring gives the way there.
#[async_trait]
pub trait Witness: Send + Sync + 'static {
    /// Pinned: nothing that another key signed is kept.
    fn key(&self) -> &VerifierKey;
    /// POST add-checkpoint with this body; an error's text is for an operator.
    async fn add_checkpoint(&self, body: String) -> Result<WitnessAnswer, String>;
}

/// What the witness's server said.
#[derive(Clone, Debug)]
pub struct WitnessAnswer {
    /// HTTP.
    pub status: u16,
    pub body: String,
}

/// Why there is no cosignature.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    #[error("no answer: {0}")]
    Away(String),
    #[error("it does not know this log")]
    UnknownLog,
    #[error("it does not know the key of this log")]
    UnknownKey,
    #[error("it has seen {seen} entries of this log, here are {here}: the log was rolled back, or somebody else signs")]
    Ahead { seen: u64, here: u64 },
    #[error("it has seen another log of the same size")]
    Fork,
    #[error("it sees no consistency with what it has seen")]
    Inconsistent,
    #[error("it answered with status {0}")]
    Status(u16),
    #[error("its answer is not one of the protocol")]
    Form,
    #[error("its answer has no signature of its pinned key")]
    Unsigned,
    #[error("its signature: {0}")]
    Signature(#[from] CheckpointError),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// How one witness stands to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessState {
    pub name: String,
    /// The size of the newest checkpoint that it signed; 0 when it never did.
    pub size: u64,
    pub attempted_at: Option<Timestamp>,
    /// How the last attempt failed.
    pub problem: Option<String>,
}

impl Log {
    /// Asks these for their cosignatures.
    pub fn witnessed(mut self, witnesses: Vec<Arc<dyn Witness>>) -> Self {
        self.witnesses = witnesses.into();
        self
    }

    /// The work that sends new checkpoints; apart from the sequencer, which waits for nobody.
    pub fn witness_job(&self) -> Job {
        let log = self.clone();
        Job::new("audit.witness", EVERY, move || {
            let log = log.clone();
            async move { log.ask_witnesses().await.map(drop) }
        })
    }

    /// Sends the newest checkpoint to every witness that has not signed it; tells how many signed now.
    pub async fn ask_witnesses(&self) -> Result<usize, DbError> {
        let size = self.signed_size().await?;
        if size == 0 {
            return Ok(0);
        }
        let asked = self.witnesses.iter().map(|witness| self.ask(witness.as_ref(), size));
        let mut signed = 0;
        for (witness, outcome) in self.witnesses.iter().zip(futures::future::join_all(asked).await) {
            let name = witness.key().name();
            let problem = match outcome {
                Ok(false) => continue,
                Ok(true) => None,
                Err(error) => Some(error.to_string()),
            };
            signed += usize::from(problem.is_none());
            if let Some(problem) = &problem {
                metrics::counter!("audit_witness_failures_total", "service" => self.service, "witness" => name.to_owned())
                    .increment(1);
                tracing::warn!(service = self.service, witness = name, %problem, "a witness signed nothing");
            }
            self.attempted(name, problem.as_deref()).await?;
        }
        Ok(signed)
    }

    /// False where there was nothing to ask.
    async fn ask(&self, witness: &dyn Witness, size: u64) -> Result<bool, WitnessError> {
        let key = witness.key();
        let known = latest(&self.cx.db, key.name()).await?;
        if known >= size {
            return Ok(false);
        }
        let note = self.own_note(size).await?;
        let mut old = known;
        // A witness that knows another size than we think says so once.
        for last_attempt in [false, true] {
            let proof = self.prove_consistency(old, size).await?.proof;
            let lines: String = proof
                .iter()
                .take(MOST_LINES)
                .map(|h| STANDARD.encode(h) + "\n")
                .collect();
            let answer = witness
                .add_checkpoint(format!("old {old}\n{lines}\n{note}"))
                .await
                .map_err(WitnessError::Away)?;
            match conflict(&answer, size)? {
                None => return self.accept(&note, key, &answer.body).await.map(|()| true),
                Some(seen) if seen == size && old == size => return Err(WitnessError::Fork),
                Some(seen) if last_attempt || seen == old => return Err(WitnessError::Form),
                Some(seen) => old = seen,
            }
        }
        Err(WitnessError::Form)
    }

    /// The checkpoint with the log's signatures alone.
    async fn own_note(&self, size: u64) -> Result<String, WitnessError> {
        let sql = "SELECT note FROM audit_checkpoint WHERE tree_size = $1";
        let row = self.cx.db.opt(sql, params![number(size)]).await?;
        Ok(row.ok_or(DbError::NotFound)?.get("note")?)
    }

    /// Keeps the witness's signature, if it is one.
    async fn accept(&self, note: &str, key: &VerifierKey, answer: &str) -> Result<(), WitnessError> {
        let line = cosignature(note, key, answer)?;
        let TreeHead { size, .. } = Checkpoint::text_of(note)?.1;
        let (name, line) = (key.name(), &line);
        self.cx
            .db
            .run("audit.cosignature", |tx| async move {
                tx.exec(
                    "INSERT INTO audit_cosignature (tree_size, witness, line) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                    params![number(size), name, line],
                )
                .await
            })
            .await?;
        Ok(())
    }

    async fn attempted(&self, name: &str, problem: Option<&str>) -> Result<(), DbError> {
        let now = self.cx.now();
        self.cx
            .db
            .run("audit.witness", |tx| async move {
                tx.exec(
                    "INSERT INTO audit_witness (name, attempted_at, problem) VALUES ($1, $2, $3)
                     ON CONFLICT (name) DO UPDATE SET attempted_at = $2, problem = $3",
                    params![name, now, problem],
                )
                .await
            })
            .await
            .map(drop)
    }

    /// Every witness that was ever asked.
    pub async fn witness_states(&self) -> Result<Vec<WitnessState>, DbError> {
        let db = &self.cx.db;
        let mut states = Vec::new();
        let asked = "SELECT name, attempted_at, problem FROM audit_witness ORDER BY name";
        for row in db.all(asked, vec![]).await? {
            let name: String = row.get("name")?;
            states.push(WitnessState {
                size: latest(db, &name).await?,
                name,
                attempted_at: row.get("attempted_at")?,
                problem: row.get("problem")?,
            });
        }
        Ok(states)
    }
}

/// The size of the newest checkpoint that the witness signed.
async fn latest(db: &Db, witness: &str) -> Result<u64, DbError> {
    let sql = "SELECT COALESCE(MAX(tree_size), 0) AS size FROM audit_cosignature WHERE witness = $1";
    let row = db.opt(sql, params![witness]).await?.ok_or(DbError::NotFound)?;
    Ok(u64::try_from(row.get::<i64>("size")?).unwrap_or_default())
}

/// The size that a witness says to have seen instead of the one that we named.
fn conflict(answer: &WitnessAnswer, size: u64) -> Result<Option<u64>, WitnessError> {
    match answer.status {
        200 => Ok(None),
        409 => {
            let seen: u64 = answer.body.trim().parse().map_err(|_| WitnessError::Form)?;
            if seen > size {
                return Err(WitnessError::Ahead { seen, here: size });
            }
            Ok(Some(seen))
        }
        404 => Err(WitnessError::UnknownLog),
        403 => Err(WitnessError::UnknownKey),
        422 => Err(WitnessError::Inconsistent),
        other => Err(WitnessError::Status(other)),
    }
}

/// The line of an answer with the signature of the pinned key over this very checkpoint; lines of other keys are ignored.
fn cosignature(note: &str, key: &VerifierKey, answer: &str) -> Result<String, WitnessError> {
    let (text, _) = note.rsplit_once("\n\n").ok_or(WitnessError::Form)?;
    for line in answer.lines().take(16) {
        if Checkpoint::signed_by(&format!("{text}\n\n{line}\n"), key)?.is_some() {
            return Ok(format!("{line}\n"));
        }
    }
    Err(WitnessError::Unsigned)
}

#[cfg(test)]
mod tests;
