//! Proofs to hand out: an entry lies under a signed checkpoint, one head goes on from another. C2SP tlog-proof, JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::checkpoint::{Checkpoint, VerifierKey};
use super::proof::{consistent, included};
use super::stored::{self, ProofError, number};
use super::tree::{Hash, TreeHead};
use super::{CheckpointError, Log};
use crate::db::DbError;
use crate::params;

/// That an entry lies in the log, at its place, under a checkpoint that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    pub entry: u64,
    pub leaf: Hash,
    /// From the leaf's sibling up to the root's child.
    pub path: Vec<Hash>,
    pub head: TreeHead,
    /// The checkpoint with the signatures of log and witnesses.
    pub note: String,
}

/// That the later head covers everything that the earlier one covers, and in the same order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consistency {
    pub from: TreeHead,
    pub to: TreeHead,
    pub proof: Vec<Hash>,
}

fn base64_of(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|hash| STANDARD.encode(hash)).collect()
}

impl Inclusion {
    /// Whether the checkpoint is signed with `key` and covers exactly this leaf at this place.
    pub fn verify(&self, key: &VerifierKey) -> Result<Checkpoint, ProofError> {
        let checkpoint = Checkpoint::open(&self.note, key)?;
        let holds = included(self.entry, &self.leaf, &self.path, &checkpoint.head);
        holds.then_some(checkpoint).ok_or(ProofError::Broken)
    }

    pub fn to_json(&self) -> Json {
        json!({
            "entry": self.entry,
            "size": self.head.size,
            "leaf_hash": STANDARD.encode(self.leaf),
            "path": base64_of(&self.path),
            "checkpoint": self.note,
        })
    }

    /// C2SP tlog-proof, without extra data.
    pub fn to_c2sp(&self) -> String {
        let path: String = base64_of(&self.path).iter().map(|hash| format!("{hash}\n")).collect();
        format!("c2sp.org/tlog-proof@v1\nindex {}\n{path}\n{}", self.entry, self.note)
    }
}

impl Consistency {
    pub fn to_json(&self) -> Json {
        let head = |head: &TreeHead| json!({"size": head.size, "root": STANDARD.encode(head.root)});
        json!({"from": head(&self.from), "to": head(&self.to), "proof": base64_of(&self.proof)})
    }
}

impl Log {
    /// The note of the newest checkpoint with every cosignature it has.
    pub async fn newest_note(&self) -> Result<Option<String>, DbError> {
        match self.signed_size().await? {
            0 => Ok(None),
            size => self.note(size).await,
        }
    }

    /// How many entries have their place.
    pub async fn size(&self) -> Result<u64, DbError> {
        let newest = "SELECT COALESCE(MAX(leaf_index), -1) AS last FROM audit_event";
        let row = self.cx().db.opt(newest, vec![]).await?.ok_or(DbError::NotFound)?;
        Ok(u64::try_from(row.get::<i64>("last")?.saturating_add(1)).unwrap_or_default())
    }

    /// How many entries the newest checkpoint covers; 0 when none was signed.
    pub async fn signed_size(&self) -> Result<u64, DbError> {
        let newest = "SELECT COALESCE(MAX(tree_size), 0) AS size FROM audit_checkpoint";
        let row = self.cx().db.opt(newest, vec![]).await?.ok_or(DbError::NotFound)?;
        Ok(u64::try_from(row.get::<i64>("size")?).unwrap_or_default())
    }

    /// The note of the checkpoint of that size with every cosignature it has.
    pub async fn note(&self, size: u64) -> Result<Option<String>, DbError> {
        let db = &self.cx().db;
        let sql = "SELECT note FROM audit_checkpoint WHERE tree_size = $1";
        let Some(row) = db.opt(sql, params![number(size)]).await? else {
            return Ok(None);
        };
        let mut note: String = row.get("note")?;
        let lines = "SELECT line FROM audit_cosignature WHERE tree_size = $1 ORDER BY witness";
        for row in db.all(lines, params![number(size)]).await? {
            note += &row.get::<String>("line")?;
        }
        Ok(Some(note))
    }

    /// Proves an entry under the checkpoint of `size`, or else under the newest that a witness has signed, or else under the
    /// newest of all.
    pub async fn prove(&self, entry: u64, size: Option<u64>) -> Result<Inclusion, ProofError> {
        let size = match size {
            Some(size) => size,
            None => self.best_size(entry).await?,
        };
        let note = self.note(size).await?.ok_or(ProofError::NoCheckpoint)?;
        let signed = Checkpoint::text_of(&note)?.1;
        if signed.size != size {
            return Err(ProofError::Checkpoint(CheckpointError::Form(
                "stored under another size",
            )));
        }
        let db = &self.cx().db;
        let (leaf, path) = stored::over(db, size, |tiles| Ok((tiles.leaf(entry)?, tiles.inclusion(entry)?))).await?;
        if !included(entry, &leaf, &path, &signed) {
            return Err(ProofError::Broken);
        }
        Ok(Inclusion {
            entry,
            leaf,
            path,
            head: signed,
            note,
        })
    }

    async fn best_size(&self, entry: u64) -> Result<u64, DbError> {
        let witnessed = "SELECT COALESCE(MAX(tree_size), 0) AS size FROM audit_cosignature WHERE tree_size > $1";
        let row = self.cx().db.opt(witnessed, params![number(entry)]).await?;
        match row.ok_or(DbError::NotFound)?.get::<i64>("size")? {
            0 => self.signed_size().await,
            size => Ok(u64::try_from(size).unwrap_or_default()),
        }
    }

    /// Proves that the tree of `to` entries goes on from the one of `from`.
    pub async fn prove_consistency(&self, from: u64, to: u64) -> Result<Consistency, ProofError> {
        if from > to || to > self.size().await? {
            return Err(ProofError::Outside);
        }
        let db = &self.cx().db;
        let proven = Consistency {
            from: stored::head(db, from).await?,
            to: stored::head(db, to).await?,
            proof: stored::over(db, to, |tiles| tiles.consistency(from)).await?,
        };
        match consistent(&proven.from, &proven.to, &proven.proof) {
            true => Ok(proven),
            false => Err(ProofError::Broken),
        }
    }
}
