//! The exact octets to be signed, and the transaction that reserves their serial number, key and intent.

use std::sync::Arc;
use std::time::Duration;

use der::Encode;
use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, Timestamp, Tx, params};

use super::linted::{Linted, Rejected};
use super::request::Request;
use super::{IssueError, Issued};
use crate::Service;
use crate::authority::Issuer;
use crate::config::Config;
use crate::lint::{self, Context};
use crate::profile::Profile;
use crate::tbs::{Particulars, Tbs};

/// Relying parties' clocks may be this much behind (P-02 allows an hour).
const BACKDATE: Duration = Duration::from_secs(60);

/// An intent this old was left by a crash; a new serial number is used and the old one counts as revoked.
const INTENT_LIVES: Duration = Duration::from_secs(600);

/// Second stage: built, not yet linted.
pub(crate) struct Prepared {
    pub(super) issuer: Arc<Issuer>,
    pub(super) profile: &'static Profile,
    pub(super) serial: Vec<u8>,
    pub(super) tbs: Vec<u8>,
    in_qscd: bool,
    row: Intent,
}

/// What the database keeps of the intent besides.
struct Intent {
    request: Request,
    fingerprint: [u8; 32],
    shard: u32,
    not_before: Timestamp,
    not_after: Timestamp,
}

/// What reserving found.
pub(crate) enum Reserved {
    /// This request goes on, with the octets reserved for it just now or before a crash.
    Now(Prepared),
    /// It was answered before.
    Issued(Issued),
}

impl Prepared {
    /// Builds the certificate; refuses when it would outlive its issuer.
    pub fn new(service: &Service, request: Request) -> Result<Self, IssueError> {
        let config = &service.config;
        let serial = fresh_serial(config, &service.cx);
        let shard = shard_of(config, &serial);
        let issuer = Arc::clone(&request.issuer);
        let whole = Timestamp::from_seconds(service.cx.now().minus(BACKDATE).seconds());
        let not_before = issuer.validity.map_or(whole, |(from, _)| whole.max(from));
        let not_after = Timestamp::from_seconds(not_before.seconds().saturating_add(request.validity - 1));
        if issuer.validity.is_some_and(|(_, to)| not_after > to) {
            let message = "the certificate would outlive its issuer: a new CA generation is due";
            return Err(IssueError::refused("outlives_issuer", message));
        }
        let particulars = Particulars {
            serial: &serial,
            subject: &request.subject,
            spki: &request.spki,
            not_before,
            not_after,
            in_qscd: request.in_qscd,
            shard,
        };
        let tbs = Tbs::build(config, &issuer, request.profile, &particulars)?.to_der()?;
        Ok(Self {
            issuer,
            profile: request.profile,
            serial: serial.to_vec(),
            tbs,
            in_qscd: request.in_qscd,
            row: Intent {
                fingerprint: request.fingerprint()?,
                request,
                shard,
                not_before,
                not_after,
            },
        })
    }

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
            None => Ok(Reserved::Now(self)),
            Some(Earlier::Certificate(certificate)) => Ok(Reserved::Issued(Issued { certificate })),
            Some(Earlier::Refusal(rules)) => Err(IssueError::Lint(rules)),
            Some(Earlier::Intent { serial, tbs }) => Ok(Reserved::Now(Self { serial, tbs, ..self })),
        }
    }

    /// Reads the octets with the linter; the one way to a [`Linted`].
    pub fn lint(self, config: &Config, now: Timestamp) -> Result<Linted, Rejected> {
        let context = Context {
            config,
            issuer: &self.issuer,
            profile: self.profile,
            in_qscd: self.in_qscd,
            now,
        };
        match lint::lint(&self.tbs, &context) {
            Ok(()) => Ok(Linted::new(self)),
            Err(findings) => Err(Rejected::new(self, findings)),
        }
    }

    pub(super) fn subject_id(&self) -> String {
        format!("{}:{}", self.issuer.name, hex::encode(&self.serial))
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
        if row.get::<[u8; 32]>("fingerprint")? != self.row.fingerprint {
            let message = "this idempotency key came with another request before";
            return Err(IssueError::refused("idempotency_mismatch", message));
        }
        let earlier = Earlier::read(&row)?;
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
            .one("SELECT owner, profile, blocked_at FROM subject_key WHERE spki_sha256 = $1", params![&spki])
            .await?;
        if row.get::<Option<Timestamp>>("blocked_at")?.is_some() {
            return Err(IssueError::refused("key_compromised", "this key was revoked as compromised"));
        }
        if row.get::<[u8; 32]>("owner")? != request.owner || row.get::<String>("profile")? != self.profile.id {
            return Err(IssueError::refused("key_in_use", "this key is certified for another owner or purpose"));
        }
        Ok(())
    }

    async fn insert(&self, tx: &Tx, now: Timestamp) -> Result<(), IssueError> {
        let Intent { request, fingerprint, shard, not_before, not_after } = &self.row;
        let holder = request.holder.as_ref();
        tx.exec(
            "INSERT INTO certificate (issuer, serial, profile, shard, idempotency_key, fingerprint, spki_sha256, holder,
                 key_label, tbs, tbs_sha256, not_before, not_after, reserved_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
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

/// One configured octet (replica) and 128 random bits: 17 octets, positive (P-01).
fn fresh_serial(config: &Config, cx: &Cx) -> [u8; 17] {
    let mut serial = [config.serial_prefix; 17];
    if let Some(random) = serial.get_mut(1..) {
        cx.random.fill(random);
    }
    serial
}

/// The serial number modulo the number of lists.
fn shard_of(config: &Config, serial: &[u8]) -> u32 {
    let shards = config.crl_shards.max(1);
    serial.iter().fold(0u64, |sum, octet| (sum * 256 + u64::from(*octet)) % u64::from(shards)) as u32
}
