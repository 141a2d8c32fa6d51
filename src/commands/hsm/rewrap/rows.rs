//! The rows of people's keys in the signer's database, read page by page and replaced one by one.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use signum_activation::module::wrapped;
use signum_activation::protocol::StoredKey;
use signum_core::audit::{self, Event};
use signum_core::db::Db;
use signum_core::{Cx, DbError, Id, params};
use signum_hsm_shim::HsmError;
use signum_hsm_shim::ceremony::LARGEST_BATCH;
use signum_hsm_shim::wrap::WrappedKey;

/// Which keys there are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub due: u64,
    pub elsewhere: u64,
    /// Their authenticator is promised by an HMAC over the old binding: they are sealed first (docs/decisions/0011).
    pub unsealed: u64,
    pub ended: u64,
}

/// What became of those that were due.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    pub replaced: u64,
    pub changed: u64,
    pub refused: u64,
}

struct Stored {
    id: Id<StoredKey>,
    state: String,
    text: String,
    key: StoredKey,
}

impl Stored {
    fn is_ended(&self) -> bool {
        matches!(self.state.as_str(), "failed" | "superseding" | "superseded")
    }

    fn is_due(&self, epoch: u32) -> bool {
        self.key.epoch == epoch && matches!(self.state.as_str(), "sealed" | "ready")
    }
}

/// Counts them, of all epochs.
pub(super) async fn count(db: &Db, epoch: u32) -> Result<Counts> {
    let (mut counts, mut after) = (Counts::default(), Vec::new());
    loop {
        let page = page(db, &after).await?;
        let Some(last) = page.last() else {
            return Ok(counts);
        };
        after = last.id.bytes();
        for stored in &page {
            let count = match stored.state.as_str() {
                _ if stored.key.epoch != epoch => &mut counts.elsewhere,
                "sealed" | "ready" => &mut counts.due,
                _ if stored.is_ended() => &mut counts.ended,
                _ => &mut counts.unsealed,
            };
            *count += 1;
        }
    }
}

/// How many keys can still be used or sealed, by the epoch of the KEK that opens them.
pub(in crate::commands::hsm) async fn needed(db: &Db) -> Result<BTreeMap<u32, u64>> {
    let (mut needed, mut after) = (BTreeMap::new(), Vec::new());
    loop {
        let page = page(db, &after).await?;
        let Some(last) = page.last() else {
            return Ok(needed);
        };
        after = last.id.bytes();
        for stored in page.iter().filter(|stored| !stored.is_ended()) {
            *needed.entry(stored.key.epoch).or_default() += 1;
        }
    }
}

/// Gives each page's rows of `epoch` to `rewrap` and puts its answers in their places; tells how far it is.
pub(super) async fn replace(
    cx: &Cx,
    epoch: u32,
    due: u64,
    mut rewrap: impl FnMut(&[WrappedKey]) -> Result<Vec<Result<WrappedKey, HsmError>>, HsmError>,
) -> Result<Done> {
    let (mut done, mut after) = (Done::default(), Vec::new());
    loop {
        let page = page(&cx.db, &after).await?;
        let Some(last) = page.last() else {
            return Ok(done);
        };
        after = last.id.bytes();
        let batch: Vec<&Stored> = page.iter().filter(|stored| stored.is_due(epoch)).collect();
        if batch.is_empty() {
            continue;
        }
        let keys: Vec<WrappedKey> = batch.iter().map(|stored| wrapped(&stored.key)).collect();
        for (stored, answer) in batch.into_iter().zip(rewrap(&keys)?) {
            match answer {
                Ok(new) if replace_one(cx, stored, &new).await? => done.replaced += 1,
                Ok(_) => done.changed += 1,
                Err(error) => {
                    eprintln!("enrolment {}: {error}", stored.id);
                    done.refused += 1;
                }
            }
        }
        eprintln!("{} of {due}", done.replaced + done.changed + done.refused);
    }
}

/// One statement that names the old row as it was read; false if it is another by now.
async fn replace_one(cx: &Cx, stored: &Stored, new: &WrappedKey) -> Result<bool> {
    ensure!(
        new.owner.key == stored.key.credential && new.owner.person == stored.key.person && new.spki == stored.key.spki,
        "the ceremony's process answered for another row"
    );
    let key = StoredKey {
        epoch: new.owner.epoch,
        blob: new.blob.clone(),
        binding: new.binding.clone(),
        ..stored.key.clone()
    };
    let (text, old, id) = (&serde_json::to_string(&key)?, &stored.text, stored.id);
    let detail = json!({ "from": stored.key.epoch, "to": key.epoch });
    let event = &Event::new("key.rewrapped", id, detail);
    let changed = cx.db.run::<_, DbError, _, _>("key.rewrap", |tx| async move {
        let changed = tx
            .exec(
                "UPDATE enrolment SET stored_key = $1 WHERE id = $2 AND stored_key = $3 AND state IN ('sealed', 'ready')",
                params![text, id, old],
            )
            .await?;
        if changed > 0 {
            audit::record(&tx, cx, event).await?;
        }
        Ok(changed)
    });
    Ok(changed.await? == 1)
}

async fn page(db: &Db, after: &[u8]) -> Result<Vec<Stored>> {
    let rows = db.all(
        "SELECT id, state, stored_key FROM enrolment WHERE stored_key IS NOT NULL AND id > $1 ORDER BY id LIMIT $2",
        params![after.to_vec(), LARGEST_BATCH as i64],
    );
    let mut page = Vec::new();
    for row in rows.await? {
        let (id, text): (Id<StoredKey>, String) = (row.get("id")?, row.get("stored_key")?);
        let key =
            serde_json::from_str(&text).with_context(|| format!("enrolment {}: its stored key does not decode", id))?;
        let state = row.get("state")?;
        page.push(Stored { id, state, text, key });
    }
    Ok(page)
}

#[cfg(test)]
mod tests;
