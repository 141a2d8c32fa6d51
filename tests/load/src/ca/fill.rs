//! Rows as issuance leaves them, by the hundred: certificates, their keys and their audit events.

use std::fmt::Write;

use anyhow::{Context, Result};
use signum_core::db::Value;
use signum_core::{Random, Timestamp, params};

use super::stand::Stand;

/// Rows in one statement.
const ROWS: usize = 200;
/// Statements in one transaction.
const STATEMENTS: usize = 20;

/// Adds certificates of the signature CA until `total` are stored; each is a copy of one that was issued, with its own serial
/// number, key and idempotency key.
pub async fn to(stand: &Stand, total: usize) -> Result<()> {
    let db = &stand.cx.db;
    let row = db
        .opt(
            "SELECT COUNT(*) AS n FROM certificate WHERE certificate IS NOT NULL",
            vec![],
        )
        .await?;
    let stored: i64 = row.context("no count")?.get("n")?;
    let mut missing = total.saturating_sub(usize::try_from(stored)?);
    let model = Model::issued(stand).await?;
    while missing > 0 {
        let now = missing.min(ROWS * STATEMENTS);
        add(stand, &model, now).await?;
        missing -= now;
    }
    if stand.engine == super::Engine::Postgres {
        db.all("ANALYZE", vec![]).await?;
    }
    Ok(())
}

/// What every copy has.
struct Model {
    tbs: Vec<u8>,
    certificate: Vec<u8>,
    at: Timestamp,
}

impl Model {
    async fn issued(stand: &Stand) -> Result<Self> {
        let request = super::issuance::requests(1)?.remove(0);
        super::issuance::issue(&stand.ca, request).await?;
        let row = stand
            .cx
            .db
            .opt(
                "SELECT tbs, certificate, issued_at FROM certificate WHERE issuer = $1 AND certificate IS NOT NULL
                 ORDER BY issued_at DESC LIMIT 1",
                params!["qsig"],
            )
            .await?
            .context("nothing was issued")?;
        Ok(Self {
            tbs: row.get("tbs")?,
            certificate: row.get("certificate")?,
            at: row.get("issued_at")?,
        })
    }
}

async fn add(stand: &Stand, model: &Model, rows: usize) -> Result<()> {
    let random = stand.cx.random.as_ref();
    let mut certificates = Vec::new();
    let mut keys = Vec::new();
    let mut events = Vec::new();
    for _ in 0..rows {
        let key: [u8; 32] = random.bytes();
        let serial = [vec![1], random.bytes::<16>().to_vec()].concat();
        certificates.push(certificate(model, random, key, &serial));
        keys.push(params![key, [9_u8; 32], "citizen-signature"]);
        let subject = format!(
            "qsig:{}",
            serial
                .iter()
                .fold(String::new(), |text, octet| text + &format!("{octet:02x}"))
        );
        events.push(params![
            random.bytes::<16>(),
            model.at,
            "certificate.issued",
            subject,
            "{}",
            random.bytes::<32>()
        ]);
    }
    insert(stand, CERTIFICATE, certificates).await?;
    insert(stand, KEY, keys).await?;
    insert(stand, EVENT, events).await
}

const CERTIFICATE: (&str, usize) = (
    "certificate (issuer, serial, profile, shard, idempotency_key, fingerprint, spki_sha256, tbs, tbs_sha256, not_before,
     not_after, reserved_at, certificate, issued_at, key_kind)",
    15,
);
const KEY: (&str, usize) = ("subject_key (spki_sha256, owner, profile)", 3);
const EVENT: (&str, usize) = ("audit_event (id, at, kind, subject, detail, salt)", 6);

fn certificate(model: &Model, random: &dyn Random, key: [u8; 32], serial: &[u8]) -> Vec<Value> {
    let ends = Timestamp::from_seconds(model.at.seconds() + 90_000_000);
    params![
        "qsig",
        serial,
        "citizen-signature",
        0_i64,
        random.bytes::<16>(),
        random.bytes::<32>(),
        key,
        &model.tbs,
        random.bytes::<32>(),
        model.at,
        ends,
        model.at,
        &model.certificate,
        model.at,
        "p256",
    ]
}

async fn insert(stand: &Stand, (table, columns): (&str, usize), mut rows: Vec<Vec<Value>>) -> Result<()> {
    while !rows.is_empty() {
        let batch: Vec<_> = rows.drain(..rows.len().min(ROWS)).collect();
        let sql = statement(table, columns, batch.len());
        let (sql, values) = (sql, &batch.concat());
        stand
            .cx
            .db
            .run("load.fill", |tx| async move { tx.exec(sql, values.clone()).await })
            .await?;
    }
    Ok(())
}

/// `INSERT INTO t VALUES ($1, $2), ($3, $4)`, made once for each shape and kept.
fn statement(table: &str, columns: usize, rows: usize) -> &'static str {
    use std::collections::HashMap;
    use std::sync::{LazyLock, Mutex, PoisonError};
    static MADE: LazyLock<Mutex<HashMap<(String, usize), &'static str>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.entry((table.to_owned(), rows)).or_insert_with(|| {
        let mut sql = format!("INSERT INTO {table} VALUES ");
        for row in 0..rows {
            let places: Vec<_> = (1..=columns)
                .map(|column| format!("${}", row * columns + column))
                .collect();
            let comma = if row == 0 { "" } else { ", " };
            // Writing to a String does not fail.
            let _written = write!(sql, "{comma}({})", places.join(", "));
        }
        Box::leak(sql.into_boxed_str())
    })
}
