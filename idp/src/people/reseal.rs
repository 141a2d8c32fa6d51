//! Rows are sealed anew: those of before, that lie in clear, and those under a key that was replaced. Each row by itself, so that
//! nobody who logs in meanwhile waits.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, Id, Tx, params};

use super::register::unreadable;
use super::ring::{self, LABEL};
use super::seal::{EpochKeys, Identity};
use super::{PeopleError, Person, Register};

/// Rows of one transaction.
const BATCH: i64 = 200;

/// A generation of the key, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    pub epoch: u32,
    /// Its label in the token.
    pub object: String,
    /// Rows that open with nothing else.
    pub rows: i64,
    pub retired: bool,
}

/// Every generation there ever was, oldest first.
pub async fn list_keys(cx: &Cx) -> Result<Vec<ListedKey>, DbError> {
    let rows = cx
        .db
        .all(
            "SELECT k.epoch AS epoch, k.object AS object, k.retired_at AS retired_at,
                (SELECT COUNT(*) FROM person p WHERE p.key_epoch = k.epoch) AS n
             FROM people_key k ORDER BY k.epoch",
            vec![],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(ListedKey {
                epoch: row.get("epoch")?,
                object: row.get("object")?,
                rows: row.get("n")?,
                retired: row.get::<Option<signum_core::Timestamp>>("retired_at")?.is_some(),
            })
        })
        .collect()
}

/// Wishes for the next generation: the service makes it, and seals every row anew. `object`: a key that a ceremony has made with
/// its backups.
pub async fn wish_for_key(cx: &Cx, object: Option<&str>) -> Result<(), PeopleError> {
    if object.is_some_and(|object| !object.starts_with(LABEL)) {
        return Err(PeopleError::Key("its label begins with idp-people-"));
    }
    cx.db
        .run::<_, PeopleError, _, _>("people_key.wish", |tx| async move {
            tx.exec(
                "INSERT INTO people_key_wish (one, object, wished_at) VALUES (1, $1, $2)
                 ON CONFLICT (one) DO UPDATE SET object = excluded.object, wished_at = excluded.wished_at",
                params![object, cx.now()],
            )
            .await?;
            let event = Event::new("people_key.wished", "people", json!({"object": object}));
            Ok(audit::record(&tx, cx, &event).await?)
        })
        .await
}

/// One run of the job: the next key, if it is wished for, and every row under it.
pub(crate) async fn run(register: &Register) -> Result<(), PeopleError> {
    let cx = &register.cx;
    let wish = cx.db.opt("SELECT object FROM people_key_wish", vec![]).await?;
    if let Some(wish) = wish {
        let object: Option<String> = wish.get("object")?;
        let next = ring::newest(cx)
            .await?
            .map_or(1, |newest| newest.epoch.saturating_add(1));
        register.ring.make(cx, next, object.as_deref()).await?;
        cx.db
            .run::<_, PeopleError, _, _>("people_key.wish_done", |tx| async move {
                tx.exec("DELETE FROM people_key_wish", vec![]).await?;
                Ok(())
            })
            .await?;
    }
    rows_of_replaced_keys(register).await
}

/// A row as it is sealed now.
struct Stored {
    id: Id<Person>,
    data: Vec<u8>,
}

async fn rows_of_replaced_keys(register: &Register) -> Result<(), PeopleError> {
    let (cx, keys) = (&register.cx, register.ring.current(&register.cx).await?);
    let (mut after, mut sealed, mut left) = (Vec::new(), 0, 0);
    loop {
        let rows = cx
            .db
            .all(
                "SELECT id, data FROM person WHERE key_epoch < $1 AND id > $2 ORDER BY id LIMIT $3",
                params![keys.epoch, after.clone(), BATCH],
            )
            .await?;
        let Some(last) = rows.last() else { break };
        after = last.get::<Id<Person>>("id")?.bytes();
        let mut batch = Vec::new();
        for row in &rows {
            let stored = Stored {
                id: row.get("id")?,
                data: row.get("data")?,
            };
            match register.identity(stored.id, &stored.data).await {
                Ok(identity) => batch.push((stored, identity)),
                Err(DbError::Column { problem, .. }) => {
                    // One row that somebody changed must not keep the others under the old key.
                    tracing::error!(person = %stored.id, problem, "a person's data do not open");
                    left += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        sealed += exchange(register, &keys, &batch).await?;
    }
    if left == 0 {
        retire(cx, keys.epoch).await?;
    }
    if sealed > 0 {
        tracing::info!(rows = sealed, epoch = keys.epoch, "people's data sealed anew");
    }
    Ok(())
}

/// Compare and set: what was changed meanwhile is met by the next run.
async fn exchange(register: &Register, keys: &EpochKeys, batch: &[(Stored, Identity)]) -> Result<u64, PeopleError> {
    let mut fresh = Vec::new();
    for (stored, identity) in batch {
        let data = register.sealed(keys, stored.id, identity)?;
        fresh.push((stored, data, keys.look_up(&identity.personal_number)));
    }
    let (fresh, epoch) = (&fresh, keys.epoch);
    register
        .cx
        .db
        .run::<_, PeopleError, _, _>("person.reseal", |tx| async move {
            let mut changed = 0;
            for (stored, data, look_up) in fresh {
                changed += tx
                    .exec(
                        "UPDATE person SET data = $1, key_epoch = $2, look_up = $3 WHERE id = $4 AND data = $5",
                        params![data, epoch, look_up, stored.id, &stored.data],
                    )
                    .await?;
            }
            Ok(changed)
        })
        .await
}

/// Generations before this one that nothing is sealed under are looked up under no more; officers may destroy their keys.
async fn retire(cx: &Cx, epoch: u32) -> Result<(), PeopleError> {
    cx.db
        .run::<_, PeopleError, _, _>("people_key.retire", |tx| async move {
            let retired = tx
                .all(
                    "UPDATE people_key SET retired_at = $1 WHERE epoch < $2 AND retired_at IS NULL
                        AND NOT EXISTS (SELECT 1 FROM person p WHERE p.key_epoch = people_key.epoch)
                     RETURNING object",
                    params![cx.now(), epoch],
                )
                .await?;
            for row in &retired {
                let object: String = row.get("object")?;
                audit::record(&tx, cx, &Event::new("people_key.retired", object, json!({}))).await?;
            }
            Ok(())
        })
        .await
}

/// Seals what lies in clear since before there were keys.
pub(super) async fn rows_of_before(register: &Register) -> Result<(), PeopleError> {
    let (cx, keys) = (&register.cx, register.ring.current(&register.cx).await?);
    loop {
        let sql = "SELECT person, given_name, family_name, personal_number, birthdate FROM person_in_clear
            ORDER BY person LIMIT $1";
        let rows = cx.db.all(sql, params![BATCH]).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut fresh = Vec::new();
        for row in &rows {
            let id: Id<Person> = row.get("person")?;
            let identity = Identity {
                given_name: row.get("given_name")?,
                family_name: row.get("family_name")?,
                personal_number: row.get("personal_number")?,
                birthdate: row.get("birthdate")?,
            };
            let look_up = keys.look_up(&identity.personal_number);
            fresh.push((id, register.sealed(&keys, id, &identity)?, look_up));
        }
        let (fresh, epoch) = (&fresh, keys.epoch);
        cx.db
            .run::<_, PeopleError, _, _>("person.seal", |tx| async move {
                for (id, data, look_up) in fresh {
                    seal_row(&tx, *id, data, epoch, look_up).await?;
                }
                Ok(())
            })
            .await?;
        tracing::info!(rows = fresh.len(), "people's data that lay in clear are sealed");
    }
}

async fn seal_row(tx: &Tx, id: Id<Person>, data: &[u8], epoch: u32, look_up: &str) -> Result<(), PeopleError> {
    tx.exec(
        "UPDATE person SET data = $1, key_epoch = $2, look_up = $3 WHERE id = $4 AND data IS NULL",
        params![data, epoch, look_up, id],
    )
    .await?;
    let gone = tx
        .exec("DELETE FROM person_in_clear WHERE person = $1", params![id])
        .await?;
    match gone {
        0 | 1 => Ok(()),
        _ => Err(unreadable("it lies in clear twice").into()),
    }
}
