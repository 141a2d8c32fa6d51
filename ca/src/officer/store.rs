//! The lists of officers in the database. It is no authority: the whole chain is verified from the pinned hash on every load.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, Tx, params, retry_on_db_conflict};

use super::{ChainError, ListHash, Officers, SignedList};

/// What the operator's configuration says of the officers; who writes to the database cannot change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Published hash of the first list.
    pub genesis: ListHash,
    /// Version below which no list is in force any more.
    pub at_least: u64,
}

/// Why there is no list in force.
#[derive(Debug, thiserror::Error)]
pub enum OfficersError {
    #[error("no officers are pinned: set ca.officers_genesis to the published hash of the first list")]
    NotPinned,
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error("list {0} in the database does not read as a list")]
    Unreadable(i64),
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(OfficersError);

/// Every list there is, first one first, as stored: nothing is verified.
pub(crate) async fn stored(tx: &Tx) -> Result<Vec<SignedList>, OfficersError> {
    let rows = tx
        .all("SELECT version, signed FROM officer_list ORDER BY version", params![])
        .await?;
    rows.iter()
        .map(|row| {
            let version: i64 = row.get("version")?;
            let text: String = row.get("signed")?;
            serde_json::from_str(&text).map_err(|_| OfficersError::Unreadable(version))
        })
        .collect()
}

/// The officers in force.
pub(crate) async fn load(tx: &Tx, pin: Option<&Pin>) -> Result<Officers, OfficersError> {
    let pin = pin.ok_or(OfficersError::NotPinned)?;
    let chain = stored(tx).await?;
    Ok(Officers::verify(pin.genesis, &chain)?.at_least(pin.at_least)?)
}

/// Puts the next list in force, or the first one.
pub(crate) async fn accept(cx: &Cx, pin: Option<&Pin>, next: &SignedList) -> Result<Officers, OfficersError> {
    let pin = pin.ok_or(OfficersError::NotPinned)?;
    cx.db
        .run("ca.officers", |tx| async move {
            let mut chain = stored(&tx).await?;
            chain.push(next.clone());
            let officers = Officers::verify(pin.genesis, &chain)?;
            insert(&tx, cx, next, &officers).await?;
            Ok(officers)
        })
        .await
}

async fn insert(tx: &Tx, cx: &Cx, next: &SignedList, officers: &Officers) -> Result<(), OfficersError> {
    let list = &next.list;
    let version = i64::try_from(list.version).unwrap_or(i64::MAX);
    let text = serde_json::to_string(next).map_err(|_| OfficersError::Unreadable(version))?;
    let signer = |at: usize| next.signatures.get(at).map(|signature| signature.officer.as_str());
    let hash = officers.hash();
    tx.exec(
        "INSERT INTO officer_list (version, sha256, previous, signed, proposed_by, approved_by, stored_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            version,
            hash.0,
            list.previous.map(|previous| previous.0.to_vec()),
            text,
            signer(0),
            signer(1),
            cx.now(),
        ],
    )
    .await?;
    let agreed: Vec<&str> = next.signatures.iter().map(|s| s.officer.as_str()).collect();
    let detail = json!({ "sha256": hash, "agreed": agreed });
    let event = Event::new("officers.changed", format!("officers:{}", list.version), detail);
    Ok(audit::record(tx, cx, &event).await?)
}
