//! The transaction that reserves serial number, key and intent, or finds what an earlier request left.

use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, Timestamp, Tx, params};

use super::intent::{Cause, IntentId};
use super::prepared::{Intent, Prepared};
use super::{IssueError, Issued, intent, lineage};
use crate::authority::tenure;
use crate::caa::{self, CaaError};
use crate::{KeyKind, Service};

/// What reserving found.
pub(crate) enum Reserved {
    /// This request goes on, with the octets reserved for it just now.
    Now(Box<Prepared>),
    /// It was answered before.
    Issued(Issued),
    /// Another request with this idempotency key is under way, here or on another replica. What may be signed there is never
    /// signed here as well: nothing is reserved.
    Elsewhere(Box<Prepared>),
}

impl Prepared {
    /// The transaction of the intent.
    pub async fn reserve(self, service: &Service) -> Result<Reserved, IssueError> {
        let (this, cx, replica) = (&self, &service.cx, service.replica.id);
        let earlier = cx
            .db
            .run("ca.reserve", |tx| async move {
                // Nearly always nothing is there yet: the statement that reserves finds out.
                if !this.insert(&tx, cx, replica).await? {
                    if let Some(earlier) = this.find_earlier(&tx, cx).await? {
                        return Ok(Some(earlier));
                    }
                    // What stood there was closed on the way.
                    if !this.insert(&tx, cx, replica).await? {
                        return Err(IssueError::UnderWay);
                    }
                }
                // A refusal takes the intent back with it.
                tenure::require(&tx, &this.issuer, this.profile).await?;
                let looks = this.caa.as_ref().map_err(CaaError::clone)?;
                caa::store(&tx, this.issuer.name.as_str(), &this.serial, looks).await?;
                this.claim_key(&tx).await?;
                this.record(&tx, cx).await?;
                Ok::<_, IssueError>(None)
            })
            .await?;
        match earlier {
            None => Ok(Reserved::Now(Box::new(self))),
            Some(Earlier::Certificate(certificate)) => Ok(Reserved::Issued(Issued { certificate })),
            Some(Earlier::Refusal(rules)) => Err(IssueError::Lint(rules)),
            Some(Earlier::Intent { .. }) => Ok(Reserved::Elsewhere(Box::new(self))),
        }
    }

    /// What an earlier request with this idempotency key left; what counts no longer is closed on the way.
    async fn find_earlier(&self, tx: &Tx, cx: &Cx) -> Result<Option<Earlier>, IssueError> {
        let found = tx
            .opt(
                "SELECT issuer, serial, fingerprint, intent_until, certificate, refusal FROM certificate
                 WHERE idempotency_key = $1 AND abandoned_at IS NULL",
                params![self.row.request.idempotency_key],
            )
            .await?;
        let Some(row) = found else { return Ok(None) };
        let earlier = Earlier::read(&row)?;
        let close = async |cause, signed| IntentId::read(&row)?.close(tx, cx, cause, signed).await;
        match earlier {
            Earlier::Intent { until } if until <= cx.now() => {
                close(Cause::Overdue, true).await?;
                return Ok(None);
            }
            // An operator mends the configuration and holds the ceremony again: nothing was signed, so it starts afresh.
            Earlier::Refusal(_) if self.row.request.holder.is_some() => {
                close(Cause::Refused, false).await?;
                return Ok(None);
            }
            _ => {}
        }
        if row.get::<[u8; 32]>("fingerprint")? != self.row.fingerprint {
            let message = "this idempotency key came with another request before";
            return Err(IssueError::refused("idempotency_mismatch", message));
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
                "SELECT k.owner, k.profile, b.cause FROM subject_key k
                 LEFT JOIN blocked_key b ON b.spki_sha256 = k.spki_sha256 WHERE k.spki_sha256 = $1",
                params![&spki],
            )
            .await?;
        if row.get::<Option<String>>("cause")?.is_some() {
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

    /// False when something stands under the idempotency key.
    async fn insert(&self, tx: &Tx, cx: &Cx, replica: [u8; 16]) -> Result<bool, IssueError> {
        let Intent {
            request,
            fingerprint,
            shard,
            not_before,
            not_after,
        } = &self.row;
        let holder = request.holder.as_ref();
        let follows = lineage::find(tx, request).await?;
        let now = cx.now();
        let inserted = tx.exec(
            "INSERT INTO certificate (issuer, serial, profile, shard, idempotency_key, fingerprint, spki_sha256, holder,
                 key_label, tbs, tbs_sha256, not_before, not_after, reserved_at, key_statement, desk,
                 key_kind, in_qscd, intent_of, intent_until, follows_issuer, follows_serial)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
             ON CONFLICT DO NOTHING",
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
                self.in_qscd,
                replica,
                intent::lease_from(now),
                follows.as_ref().map(|f| f.issuer.as_str()),
                follows.as_ref().map(|f| f.serial.as_slice()),
            ],
        )
        .await?;
        Ok(inserted == 1)
    }

    /// Where no event can be stored, nothing is signed either.
    async fn record(&self, tx: &Tx, cx: &Cx) -> Result<(), IssueError> {
        let tbs_sha256 = hex::encode(Sha256::digest(&self.tbs));
        let mut detail = json!({ "profile": self.profile.id, "tbs_sha256": tbs_sha256 });
        if let (Ok(looks @ [_, ..]), Some(fields)) = (self.caa.as_deref(), detail.as_object_mut()) {
            fields.insert("caa_sha256".to_owned(), caa::digest(looks).into());
        }
        audit::record(tx, cx, &Event::new("certificate.reserved", self.subject_id(), detail)).await?;
        Ok(())
    }
}

/// A row with the same idempotency key.
enum Earlier {
    Certificate(Vec<u8>),
    Refusal(String),
    /// Whoever made it may still end it until then.
    Intent {
        until: Timestamp,
    },
}

impl Earlier {
    fn read(row: &Row) -> Result<Self, IssueError> {
        if let Some(certificate) = row.get("certificate")? {
            return Ok(Self::Certificate(certificate));
        }
        if let Some(rules) = row.get("refusal")? {
            return Ok(Self::Refusal(rules));
        }
        let until: Option<i64> = row.get("intent_until")?;
        Ok(Self::Intent {
            until: Timestamp(until.unwrap_or(0)),
        })
    }
}
