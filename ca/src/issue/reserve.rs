//! The transaction that reserves serial number, key and intent, or finds what an earlier request left.

use std::time::Duration;

use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, Timestamp, Tx, params};

use super::prepared::{Intent, Prepared};
use super::{IssueError, Issued};
use crate::{KeyKind, blocked_key};

/// An intent this old was left by a crash; a new serial number is used and the old one counts as revoked.
const INTENT_LIVES: Duration = Duration::from_secs(600);

/// What reserving found.
pub(crate) enum Reserved {
    /// This request goes on, with the octets reserved for it just now or before a crash.
    Now(Box<Prepared>),
    /// It was answered before.
    Issued(Issued),
}

impl Prepared {
    /// The transaction of the intent.
    pub async fn reserve(self, cx: &Cx) -> Result<Reserved, IssueError> {
        let this = &self;
        let earlier = cx
            .db
            .run("ca.reserve", |tx| async move {
                let earlier = this.find_earlier(&tx, cx).await?;
                if earlier.is_none() {
                    this.claim_key(&tx).await?;
                    this.insert(&tx, cx.now()).await?;
                }
                Ok::<_, IssueError>(earlier)
            })
            .await?;
        match earlier {
            None => Ok(Reserved::Now(Box::new(self))),
            Some(Earlier::Certificate(certificate)) => Ok(Reserved::Issued(Issued { certificate })),
            Some(Earlier::Refusal(rules)) => Err(IssueError::Lint(rules)),
            Some(Earlier::Intent { serial, tbs }) => Ok(Reserved::Now(Box::new(Self { serial, tbs, ..self }))),
        }
    }

    async fn find_earlier(&self, tx: &Tx, cx: &Cx) -> Result<Option<Earlier>, IssueError> {
        let found = tx
            .opt(
                "SELECT issuer, serial, fingerprint, tbs, reserved_at, certificate, refusal FROM certificate
                 WHERE idempotency_key = $1 AND abandoned_at IS NULL",
                params![self.row.request.idempotency_key],
            )
            .await?;
        let Some(row) = found else { return Ok(None) };
        let earlier = Earlier::read(&row)?;
        let same = row.get::<[u8; 32]>("fingerprint")? == self.row.fingerprint;
        let unsigned = !matches!(earlier, Earlier::Certificate(_));
        // An operator mends the configuration and holds the ceremony again: nothing was signed, so it starts afresh.
        if self.row.request.holder.is_some() && unsigned && (!same || matches!(earlier, Earlier::Refusal(_))) {
            abandon(tx, cx, &row).await?;
            return Ok(None);
        }
        if !same {
            let message = "this idempotency key came with another request before";
            return Err(IssueError::refused("idempotency_mismatch", message));
        }
        let reserved_at: Timestamp = row.get("reserved_at")?;
        if matches!(earlier, Earlier::Intent { .. }) && cx.now().since(reserved_at) > INTENT_LIVES {
            abandon(tx, cx, &row).await?;
            return Ok(None);
        }
        Ok(Some(earlier))
    }

    /// One key, one owner, one profile: across people, and across a person's log-in and signature.
    async fn claim_key(&self, tx: &Tx) -> Result<(), IssueError> {
        let request = &self.row.request;
        let spki = Sha256::digest(&request.spki).to_vec();
        tx.exec(
            "INSERT INTO subject_key (spki_sha256, owner, profile) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            params![&spki, request.owner, self.profile.id],
        )
        .await?;
        let row = tx
            .one(
                "SELECT owner, profile FROM subject_key WHERE spki_sha256 = $1",
                params![&spki],
            )
            .await?;
        if blocked_key::is_blocked(tx, &spki).await? {
            return Err(IssueError::refused("key_compromised", "this key is blocked"));
        }
        if row.get::<[u8; 32]>("owner")? != request.owner || row.get::<String>("profile")? != self.profile.id {
            return Err(IssueError::refused(
                "key_in_use",
                "this key is certified for another owner or purpose",
            ));
        }
        Ok(())
    }

    async fn insert(&self, tx: &Tx, now: Timestamp) -> Result<(), IssueError> {
        let Intent {
            request,
            fingerprint,
            shard,
            not_before,
            not_after,
        } = &self.row;
        let holder = request.holder.as_ref();
        tx.exec(
            "INSERT INTO certificate (issuer, serial, profile, shard, idempotency_key, fingerprint, spki_sha256, holder,
                 key_label, tbs, tbs_sha256, not_before, not_after, reserved_at, key_statement, desk,
                 key_kind)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
            params![
                self.issuer.name.as_str(),
                &self.serial,
                self.profile.id,
                *shard,
                request.idempotency_key,
                fingerprint,
                Sha256::digest(&request.spki).to_vec(),
                holder.map(|h| h.purpose.as_str()),
                holder.map(|h| h.key_label.as_str()),
                &self.tbs,
                Sha256::digest(&self.tbs).to_vec(),
                *not_before,
                *not_after,
                now,
                request.key_statement.as_deref(),
                request.desk.as_deref(),
                KeyKind::of(&request.spki).map(KeyKind::as_str),
            ],
        )
        .await?;
        Ok(())
    }
}

/// A row with the same idempotency key.
enum Earlier {
    Certificate(Vec<u8>),
    Refusal(String),
    Intent { serial: Vec<u8>, tbs: Vec<u8> },
}

impl Earlier {
    fn read(row: &Row) -> Result<Self, IssueError> {
        if let Some(certificate) = row.get("certificate")? {
            return Ok(Self::Certificate(certificate));
        }
        if let Some(rules) = row.get("refusal")? {
            return Ok(Self::Refusal(rules));
        }
        Ok(Self::Intent {
            serial: row.get("serial")?,
            tbs: row.get("tbs")?,
        })
    }
}

/// A signature may have been made before the crash: the serial number is revoked and never used again.
async fn abandon(tx: &Tx, cx: &Cx, row: &Row) -> Result<(), IssueError> {
    let issuer: String = row.get("issuer")?;
    let serial: Vec<u8> = row.get("serial")?;
    tx.exec(
        "UPDATE certificate SET abandoned_at = $3 WHERE issuer = $1 AND serial = $2",
        params![&issuer, &serial, cx.now()],
    )
    .await?;
    tx.exec(
        "INSERT INTO certificate_status (issuer, serial, sequence, state, reason, at) VALUES ($1, $2, 1, 'revoked', 0, $3)",
        params![&issuer, &serial, cx.now()],
    )
    .await?;
    let subject = format!("{issuer}:{}", hex::encode(&serial));
    audit::record(tx, cx, &Event::new("certificate.intent_abandoned", subject, json!({}))).await?;
    Ok(())
}
