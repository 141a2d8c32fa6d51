//! Who uses the signing desk, as the identity provider said it at their last log-in.

use signum_activation::commitment::person_reference;
use signum_core::contract::PersonName;
use signum_core::db::Row;
use signum_core::{Cx, DbError, Tx, params};

use crate::enrol::impossible;

/// `H(PNO<country>-<number>)`: a person without their number.
pub(crate) type Reference = [u8; 32];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub reference: Reference,
    pub name: PersonName,
}

impl Person {
    /// A person by the semantics identifier of EN 319 412-1 section 5.1.3.
    pub(crate) fn new(country: &str, name: PersonName) -> Self {
        let reference = reference(country, &name.personal_number);
        Self { reference, name }
    }

    /// The person, if their number is the one that the reference is made of: a row that somebody changed is a loud error.
    pub(crate) fn checked(self, country: &str) -> Result<Self, DbError> {
        match reference(country, &self.name.personal_number) == self.reference {
            true => Ok(self),
            false => Err(impossible(
                "person.personal_number",
                "not the number that this person's reference is made of",
            )),
        }
    }

    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.name.given_name, self.name.surname)
    }
}

fn reference(country: &str, personal_number: &str) -> Reference {
    person_reference(&format!("PNO{country}-{personal_number}"))
}

/// Stores the name as it is now.
pub(crate) async fn keep(tx: &Tx, cx: &Cx, person: &Person) -> Result<(), DbError> {
    let name = &person.name;
    tx.exec(
        "INSERT INTO person (reference, given_name, surname, personal_number, seen_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (reference) DO UPDATE SET given_name = excluded.given_name, surname = excluded.surname,
             seen_at = excluded.seen_at",
        params![
            person.reference,
            &name.given_name,
            &name.surname,
            &name.personal_number,
            cx.now()
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn find(cx: &Cx, reference: &Reference) -> Result<Person, DbError> {
    let row = cx
        .db
        .opt(
            "SELECT reference, given_name, surname, personal_number FROM person WHERE reference = $1",
            params![reference],
        )
        .await?;
    read(&row.ok_or(DbError::NotFound)?)
}

/// Reads the columns `reference, given_name, surname, personal_number`.
pub(crate) fn read(row: &Row) -> Result<Person, DbError> {
    Ok(Person {
        reference: row.get("reference")?,
        name: PersonName {
            given_name: row.get("given_name")?,
            surname: row.get("surname")?,
            personal_number: row.get("personal_number")?,
        },
    })
}
