//! Rows under a key that was replaced are sealed anew, each row by itself, so that nobody who logs in meanwhile waits.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::db::{Row, Value};
use signum_core::{Cx, DbError, Id, Timestamp, params};

use super::register::unreadable;
use super::ring::{self, LABEL};
use super::seal::{EpochKeys, Identity, head};
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

/// Every generation there ever was, oldest first. What a row is sealed under its data say; the column is counted as well, since
/// a key is destroyed for ever.
pub async fn list_keys(cx: &Cx) -> Result<Vec<ListedKey>, DbError> {
    let sql = "SELECT epoch, object, retired_at FROM people_key ORDER BY epoch";
    let count = "SELECT COUNT(*) AS n FROM person WHERE key_epoch = $1 OR substr(data, 1, 5) = $2";
    let mut listed = Vec::new();
    for row in cx.db.all(sql, vec![]).await? {
        let epoch: u32 = row.get("epoch")?;
        let counted = cx.db.opt(count, params![epoch, head(epoch)]).await?;
        listed.push(ListedKey {
            epoch,
            object: row.get("object")?,
            rows: counted.map_or(Ok(0), |row| row.get("n"))?,
            retired: row.get::<Option<Timestamp>>("retired_at")?.is_some(),
        });
    }
    Ok(listed)
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
    next_generation(register).await?;
    rows_of_replaced_keys(register).await
}

/// Makes the key that is wished for.
pub(crate) async fn next_generation(register: &Register) -> Result<(), PeopleError> {
    let cx = &register.cx;
    let Some(wish) = cx.db.opt("SELECT object FROM people_key_wish", vec![]).await? else {
        return Ok(());
    };
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
        .await
}

/// A row as it is sealed now.
struct Stored {
    id: Id<Person>,
    data: Vec<u8>,
}

/// Rows of replaced generations by the column, which has an index.
const BY_COLUMN: &str = "SELECT id, data FROM person WHERE key_epoch < $1 AND id > $2 ORDER BY id LIMIT $3";
/// By what the data themselves say: the column is nobody's word.
const BY_DATA: &str = "SELECT id, data FROM person WHERE (data IS NULL OR substr(data, 1, 5) <> $1) AND id > $2
    ORDER BY id LIMIT $3";

async fn rows_of_replaced_keys(register: &Register) -> Result<(), PeopleError> {
    let (cx, keys) = (&register.cx, register.ring.current(&register.cx).await?);
    if register
        .ring
        .all(cx)
        .await?
        .iter()
        .all(|known| known.epoch >= keys.epoch)
    {
        return Ok(());
    }
    let mut done = all_of(register, &keys, BY_COLUMN, params![keys.epoch]).await?;
    if done.left == 0 {
        // All of the table is read once, before a key may be destroyed for ever.
        let rest = all_of(register, &keys, BY_DATA, params![head(keys.epoch)]).await?;
        done = Done {
            sealed: done.sealed + rest.sealed,
            left: rest.left,
        };
    }
    if done.left == 0 {
        retire(register, keys.epoch).await?;
    }
    if done.sealed > 0 {
        tracing::info!(rows = done.sealed, epoch = keys.epoch, "people's data sealed anew");
    }
    Ok(())
}

/// Rows of one pass.
#[derive(Default)]
struct Done {
    sealed: u64,
    /// Those that could not be sealed anew.
    left: u64,
}

/// Seals anew what `sql` finds. One row that somebody changed must not keep the others under the old key.
async fn all_of(
    register: &Register,
    keys: &EpochKeys,
    sql: &'static str,
    which: Vec<Value>,
) -> Result<Done, PeopleError> {
    let (mut after, mut done) = (Vec::new(), Done::default());
    loop {
        let mut given = which.clone();
        given.extend(params![after.clone(), BATCH]);
        let rows = register.cx.db.all(sql, given).await?;
        let Some(last) = rows.last() else {
            return Ok(done);
        };
        after = last.get::<Id<Person>>("id")?.bytes();
        let mut batch = Vec::new();
        for row in &rows {
            match opened(register, row).await {
                Ok(one) => batch.push(one),
                Err(DbError::Column { problem, .. }) => {
                    tracing::error!(person = %row.get::<Id<Person>>("id")?, problem, "a person's data do not open");
                    done.left += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        match exchange(register, keys, &batch).await {
            Ok(sealed) => done.sealed += sealed,
            Err(PeopleError::AlreadyThere) => one_by_one(register, keys, &batch, &mut done).await?,
            Err(error) => return Err(error),
        }
    }
}

async fn opened(register: &Register, row: &Row) -> Result<(Stored, Identity), DbError> {
    let id = row.get("id")?;
    let data: Option<Vec<u8>> = row.get("data")?;
    let data = data.ok_or_else(|| unreadable("there are none"))?;
    let identity = register.identity(id, &data).await?;
    Ok((Stored { id, data }, identity))
}

/// Two rows of one number: the second stays, and is told of.
async fn one_by_one(
    register: &Register,
    keys: &EpochKeys,
    batch: &[(Stored, Identity)],
    done: &mut Done,
) -> Result<(), PeopleError> {
    for one in batch {
        match exchange(register, keys, std::slice::from_ref(one)).await {
            Ok(sealed) => done.sealed += sealed,
            Err(PeopleError::AlreadyThere) => {
                let sql = "SELECT id FROM person WHERE look_up = $1";
                let look_up = keys.look_up(&one.1.personal_number);
                let first = register.cx.db.opt(sql, params![look_up]).await?;
                let first = first.map(|row| row.get::<Id<Person>>("id")).transpose()?;
                let problem = PeopleError::Twice(first.unwrap_or(one.0.id), one.0.id);
                tracing::error!(person = %one.0.id, %problem, "a person's data are not sealed anew");
                done.left += 1;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Compare and set: what was changed meanwhile is met by the next run, as all is when the key was replaced meanwhile.
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
            if !ring::holds(&tx, epoch).await? {
                return Ok(0);
            }
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
async fn retire(register: &Register, newest: u32) -> Result<(), PeopleError> {
    let (cx, known) = (&register.cx, register.ring.all(&register.cx).await?);
    for epoch in known.iter().map(|keys| keys.epoch).filter(|epoch| *epoch < newest) {
        cx.db
            .run::<_, PeopleError, _, _>("people_key.retire", |tx| async move {
                let retired = tx
                    .opt(
                        "UPDATE people_key SET retired_at = $1 WHERE epoch = $2 AND retired_at IS NULL
                            AND NOT EXISTS (SELECT 1 FROM person p WHERE p.key_epoch = $2)
                            AND NOT EXISTS (SELECT 1 FROM person p WHERE substr(p.data, 1, 5) = $3)
                         RETURNING object",
                        params![cx.now(), epoch, head(epoch)],
                    )
                    .await?;
                if let Some(row) = retired {
                    let object: String = row.get("object")?;
                    audit::record(&tx, cx, &Event::new("people_key.retired", object, json!({}))).await?;
                }
                Ok(())
            })
            .await?;
    }
    Ok(())
}
