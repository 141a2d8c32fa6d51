//! A receipt: one event with its texts, its salt and the proof that it lies in the log, for whom it concerns. Whoever has it
//! can check everything without asking anybody. RFC 6962 section 2.1.1.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::leaf::{Leaf, salted};
use super::proven::Inclusion;
use super::stored::ProofError;
use super::{Checkpoint, CheckpointError, Log, TreeHead, VerifierKey};
use crate::clock::Timestamp;
use crate::params;

/// What the log says of one deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub service: String,
    pub id: [u8; 16],
    pub at: Timestamp,
    pub kind: String,
    pub subject: String,
    /// JSON, as it was stored.
    pub detail: String,
    pub salt: Vec<u8>,
    pub proof: Inclusion,
}

/// Why a receipt proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    #[error("not a receipt: {0}")]
    Form(&'static str),
    #[error("its event is not the entry that the proof is about")]
    Leaf,
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl Receipt {
    /// Whether the log with `key` has signed a tree with exactly this event in it.
    pub fn verify(&self, key: &VerifierKey) -> Result<Checkpoint, ReceiptError> {
        let leaf = Leaf {
            service: &self.service,
            id: self.id,
            at: self.at,
            kind: &self.kind,
            subject: salted(&self.salt, &self.subject),
            detail: salted(&self.salt, &self.detail),
        };
        if leaf.hash() != self.proof.leaf {
            return Err(ReceiptError::Leaf);
        }
        Ok(self.proof.verify(key)?)
    }

    pub fn to_json(&self) -> Json {
        json!({
            "service": self.service,
            "id": hex::encode(self.id),
            "at": self.at.0,
            "kind": self.kind,
            "subject": self.subject,
            "detail": self.detail,
            "salt": hex::encode(&self.salt),
            "proof": self.proof.to_json(),
        })
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    pub fn from_json(json: &Json) -> Result<Self, ReceiptError> {
        let text = |name: &'static str| {
            let value = json.get(name).and_then(Json::as_str);
            value.map(str::to_owned).ok_or(ReceiptError::Form(name))
        };
        let octets = |name| hex::decode(text(name)?).map_err(|_| ReceiptError::Form(name));
        Ok(Self {
            service: text("service")?,
            id: octets("id")?.try_into().map_err(|_| ReceiptError::Form("id"))?,
            at: Timestamp(json.get("at").and_then(Json::as_i64).ok_or(ReceiptError::Form("at"))?),
            kind: text("kind")?,
            subject: text("subject")?,
            detail: text("detail")?,
            salt: octets("salt")?,
            proof: inclusion(json.get("proof").ok_or(ReceiptError::Form("proof"))?)?,
        })
    }
}

fn inclusion(json: &Json) -> Result<Inclusion, ReceiptError> {
    let hash = |value: &Json| {
        let octets = value.as_str().and_then(|text| STANDARD.decode(text).ok());
        octets
            .and_then(|octets| octets.try_into().ok())
            .ok_or(ReceiptError::Form("a hash of its proof"))
    };
    let field = |name: &'static str| json.get(name).ok_or(ReceiptError::Form(name));
    let note = field("checkpoint")?.as_str().ok_or(ReceiptError::Form("checkpoint"))?;
    let path = field("path")?.as_array().ok_or(ReceiptError::Form("path"))?;
    let head: TreeHead = Checkpoint::text_of(note).map_err(ProofError::from)?.1;
    Ok(Inclusion {
        entry: field("entry")?.as_u64().ok_or(ReceiptError::Form("entry"))?,
        leaf: hash(field("leaf_hash")?)?,
        path: path.iter().map(hash).collect::<Result<_, _>>()?,
        head,
        note: note.to_owned(),
    })
}

impl Log {
    /// The receipt of the first event of this kind about this subject; `None` when there is none, or when its texts were
    /// erased. An event that no checkpoint covers yet is [`ProofError::NoCheckpoint`].
    pub async fn receipt(&self, kind: &str, subject: &str) -> Result<Option<Receipt>, ProofError> {
        let row = self.cx().db.opt(
            "SELECT id, at, detail, salt, leaf_index FROM audit_event
             WHERE subject = $1 AND kind = $2 AND salt IS NOT NULL ORDER BY at, id LIMIT 1",
            params![subject, kind],
        );
        let Some(row) = row.await? else {
            return Ok(None);
        };
        let entry = row
            .get::<Option<i64>>("leaf_index")?
            .and_then(|index| u64::try_from(index).ok());
        let entry = entry.ok_or(ProofError::NoCheckpoint)?;
        let proof = match self.prove(entry, None).await {
            Err(ProofError::Outside) => return Err(ProofError::NoCheckpoint),
            other => other?,
        };
        let receipt = Receipt {
            service: self.service().to_owned(),
            id: row.get("id")?,
            at: row.get("at")?,
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            detail: row.get("detail")?,
            salt: row.get("salt")?,
            proof,
        };
        Ok(Some(receipt))
    }
}

impl From<CheckpointError> for ReceiptError {
    fn from(error: CheckpointError) -> Self {
        Self::Proof(error.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::audit::test_key::TestKey;
    use crate::audit::{CheckpointSigner, Event, erase, record};
    use crate::db::{DbError, scratch};

    async fn a_log() -> (Log, Arc<TestKey>, tempfile::TempDir) {
        let (cx, _, dir) = scratch::cx().await;
        let key = Arc::new(TestKey::new());
        let log = Log::new(cx, "ca").signed(key.clone(), Duration::ZERO);
        (log, key, dir)
    }

    async fn write(log: &Log, subject: &str) {
        let (cx, event) = (
            log.cx(),
            &Event::new("certificate.issued", subject, json!({"n": subject})),
        );
        let written = cx.db.run("write", |tx| async move { record(&tx, cx, event).await });
        written.await.unwrap();
    }

    #[tokio::test]
    async fn a_receipt_proves_its_event_to_whoever_has_the_logs_key() {
        let (log, key, _dir) = a_log().await;
        for subject in ["auth:01", "qsig:02", "qsig:03"] {
            write(&log, subject).await;
        }
        assert!(matches!(
            log.receipt("certificate.issued", "qsig:02").await,
            Err(ProofError::NoCheckpoint)
        ));
        log.close().await.unwrap();
        let receipt = log.receipt("certificate.issued", "qsig:02").await.unwrap().unwrap();
        let read = Receipt::from_json(&receipt.to_json()).unwrap();
        assert_eq!(read, receipt);
        assert_eq!(read.verify(key.key()).unwrap().head.size, 3);
        assert_eq!(log.receipt("certificate.issued", "qsig:04").await.unwrap(), None);
        assert!(read.verify(TestKey::new().key()).is_err());
        let forged = Receipt {
            subject: "qsig:04".to_owned(),
            ..read.clone()
        };
        assert!(matches!(forged.verify(key.key()), Err(ReceiptError::Leaf)));
        let mut moved = read;
        moved.proof.entry += 1;
        assert!(matches!(
            moved.verify(key.key()),
            Err(ReceiptError::Proof(ProofError::Broken))
        ));
    }

    #[tokio::test]
    async fn what_was_erased_leaves_tree_and_proofs_as_they_were() {
        let (log, key, _dir) = a_log().await;
        for subject in ["person-1", "person-2", "person-1"] {
            write(&log, subject).await;
        }
        log.close().await.unwrap();
        let before = log.prove(0, None).await.unwrap();
        let cx = log.cx();
        let erased = cx.db.run("erase", |tx| async move { erase(&tx, cx, "person-1").await });
        assert_eq!(erased.await.unwrap(), 2);
        assert_eq!(log.receipt("certificate.issued", "person-1").await.unwrap(), None);
        assert_eq!(log.prove(0, Some(3)).await.unwrap(), before);
        log.close().await.unwrap();
        let report = log.verify(key.key(), &[]).await.unwrap();
        assert_eq!((report.problems, report.head.size, report.erased), (vec![], 4, 2));
        let left = cx.db.all(
            "SELECT id FROM audit_event WHERE subject = 'person-1' OR detail LIKE '%person-1%'",
            vec![],
        );
        assert_eq!(left.await.unwrap().len(), 0);
    }

    #[tokio::test]
    async fn an_event_without_its_place_is_not_erased_yet() {
        let (log, _, _dir) = a_log().await;
        write(&log, "person-1").await;
        let cx = log.cx();
        let erased = cx.db.run("erase", |tx| async move { erase(&tx, cx, "person-1").await });
        assert!(matches!(erased.await, Err(DbError::NotFound)));
    }
}
