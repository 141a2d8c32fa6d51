//! Keys that are never certified: every revocation for key compromise blocks one, and operators block what is known to be
//! out in the world (P-07, EN 319 411-1 section 6.3.1, Baseline Requirements section 6.1.1.3).

use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, Tx, params};

use crate::Service;

/// Blocks the key with that SHA-256 of its SubjectPublicKeyInfo; a key that is blocked stays as it is.
pub(crate) async fn block(tx: &Tx, cx: &Cx, spki_sha256: &[u8], cause: &str) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO blocked_key (spki_sha256, cause, blocked_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        params![spki_sha256, cause, cx.now()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn is_blocked(tx: &Tx, spki_sha256: &[u8]) -> Result<bool, DbError> {
    let found = tx
        .opt(
            "SELECT cause FROM blocked_key WHERE spki_sha256 = $1",
            params![spki_sha256],
        )
        .await?;
    Ok(found.is_some())
}

impl Service {
    /// Blocks a key (SubjectPublicKeyInfo, DER) whether or not it was certified here; recorded with its cause.
    pub async fn block_key(&self, spki: &[u8], cause: &str) -> Result<(), DbError> {
        let (cx, hash) = (&self.cx, &Sha256::digest(spki).to_vec());
        cx.db
            .run("ca.block_key", |tx| async move {
                block(&tx, cx, hash, cause).await?;
                let event = Event::new("key.blocked", hex::encode(hash), json!({ "cause": cause }));
                audit::record(&tx, cx, &event).await
            })
            .await
    }
}
