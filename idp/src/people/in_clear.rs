//! Rows of before there were keys, which lie in clear: the first start seals all of them at once, and no later one seals any.
//!
//! Sealing what lies in a table at every start would let whoever writes there learn what the key makes of words of their own.

use std::collections::BTreeMap;

use signum_core::{Id, Tx, params};

use super::seal::{EpochKeys, Identity};
use super::{PeopleError, Person, Register, ring};

/// A row as it will be.
struct Fresh {
    id: Id<Person>,
    data: Vec<u8>,
    look_up: String,
}

/// Seals what lies in clear in one transaction, where nobody is sealed yet; refuses where somebody is.
pub(super) async fn seal(register: &Register) -> Result<(), PeopleError> {
    let cx = &register.cx;
    let keys = register.ring.current(cx).await?;
    let fresh = &read(register, &keys).await?;
    let Some(first) = fresh.first().map(|row| row.id) else {
        return Ok(());
    };
    let epoch = keys.epoch;
    cx.db
        .run::<_, PeopleError, _, _>("person.seal", |tx| async move {
            let left = tx.opt("SELECT person FROM person_in_clear LIMIT 1", vec![]).await?;
            if left.is_none() {
                // Another replica that started at once was first.
                return Ok(());
            }
            let sealed = "SELECT id FROM person WHERE data IS NOT NULL LIMIT 1";
            if epoch != 1 || !ring::holds(&tx, epoch).await? || tx.opt(sealed, vec![]).await?.is_some() {
                return Err(PeopleError::InClear {
                    rows: fresh.len(),
                    first,
                });
            }
            for row in fresh {
                seal_row(&tx, row, epoch).await?;
            }
            Ok(())
        })
        .await?;
    tracing::info!(rows = fresh.len(), "people's data that lay in clear are sealed");
    Ok(())
}

async fn read(register: &Register, keys: &EpochKeys) -> Result<Vec<Fresh>, PeopleError> {
    let sql = "SELECT person, given_name, family_name, personal_number, birthdate FROM person_in_clear ORDER BY person";
    let (mut fresh, mut whose) = (Vec::new(), BTreeMap::new());
    for row in register.cx.db.all(sql, vec![]).await? {
        let id: Id<Person> = row.get("person")?;
        let identity = Identity {
            given_name: row.get("given_name")?,
            family_name: row.get("family_name")?,
            personal_number: row.get("personal_number")?,
            birthdate: row.get("birthdate")?,
        };
        let look_up = keys.look_up(&identity.personal_number);
        if let Some(other) = whose.insert(look_up.clone(), id) {
            return Err(PeopleError::Twice(other, id));
        }
        let data = register.sealed(keys, id, &identity)?;
        fresh.push(Fresh { id, data, look_up });
    }
    Ok(fresh)
}

async fn seal_row(tx: &Tx, row: &Fresh, epoch: u32) -> Result<(), PeopleError> {
    let set = "UPDATE person SET data = $1, key_epoch = $2, look_up = $3 WHERE id = $4";
    tx.exec(set, params![&row.data, epoch, &row.look_up, row.id]).await?;
    let gone = "DELETE FROM person_in_clear WHERE person = $1";
    tx.exec(gone, params![row.id]).await?;
    Ok(())
}
