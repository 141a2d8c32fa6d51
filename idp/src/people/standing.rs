//! How a person stands: who is suspended, has died or has been taken off the register does nothing here any more.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Tx, params};

use super::{PeopleError, Person};
use crate::session::{self, Why};

/// Whether a person may be here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Active,
    /// For a time, by somebody's decision.
    Suspended,
    Deceased,
    /// Taken off the register.
    Ended,
}

impl Standing {
    pub const ALL: [Self; 4] = [Self::Active, Self::Suspended, Self::Deceased, Self::Ended];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deceased => "deceased",
            Self::Ended => "ended",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.name() == text)
    }

    /// What the column `standing` says; anything else than a known word is nobody's leave.
    pub(crate) fn of_row(row: &Row) -> Result<Self, DbError> {
        Self::parse(&row.get::<String>("standing")?).ok_or_else(|| DbError::Column {
            column: "person.standing".to_owned(),
            problem: "unknown".to_owned(),
        })
    }
}

const SQL: &str = "SELECT standing FROM person WHERE id = $1";

/// `None`: there is no such person. Opens nothing.
pub(crate) async fn of(cx: &Cx, person: Id<Person>) -> Result<Option<Standing>, DbError> {
    let row = cx.db.opt(SQL, params![person]).await?;
    row.as_ref().map(Standing::of_row).transpose()
}

/// The same, inside a transaction.
pub(crate) async fn is_active(tx: &Tx, person: Id<Person>) -> Result<bool, DbError> {
    let row = tx.opt(SQL, params![person]).await?;
    Ok(row.as_ref().map(Standing::of_row).transpose()? == Some(Standing::Active))
}

/// Changes how a person stands. Whoever is not active any more is logged out everywhere, and services are told.
pub async fn set_standing(cx: &Cx, person: Id<Person>, standing: Standing) -> Result<(), PeopleError> {
    cx.db
        .run::<_, PeopleError, _, _>("person.standing", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE person SET standing = $1, standing_since = $2 WHERE id = $3 AND standing <> $1",
                    params![standing.name(), cx.now(), person],
                )
                .await?;
            if changed == 0 {
                tx.one("SELECT id FROM person WHERE id = $1", params![person]).await?;
                return Ok(());
            }
            if standing != Standing::Active {
                session::end_all(&tx, cx, person, None, Why::NotActive).await?;
                tx.exec(
                    "UPDATE authorization_grant SET revoked_at = $1 WHERE person = $2 AND revoked_at IS NULL",
                    params![cx.now(), person],
                )
                .await?;
            }
            let detail = json!({"standing": standing.name()});
            Ok(audit::record(&tx, cx, &Event::new("person.standing_changed", person, detail)).await?)
        })
        .await
}
