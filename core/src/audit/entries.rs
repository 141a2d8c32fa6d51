//! Entries as they are published: what each leaf covers, behind its length, 256 to a bundle (C2SP tlog-tiles, log entries).

use sha2::{Digest, Sha256};

use super::leaf::Leaf;
use super::proof::WIDTH;
use super::stored::number;
use super::tree::Hash;
use crate::db::{Db, DbError, Row};
use crate::params;

/// The leaf's octets of a row that has its order: hashes of its texts, not the texts.
pub(super) fn octets(row: &Row, service: &str) -> Result<Vec<u8>, DbError> {
    let kind: String = row.get("kind")?;
    Ok(Leaf {
        service,
        id: row.get("id")?,
        at: row.get("at")?,
        kind: &kind,
        subject: row.get("subject_hash")?,
        detail: row.get("detail_hash")?,
    }
    .octets())
}

/// The first `width` entries of bundle `n`; `None` when there are not so many.
pub(super) async fn bundle(db: &Db, service: &str, n: u64, width: u64) -> Result<Option<Vec<u8>>, DbError> {
    let first = n.saturating_mul(WIDTH);
    let rows = db.all(
        "SELECT id, at, kind, subject_hash, detail_hash FROM audit_event
         WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index",
        params![number(first), number(first.saturating_add(width))],
    );
    let rows = rows.await?;
    if rows.len() as u64 != width {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(rows.len() * 256);
    for row in &rows {
        let entry = octets(row, service)?;
        // A leaf is a few hundred octets: kinds are names in this program.
        out.extend(u16::try_from(entry.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend(entry);
    }
    Ok(Some(out))
}

/// The leaf hash of every entry of a bundle. What does not end with an entry counts as one that was never signed.
pub(super) fn hashes(bundle: &[u8]) -> Vec<Hash> {
    let mut rest = bundle;
    let mut hashes = Vec::new();
    while !rest.is_empty() {
        let entry = match split_first(rest) {
            Some((entry, after)) => {
                rest = after;
                entry
            }
            None => std::mem::take(&mut rest),
        };
        hashes.push(Sha256::new().chain_update([0x00]).chain_update(entry).finalize().into());
    }
    hashes
}

fn split_first(bundle: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bundle.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}
