//! The generations of the key of people's data: each follows from an HMAC key that never leaves the token, asked for once by every
//! process; the database knows the token's keys by label and a check value.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, Tx, params};
use signum_hsm_shim::{Hsm, KeyUri};
use subtle::ConstantTimeEq;

use super::PeopleError;
use super::seal::{EpochKeys, ROOT};

/// Labels of the keys in the token begin so.
pub(super) const LABEL: &str = "idp-people-";

/// What this process holds of the keys.
pub(super) struct Ring {
    hsm: Arc<dyn Hsm>,
    /// Label of the token.
    token: String,
    held: RwLock<BTreeMap<u32, Arc<EpochKeys>>>,
}

/// A generation as the database knows it.
pub(super) struct Recorded {
    pub epoch: u32,
    pub object: String,
    check_value: Vec<u8>,
}

impl Ring {
    /// Learns the newest generation; makes the first one where there is none.
    pub(super) async fn load_or_make(cx: &Cx, hsm: Arc<dyn Hsm>, token: &str) -> Result<Self, PeopleError> {
        let ring = Self {
            hsm,
            token: token.to_owned(),
            held: RwLock::default(),
        };
        if newest(cx).await?.is_none() {
            ring.make(cx, 1, None).await?;
        }
        ring.current(cx).await?;
        Ok(ring)
    }

    /// The keys that are sealed with now.
    pub(super) async fn current(&self, cx: &Cx) -> Result<Arc<EpochKeys>, PeopleError> {
        let newest = newest(cx).await?.ok_or(PeopleError::Key("there is none"))?;
        self.learned(&newest).await
    }

    /// The keys that opened what was sealed in this generation.
    pub(super) async fn of(&self, cx: &Cx, epoch: u32) -> Result<Arc<EpochKeys>, PeopleError> {
        if let Some(known) = self.known(epoch) {
            return Ok(known);
        }
        let recorded = cx
            .db
            .opt(
                "SELECT epoch, object, check_value FROM people_key WHERE epoch = $1",
                params![epoch],
            )
            .await?;
        let recorded = recorded.as_ref().map(read).transpose()?;
        self.learned(&recorded.ok_or(PeopleError::Key("its generation is unknown"))?)
            .await
    }

    /// Every generation that something may be sealed in, the newest first.
    pub(super) async fn all(&self, cx: &Cx) -> Result<Vec<Arc<EpochKeys>>, PeopleError> {
        let sql = "SELECT epoch, object, check_value FROM people_key WHERE retired_at IS NULL ORDER BY epoch DESC";
        let mut all = Vec::new();
        for row in cx.db.all(sql, vec![]).await? {
            all.push(self.learned(&read(&row)?).await?);
        }
        Ok(all)
    }

    /// Records a generation; its key is made, unless a ceremony has made one under this label. Another replica may be first: then
    /// that one's holds.
    pub(super) async fn make(&self, cx: &Cx, epoch: u32, object: Option<&str>) -> Result<(), PeopleError> {
        // Two replicas that begin at once make two keys, and never two of one label.
        let fresh = format!("{LABEL}{epoch}-{}", hex::encode(cx.random.bytes::<4>()));
        let object = match object {
            Some(object) => object,
            None => {
                self.hsm.make_mac_key(&KeyUri::new(&self.token, &fresh)).await?;
                &fresh
            }
        };
        let keys = self.derived(epoch, object).await?;
        let check = *keys.check_value();
        cx.db
            .run::<_, PeopleError, _, _>("people_key.make", |tx| async move {
                // Whoever is adding a person under the generation before either ends first or begins anew.
                hold_newest(&tx).await?;
                let added = tx
                    .exec(
                        "INSERT INTO people_key (epoch, object, check_value, created_at) VALUES ($1, $2, $3, $4)
                         ON CONFLICT DO NOTHING",
                        params![epoch, object, check, cx.now()],
                    )
                    .await?;
                if added == 1 {
                    let detail = json!({ "epoch": epoch });
                    audit::record(&tx, cx, &Event::new("people_key.made", object, detail)).await?;
                }
                Ok(())
            })
            .await
    }

    fn known(&self, epoch: u32) -> Option<Arc<EpochKeys>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.get(&epoch).cloned()
    }

    /// One call of the HSM for each generation that this process meets.
    async fn learned(&self, recorded: &Recorded) -> Result<Arc<EpochKeys>, PeopleError> {
        if let Some(known) = self.known(recorded.epoch) {
            return Ok(known);
        }
        let keys = Arc::new(self.derived(recorded.epoch, &recorded.object).await?);
        if !bool::from(keys.check_value().ct_eq(recorded.check_value.as_slice())) {
            return Err(PeopleError::Key("the token holds another than the one that sealed"));
        }
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(held.entry(recorded.epoch).or_insert(keys)))
    }

    async fn derived(&self, epoch: u32, object: &str) -> Result<EpochKeys, PeopleError> {
        let root = self.hsm.mac(&KeyUri::new(&self.token, object), ROOT).await?;
        Ok(EpochKeys::of(epoch, root))
    }
}

/// Until the end of the transaction no other generation is made, and what was made since its beginning is met as a conflict
/// (an UPDATE that changes nothing: both engines know it, and PostgreSQL refuses it where another replica was first).
async fn hold_newest(tx: &Tx) -> Result<(), DbError> {
    let sql = "UPDATE people_key SET object = object WHERE epoch = (SELECT MAX(epoch) FROM people_key)";
    tx.exec(sql, vec![]).await.map(|_| ())
}

/// Whether this is still the generation to seal with, and it stays so until the end of the transaction.
pub(super) async fn holds(tx: &Tx, epoch: u32) -> Result<bool, DbError> {
    let held = "UPDATE people_key SET object = object WHERE epoch = $1";
    let newer = "SELECT epoch FROM people_key WHERE epoch > $1 LIMIT 1";
    Ok(tx.exec(held, params![epoch]).await? == 1 && tx.opt(newer, params![epoch]).await?.is_none())
}

/// The generation that is sealed with now.
pub(super) async fn newest(cx: &Cx) -> Result<Option<Recorded>, DbError> {
    let sql = "SELECT epoch, object, check_value FROM people_key ORDER BY epoch DESC LIMIT 1";
    cx.db.opt(sql, vec![]).await?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Recorded, DbError> {
    Ok(Recorded {
        epoch: row.get("epoch")?,
        object: row.get("object")?,
        check_value: row.get("check_value")?,
    })
}
