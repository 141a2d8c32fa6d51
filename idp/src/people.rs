//! People and their activation codes: what a registration office needs, before anyone can log in. Who they are lies sealed in the
//! database; [`Register`] is the one way in and out.

mod in_clear;
mod register;
pub(crate) mod reseal;
mod ring;
mod seal;
pub(crate) mod standing;

use std::time::Duration;

use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, Id, Timestamp, params, retry_on_db_conflict};
use signum_hsm_shim::HsmError;

use crate::secret;

pub use register::Register;
pub use reseal::{ListedKey, list_keys, wish_for_key};
pub use standing::{Standing, set_standing};

/// Days in which an activation code is good.
const ACTIVATION_DAYS: u64 = 7;

/// A natural person who may log in.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    pub id: Id<Person>,
    pub given_name: String,
    pub family_name: String,
    /// Ten digits.
    pub personal_number: String,
    /// `YYYY-MM-DD`.
    pub birthdate: String,
    pub standing: Standing,
}

/// Shows the id alone: people's data never reach a log by accident.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Person({})", self.id)
    }
}

/// A person to be added.
pub struct NewPerson {
    pub given_name: String,
    pub family_name: String,
    pub personal_number: String,
    /// `YYYY-MM-DD`.
    pub birthdate: String,
}

#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    #[error("a personal number has ten digits, not all of them 0")]
    PersonalNumber,
    #[error("a date of birth is written YYYY-MM-DD")]
    Birthdate,
    #[error("a given name and a family name are needed, of at most 200 characters without control characters")]
    Name,
    #[error("a person with this number is already there")]
    AlreadyThere,
    #[error("no such person")]
    NotFound,
    #[error("key of people's data: {0}")]
    Key(&'static str),
    #[error("people's data cannot be sealed: {0}")]
    Sealing(String),
    /// A service never seals what somebody laid beside what is sealed: it would tell them what the key makes of their own words.
    #[error(
        "{rows} rows of person_in_clear (the first is of person {first}) beside people who are sealed: nothing of this program leaves \
         them so. Find out who wrote them, and delete them"
    )]
    InClear { rows: usize, first: Id<Person> },
    #[error("people {0} and {1} have one personal number: correct or delete one of them")]
    Twice(Id<Person>, Id<Person>),
    #[error("key of people's data: {0}")]
    Hsm(#[from] HsmError),
    #[error(transparent)]
    Db(DbError),
}
retry_on_db_conflict!(PeopleError);

/// Where data are opened: without their key they are as far away as the database.
impl From<PeopleError> for DbError {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Db(error) => error,
            PeopleError::NotFound => Self::NotFound,
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<DbError> for PeopleError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Duplicate { .. } => Self::AlreadyThere,
            DbError::NotFound => Self::NotFound,
            other => Self::Db(other),
        }
    }
}

/// Makes a code that lets `person` create a log-in passkey once within seven days. Only its hash is kept.
pub async fn activation_code(cx: &Cx, person: Id<Person>) -> Result<String, PeopleError> {
    let (code, hash) = secret::fresh(&*cx.random);
    let expires = cx.now().plus(Duration::from_secs(ACTIVATION_DAYS * 24 * 60 * 60));
    cx.db
        .run::<_, PeopleError, _, _>("activation.make", |tx| async move {
            tx.one("SELECT id FROM person WHERE id = $1", params![person]).await?;
            tx.exec(
                "INSERT INTO activation (hash, person, created_at, expires_at) VALUES ($1, $2, $3, $4)",
                params![hash, person, cx.now(), expires],
            )
            .await?;
            audit::record(&tx, cx, &Event::new("activation.made", person, serde_json::json!({}))).await?;
            Ok(())
        })
        .await?;
    Ok(code)
}

/// Whether this person has made a log-in passkey.
pub async fn has_passkey(cx: &Cx, person: Id<Person>) -> Result<bool, DbError> {
    let sql = "SELECT credential_id FROM passkey WHERE person = $1 LIMIT 1";
    Ok(cx.db.opt(sql, params![person]).await?.is_some())
}

fn check(new: &NewPerson) -> Result<(), PeopleError> {
    let number = &new.personal_number;
    if number.len() != 10 || !number.bytes().all(|b| b.is_ascii_digit()) || number.bytes().all(|b| b == b'0') {
        return Err(PeopleError::PersonalNumber);
    }
    if date(&new.birthdate).is_none() {
        return Err(PeopleError::Birthdate);
    }
    let good =
        |name: &str| !name.trim().is_empty() && name.chars().count() <= 200 && !name.chars().any(char::is_control);
    if !good(&new.given_name) || !good(&new.family_name) {
        return Err(PeopleError::Name);
    }
    Ok(())
}

/// Midnight UTC of a `YYYY-MM-DD` that is in the calendar.
pub(crate) fn date(text: &str) -> Option<Timestamp> {
    let shape = |(i, b): (usize, u8)| {
        if i == 4 || i == 7 {
            b == b'-'
        } else {
            b.is_ascii_digit()
        }
    };
    if text.len() != 10 || !text.bytes().enumerate().all(shape) {
        return None;
    }
    let mut parts = text.split('-').filter_map(|part| part.parse::<u16>().ok());
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = time::Date::from_calendar_date(year.into(), month, u8::try_from(day).ok()?).ok()?;
    Some(Timestamp::from_seconds(date.midnight().assume_utc().unix_timestamp()))
}

/// Weights 4,3,2,7,6,5,4,3,2 over nine digits, 11 - sum mod 11, 10 and 11 become 0; numbers that start with 9 have none.
fn check_digit_fits(number: &str) -> bool {
    const WEIGHTS: [u32; 9] = [4, 3, 2, 7, 6, 5, 4, 3, 2];
    let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
    if digits.first() == Some(&9) {
        return true;
    }
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(d, w)| d * w).sum();
    let expected = match 11 - sum % 11 {
        10 | 11 => 0,
        digit => digit,
    };
    digits.get(9) == Some(&expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_in_the_calendar() {
        assert_eq!(date("1970-01-02"), Some(Timestamp::from_seconds(86_400)));
        assert!(date("1990-02-28").is_some());
        for bad in ["1990-02-30", "1990-2-3", "28.02.1990", "1990-13-01", "1990-02-28x"] {
            assert!(date(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn check_digit_of_a_known_number_fits_and_a_changed_one_does_not() {
        assert!(check_digit_fits("1234567892"));
        assert!(!check_digit_fits("1234567893"));
        assert!(check_digit_fits("9000000001"));
    }
}
