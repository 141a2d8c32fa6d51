//! What a list says, read together with its number in one transaction (C-02).

use signum_core::db::Row;
use signum_core::{DbError, Timestamp, Tx, params};

use super::CrlError;
use super::list::Entries;
use crate::authority::{AuthorityName, Role};
use crate::status::{Status, doubtful_since};

/// Rows read at a time: a list of a million entries is never in memory as rows.
const PAGE: u32 = 4096;

/// Number and entries.
pub(super) struct Snapshot {
    pub number: i64,
    pub entries: Entries,
}

/// Allocates the next number and reads every certificate of the part that is not good. PostgreSQL refuses the second of two
/// transactions that take a number at once (it starts anew), SQLite lets them in one after the other: a later number never
/// says less. `ended_before`: certificates that ended earlier are left out.
pub(super) async fn read(
    tx: &Tx,
    issuer: AuthorityName,
    shard: u32,
    ended_before: Timestamp,
) -> Result<Snapshot, CrlError> {
    let row = tx
        .one(
            "INSERT INTO crl_number (issuer, shard, number) VALUES ($1, $2, 1)
             ON CONFLICT (issuer, shard) DO UPDATE SET number = crl_number.number + 1 RETURNING number",
            params![issuer.as_str(), shard],
        )
        .await?;
    let mut entries = Entries::default();
    let (mut serial, mut sequence) = (Vec::new(), 0);
    let mut history = Vec::new();
    loop {
        let rows = page(tx, issuer, shard, ended_before, (&serial, sequence)).await?;
        let is_last = rows.len() < PAGE as usize;
        for row in rows {
            let of: Vec<u8> = row.get("serial")?;
            if of != serial {
                add(&mut entries, issuer, &serial, &history)?;
                history.clear();
                serial = of;
            }
            sequence = row.get("sequence")?;
            history.push(row);
        }
        if is_last {
            add(&mut entries, issuer, &serial, &history)?;
            return Ok(Snapshot {
                number: row.get("number")?,
                entries,
            });
        }
    }
}

async fn page(
    tx: &Tx,
    issuer: AuthorityName,
    shard: u32,
    ended_before: Timestamp,
    (serial, sequence): (&[u8], i64),
) -> Result<Vec<Row>, DbError> {
    tx.all(
        "SELECT s.serial, s.sequence, s.state, s.reason, s.at, s.invalid_since FROM certificate_status s
         JOIN certificate c ON c.issuer = s.issuer AND c.serial = s.serial AND c.shard = $2 AND c.not_after >= $3
         WHERE s.issuer = $1 AND (s.serial, s.sequence) > ($4, $5) ORDER BY s.serial, s.sequence LIMIT $6",
        params![issuer.as_str(), shard, ended_before, serial, sequence, PAGE],
    )
    .await
}

fn add(entries: &mut Entries, issuer: AuthorityName, serial: &[u8], history: &[Row]) -> Result<(), CrlError> {
    if history.is_empty() {
        return Ok(());
    }
    let status = Status::after(history)?;
    if let Status::Revoked { since, reason } = status {
        let doubtful = status.is_final() && issuer.role != Role::Tls;
        let doubtful_since = doubtful.then(|| doubtful_since(history)).transpose()?.flatten();
        entries.push(serial, since, reason, doubtful_since)?;
    }
    Ok(())
}
