//! How the CA stands, for its operators: own keys and when their certificates end, lists and how fresh they are, what waits.
//! Read from the database alone, without the token (EN 319 411-1 section 6.4.8: what runs out is seen in time).

use std::collections::BTreeMap;

use signum_core::db::Row;
use signum_core::{Cx, DbError, Timestamp, params};

use crate::clock_look::{ClockLook, clocks};
use crate::profile::tsu;

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// By holder: root, authorities, their responders, the time-stamping unit.
    pub keys: Vec<OwnKey>,
    /// By issuer and shard.
    pub lists: Vec<List>,
    /// The status answer signed in advance that is due first.
    pub oldest_answer: Option<Answer>,
    /// The newest second look at stored certificates.
    pub relint: Option<RelintLook>,
    /// Authorities that two officers have revoked and the offline root's list does not name yet.
    pub ceremonies: Vec<DueCeremony>,
    /// By replica.
    pub clocks: Vec<ClockLook>,
    pub queue: Queue,
}

/// A second look at stored certificates (L-05).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelintLook {
    pub at: Timestamp,
    pub read: i64,
    pub findings: i64,
}

/// A ceremony of kind `revoke` that is to be held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueCeremony {
    pub authority: String,
    pub since: Timestamp,
}

/// The newest certificate of one of our own keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnKey {
    /// `root`, `qsig`, `ocsp-qsig`, `tsu` ...
    pub holder: String,
    pub issuer: String,
    pub key_label: String,
    pub serial: Vec<u8>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// When the key's use ends, which is before its certificate does where that has a privateKeyUsagePeriod.
    pub used_until: Timestamp,
}

impl OwnKey {
    /// Whether it issues certificates; otherwise it answers for an authority, and is renewed without a ceremony.
    pub fn is_authority(&self) -> bool {
        crate::AuthorityName::parse(&self.holder).is_some()
    }
}

/// The newest list of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    pub issuer: String,
    pub shard: u32,
    pub number: i64,
    pub this_update: Timestamp,
    pub next_update: Timestamp,
}

/// A status answer signed in advance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub issuer: String,
    /// When its successor is to be signed.
    pub refresh_at: Timestamp,
    /// From then on it is not served.
    pub next_update: Timestamp,
}

/// What waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// Certificates that were begun and are neither issued, refused nor given up.
    pub intents: i64,
    /// Since when the oldest of them.
    pub oldest_intent: Option<Timestamp>,
    /// Changes of status whose audit event is owed.
    pub owed_events: i64,
    /// Requests of officers that wait for another officer.
    pub approvals: i64,
}

/// Reads it.
pub async fn overview(cx: &Cx) -> Result<Overview, DbError> {
    Ok(Overview {
        keys: keys(cx).await?,
        lists: lists(cx).await?,
        oldest_answer: oldest_answer(cx).await?,
        relint: relint(cx).await?,
        ceremonies: ceremonies(cx).await?,
        clocks: clocks(cx).await?,
        queue: queue(cx).await?,
    })
}

async fn keys(cx: &Cx) -> Result<Vec<OwnKey>, DbError> {
    let rows = cx.db.all(
        "SELECT holder, issuer, key_label, serial, profile, not_before, not_after FROM certificate
         WHERE holder IS NOT NULL AND certificate IS NOT NULL ORDER BY holder, not_before, issued_at",
        vec![],
    );
    let mut newest = BTreeMap::new();
    for row in rows.await? {
        let (not_before, not_after): (Timestamp, Timestamp) = (row.get("not_before")?, row.get("not_after")?);
        let usage = match row.get::<String>("profile")? == tsu::PROFILE.id {
            true => tsu::PROFILE.private_key_usage,
            false => None,
        };
        let used_until = usage.map_or(not_after, |seconds| {
            Timestamp::from_seconds(not_before.seconds() + seconds)
        });
        let key = OwnKey {
            holder: row.get("holder")?,
            issuer: row.get("issuer")?,
            key_label: row.get("key_label")?,
            serial: row.get("serial")?,
            not_before,
            not_after,
            used_until: used_until.min(not_after),
        };
        newest.insert(key.holder.clone(), key);
    }
    Ok(newest.into_values().collect())
}

async fn lists(cx: &Cx) -> Result<Vec<List>, DbError> {
    let rows = cx.db.all(
        "SELECT c.issuer, c.shard, c.number, c.this_update, c.next_update FROM crl c
         JOIN (SELECT issuer, shard, MAX(number) AS number FROM crl GROUP BY issuer, shard) newest
           ON newest.issuer = c.issuer AND newest.shard = c.shard AND newest.number = c.number
         ORDER BY c.issuer, c.shard",
        vec![],
    );
    let read = |row: &Row| {
        Ok(List {
            issuer: row.get("issuer")?,
            shard: row.get("shard")?,
            number: row.get("number")?,
            this_update: row.get("this_update")?,
            next_update: row.get("next_update")?,
        })
    };
    rows.await?.iter().map(read).collect()
}

async fn oldest_answer(cx: &Cx) -> Result<Option<Answer>, DbError> {
    let sql = "SELECT issuer, refresh_at, next_update FROM ocsp_answer ORDER BY refresh_at LIMIT 1";
    let read = |row: Row| {
        Ok(Answer {
            issuer: row.get("issuer")?,
            refresh_at: row.get("refresh_at")?,
            next_update: row.get("next_update")?,
        })
    };
    cx.db.opt(sql, vec![]).await?.map(read).transpose()
}

async fn relint(cx: &Cx) -> Result<Option<RelintLook>, DbError> {
    let sql = "SELECT at, read, findings FROM relint_look ORDER BY at DESC LIMIT 1";
    let read = |row: Row| {
        Ok(RelintLook {
            at: row.get("at")?,
            read: row.get("read")?,
            findings: row.get("findings")?,
        })
    };
    cx.db.opt(sql, vec![]).await?.map(read).transpose()
}

async fn ceremonies(cx: &Cx) -> Result<Vec<DueCeremony>, DbError> {
    let sql = "SELECT authority, decided_at FROM authority_end WHERE manner = 'ceremony' AND ended_at IS NULL ORDER BY decided_at";
    let read = |row: &Row| {
        Ok(DueCeremony {
            authority: row.get("authority")?,
            since: row.get("decided_at")?,
        })
    };
    cx.db.all(sql, vec![]).await?.iter().map(read).collect()
}

async fn queue(cx: &Cx) -> Result<Queue, DbError> {
    let intents = "SELECT COUNT(*) AS n, MIN(reserved_at) AS oldest FROM certificate
                   WHERE certificate IS NULL AND refusal IS NULL AND abandoned_at IS NULL";
    let intents = cx.db.opt(intents, vec![]).await?.ok_or(DbError::NotFound)?;
    let owed = cx.db.opt("SELECT COUNT(*) AS n FROM status_event_owed", vec![]).await?;
    let approvals = cx.db.opt(
        "SELECT COUNT(*) AS n FROM approval_request r WHERE r.spent_at IS NULL AND r.expires_at > $1
         AND NOT EXISTS (SELECT 1 FROM approval a WHERE a.request = r.id)",
        params![cx.now()],
    );
    Ok(Queue {
        intents: intents.get("n")?,
        oldest_intent: intents.get("oldest")?,
        owed_events: owed.ok_or(DbError::NotFound)?.get("n")?,
        approvals: approvals.await?.ok_or(DbError::NotFound)?.get("n")?,
    })
}
