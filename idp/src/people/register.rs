//! The register of people: the one place where their data are sealed, opened and looked up.

use std::sync::Arc;

use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, params};
use signum_hsm_shim::Hsm;

use super::ring::{self, Ring};
use super::seal::{EpochKeys, Identity, epoch_of};
use super::standing::Standing;
use super::{NewPerson, PeopleError, Person, check, check_digit_fits, in_clear};

/// Names, numbers and dates of birth, sealed under a key that only the token can derive.
#[derive(Clone)]
pub struct Register {
    pub(super) cx: Cx,
    pub(super) ring: Arc<Ring>,
}

impl Register {
    /// Asks the token for the keys, once; the first start makes the token's key. Rows of before that lie in clear are sealed.
    pub async fn open(cx: &Cx, hsm: Arc<dyn Hsm>, token: &str) -> Result<Self, PeopleError> {
        let register = Self {
            cx: cx.clone(),
            ring: Arc::new(Ring::load_or_make(cx, hsm, token).await?),
        };
        in_clear::seal(&register).await?;
        Ok(register)
    }

    /// Adds a person. A wrong check digit is only warned of: the registry is right, not the formula.
    pub async fn add(&self, new: NewPerson) -> Result<Person, PeopleError> {
        check(&new)?;
        self.enter(new).await
    }

    /// The same, unchecked.
    pub(crate) async fn enter(&self, new: NewPerson) -> Result<Person, PeopleError> {
        let cx = &self.cx;
        let person = Person {
            id: Id::new(&*cx.random),
            given_name: new.given_name,
            family_name: new.family_name,
            personal_number: new.personal_number,
            birthdate: new.birthdate,
            standing: Standing::Active,
        };
        if !check_digit_fits(&person.personal_number) {
            tracing::warn!(person = %person.id, "personal number with an unexpected check digit accepted");
        }
        // A key that another replica replaces meanwhile seals no one more: the person is sealed with the next.
        while !self.added(&person).await? {
            tracing::info!("the key of people's data was replaced meanwhile");
        }
        Ok(person)
    }

    /// Adds the row under the newest key; `false` when that was the newest no longer.
    async fn added(&self, person: &Person) -> Result<bool, PeopleError> {
        let (cx, keys) = (&self.cx, self.ring.current(&self.cx).await?);
        let (id, data) = (person.id, self.sealed(&keys, person.id, &identity(person))?);
        // A generation that is being replaced has numbers as well.
        let look_ups = &self.look_ups(&person.personal_number).await?;
        let (epoch, own, data) = (keys.epoch, &keys.look_up(&person.personal_number), &data);
        cx.db
            .run::<_, PeopleError, _, _>("person.add", |tx| async move {
                if !ring::holds(&tx, epoch).await? {
                    return Ok(false);
                }
                for look_up in look_ups {
                    let sql = "SELECT id FROM person WHERE look_up = $1";
                    if tx.opt(sql, params![look_up]).await?.is_some() {
                        return Err(PeopleError::AlreadyThere);
                    }
                }
                tx.exec(
                    "INSERT INTO person (id, look_up, data, key_epoch, created_at) VALUES ($1, $2, $3, $4, $5)",
                    params![id, own, data, epoch, cx.now()],
                )
                .await?;
                audit::record(&tx, cx, &Event::new("person.added", id, serde_json::json!({}))).await?;
                Ok(true)
            })
            .await
    }

    /// One person, opened: only for who is going to show or release the data.
    pub async fn find(&self, id: Id<Person>) -> Result<Option<Person>, DbError> {
        let sql = "SELECT id, data, standing FROM person WHERE id = $1";
        match self.cx.db.opt(sql, params![id]).await? {
            Some(row) => self.opened(&row).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whose personal number this is.
    pub async fn find_by_number(&self, personal_number: &str) -> Result<Option<Person>, PeopleError> {
        for look_up in self.look_ups(personal_number).await? {
            let sql = "SELECT id, data, standing FROM person WHERE look_up = $1";
            let Some(row) = self.cx.db.opt(sql, params![look_up]).await? else {
                continue;
            };
            let person = self.opened(&row).await?;
            // Whoever writes to the database can exchange the columns that are looked up, and not what is sealed.
            if person.personal_number != personal_number {
                return Err(unreadable("its look-up value is another person's").into());
            }
            return Ok(Some(person));
        }
        Ok(None)
    }

    /// How many people there are.
    pub async fn count(&self) -> Result<i64, DbError> {
        let row = self.cx.db.opt("SELECT COUNT(*) AS n FROM person", vec![]).await?;
        row.map_or(Ok(0), |row| row.get("n"))
    }

    async fn look_ups(&self, personal_number: &str) -> Result<Vec<String>, PeopleError> {
        let all = self.ring.all(&self.cx).await?;
        Ok(all.iter().map(|keys| keys.look_up(personal_number)).collect())
    }

    async fn opened(&self, row: &Row) -> Result<Person, DbError> {
        let id: Id<Person> = row.get("id")?;
        let data: Option<Vec<u8>> = row.get("data")?;
        let data = data.ok_or_else(|| unreadable("it is not sealed yet"))?;
        let mut identity = self.identity(id, &data).await?;
        Ok(Person {
            id,
            given_name: std::mem::take(&mut identity.given_name),
            family_name: std::mem::take(&mut identity.family_name),
            personal_number: std::mem::take(&mut identity.personal_number),
            birthdate: std::mem::take(&mut identity.birthdate),
            standing: Standing::of_row(row)?,
        })
    }

    pub(super) async fn identity(&self, id: Id<Person>, data: &[u8]) -> Result<Identity, DbError> {
        let epoch = epoch_of(data).ok_or_else(|| unreadable("it is of no known form"))?;
        let keys = self.ring.of(&self.cx, epoch).await.map_err(DbError::from)?;
        let identity = keys.open(id, data);
        identity.ok_or_else(|| unreadable("it was changed, or sealed for another row"))
    }

    pub(super) fn sealed(&self, keys: &EpochKeys, id: Id<Person>, identity: &Identity) -> Result<Vec<u8>, PeopleError> {
        keys.seal(&*self.cx.random, id, identity)
            .map_err(|error| PeopleError::Sealing(error.to_string()))
    }
}

fn identity(person: &Person) -> Identity {
    Identity {
        given_name: person.given_name.clone(),
        family_name: person.family_name.clone(),
        personal_number: person.personal_number.clone(),
        birthdate: person.birthdate.clone(),
    }
}

pub(super) fn unreadable(problem: &str) -> DbError {
    DbError::Column {
        column: "person.data".to_owned(),
        problem: problem.to_owned(),
    }
}
