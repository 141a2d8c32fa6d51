//! The tree as it is stored: leaf hashes with the events, a row for each complete tile above them.

use super::proof::{Lack, Place, Tiles, WIDTH};
use super::tree::{Hash, TreeHead, root_of};
use crate::cx::Cx;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::params;

/// Rows made in one transaction.
const BATCH: u64 = 64;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error("the log has not so many entries")]
    Outside,
    #[error("tile {n} of level {level} is not complete in the database")]
    Tile { level: u8, n: u64 },
    #[error("the proof does not hold: the stored hashes were changed; `signum audit verify` says where")]
    Broken,
    #[error("no checkpoint of this size was signed")]
    NoCheckpoint,
    #[error("a stored checkpoint: {0}")]
    Checkpoint(#[from] super::CheckpointError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// SQL numbers are signed.
pub(super) fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Makes the hash of every tile that has become complete.
pub(super) async fn grow(cx: &Cx) -> Result<(), DbError> {
    let newest = "SELECT COALESCE(MAX(leaf_index), -1) AS last FROM audit_event";
    let row = cx.db.opt(newest, vec![]).await?.ok_or(DbError::NotFound)?;
    let mut hashes = u64::try_from(row.get::<i64>("last")?.saturating_add(1)).unwrap_or_default();
    for level in 1..8u8 {
        hashes /= WIDTH;
        if hashes == 0 {
            break;
        }
        while cx
            .db
            .run("audit.grow", |tx| async move { grow_level(&tx, level, hashes).await })
            .await?
        {}
    }
    Ok(())
}

/// Some hashes of a level that shall have `hashes`; tells whether there may be more to do.
async fn grow_level(tx: &Tx, level: u8, hashes: u64) -> Result<bool, DbError> {
    let last = "SELECT COALESCE(MAX(n), -1) AS last FROM audit_subtree WHERE level = $1";
    let last: i64 = tx.one(last, params![i64::from(level)]).await?.get("last")?;
    let first = u64::try_from(last.saturating_add(1)).unwrap_or_default();
    let end = hashes.min(first.saturating_add(BATCH));
    for n in first..end {
        let place = Place { level: level - 1, n };
        let (sql, parameters) = query(place, WIDTH);
        let Some(tile) = complete(&tx.all(sql, parameters).await?, WIDTH)? else {
            // A gap: `verify` tells it, and no proof is given over it.
            return Ok(false);
        };
        tx.exec(
            "INSERT INTO audit_subtree (level, n, hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            params![i64::from(level), number(n), root_of(&tile)],
        )
        .await?;
    }
    Ok(end < hashes)
}

/// The first `width` hashes of a tile; `None` when there are not so many.
pub(super) async fn tile(db: &Db, place: Place, width: u64) -> Result<Option<Vec<Hash>>, DbError> {
    let (sql, parameters) = query(place, width);
    complete(&db.all(sql, parameters).await?, width)
}

fn query(place: Place, width: u64) -> (&'static str, Vec<Value>) {
    let first = place.n.saturating_mul(WIDTH);
    let (low, high) = (number(first), number(first.saturating_add(width)));
    match place.level {
        0 => (
            "SELECT leaf_hash AS hash FROM audit_event WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index",
            params![low, high],
        ),
        level => (
            "SELECT hash FROM audit_subtree WHERE n >= $1 AND n < $2 AND level = $3 ORDER BY n",
            params![low, high, i64::from(level)],
        ),
    }
}

fn complete(rows: &[Row], width: u64) -> Result<Option<Vec<Hash>>, DbError> {
    if rows.len() as u64 != width {
        return Ok(None);
    }
    rows.iter()
        .map(|row| row.get("hash"))
        .collect::<Result<_, _>>()
        .map(Some)
}

/// Computes over the stored tree of `size` entries, reading the tiles that it takes.
pub(super) async fn over<T>(db: &Db, size: u64, compute: impl Fn(&Tiles) -> Result<T, Lack>) -> Result<T, ProofError> {
    let mut tiles = Tiles::of(size);
    loop {
        match compute(&tiles) {
            Ok(value) => return Ok(value),
            Err(Lack::Outside) => return Err(ProofError::Outside),
            Err(Lack::Tile(place)) => {
                let Place { level, n } = place;
                let hashes = tile(db, place, place.width(size)).await?;
                tiles.put(place, hashes.ok_or(ProofError::Tile { level, n })?);
            }
        }
    }
}

/// The head of the first `size` entries.
pub(super) async fn head(db: &Db, size: u64) -> Result<TreeHead, ProofError> {
    over(db, size, Tiles::head).await
}
