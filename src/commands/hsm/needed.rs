//! What stands against destroying a guard of people's keys: rows that nothing else opens, and a signing module that begins with
//! it.

use std::sync::Arc;

use anyhow::{Result, bail};
use signum_activation::module::{BINDING_KEY, KEK};
use signum_activation::seal::SEAL_KEY;
use signum_core::db::Db;
use signum_core::{Cx, OsRandom, SystemClock};
use signum_idp::people;

use super::Desk;
use super::rewrap::rows;
use crate::app::{Databases, Service};
use crate::layout::Layout;

/// A key without which people's keys do not open, by its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    Kek(u32),
    /// Binding and seal key guard the rows of every epoch.
    Mac,
}

impl Guard {
    pub(super) fn of(object: &str) -> Option<Self> {
        if [BINDING_KEY, SEAL_KEY].contains(&object) {
            return Some(Self::Mac);
        }
        let epoch = object.strip_prefix(KEK)?.strip_prefix('.')?;
        epoch.parse().ok().map(Self::Kek)
    }

    async fn rows(self, db: &Db) -> Result<u64> {
        let needed = rows::needed(db).await?;
        Ok(match self {
            Self::Kek(epoch) => needed.get(&epoch).copied().unwrap_or_default(),
            Self::Mac => needed.values().sum(),
        })
    }
}

/// Refuses unless `object` is no guard, or one that nothing needs any more; tells which.
pub(super) async fn must_not_be(desk: &Desk, object: &str) -> Result<Option<Guard>> {
    let Some(guard) = Guard::of(object) else {
        return must_not_open_people(desk, object).await.map(|()| None);
    };
    let db = Databases::one(&desk.config, &Layout::create(&desk.var)?, "signer").await?;
    let rows = guard.rows(&db).await;
    db.close().await;
    match rows? {
        0 => {}
        left => bail!(
            "{object} is still needed: the keys of {left} people in the signer's database open with nothing else. Wrap them anew first (signum hsm rewrap)"
        ),
    }
    let Some(module) = desk.module()? else {
        return Ok(Some(guard));
    };
    let begins_with = match guard {
        Guard::Kek(epoch) if module.keks.is_empty() => epoch == 1,
        Guard::Kek(epoch) => module.keks.iter().any(|kek| kek.epoch == epoch),
        Guard::Mac => true,
    };
    if begins_with {
        bail!(
            "{object} is a key the signing module begins with and makes new rows under: take it out of module.toml and restart the module first"
        );
    }
    Ok(Some(guard))
}

/// Refuses where people's data at the identity provider open with nothing else, or will be sealed with it.
async fn must_not_open_people(desk: &Desk, object: &str) -> Result<()> {
    let layout = Layout::create(&desk.var)?;
    if !object.starts_with("idp-people-") || !Databases::is_there(&desk.config, &layout, Service::Idp) {
        return Ok(());
    }
    let cx = Cx {
        db: Databases::one(&desk.config, &layout, Service::Idp.name()).await?,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
    };
    let keys = people::list_keys(&cx).await;
    cx.db.close().await;
    match keys?.into_iter().find(|key| key.object == object) {
        Some(key) if !key.retired || key.rows > 0 => bail!(
            "{object} is still needed: the data of {} people open with nothing else. Replace it first (signum idp people-key replace)",
            key.rows
        ),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_is_known_by_its_label() {
        assert_eq!(Guard::of("people-kek.12"), Some(Guard::Kek(12)));
        assert_eq!(Guard::of("people-binding"), Some(Guard::Mac));
        assert_eq!(Guard::of("people-seal"), Some(Guard::Mac));
        for other in [
            "people-kek",
            "people-kek.x",
            "people-kek.",
            "old-people-kek.1",
            "people-statement",
            "root-g1",
        ] {
            assert_eq!(Guard::of(other), None, "{other}");
        }
    }
}
