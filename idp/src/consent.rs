//! What a person agreed to give a client: scopes, and claims asked for one by one. Remembered, listed, withdrawn.

mod withdrawal;

use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Tx, params};

use crate::claim::Claims;
use crate::people::Person;
use crate::scope::Scopes;

pub(crate) use withdrawal::{Remembered, list, withdraw};

/// Everything a person has agreed to at one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub scopes: Scopes,
    /// Claims about the person beyond those of the scopes.
    pub claims: Claims,
}

impl Agreed {
    /// Every claim about the person that may be released.
    pub(crate) fn released(&self) -> Claims {
        self.scopes.claims().union(&self.claims)
    }

    /// Whether nothing new would be released or allowed.
    pub(crate) fn covers(&self, scopes: &Scopes, claims: &Claims) -> bool {
        self.scopes.covers(scopes) && self.released().covers(&scopes.claims().union(claims))
    }

    /// A scope or claim that no longer exists makes a consent unreadable, and the person is asked again.
    fn read(row: &Row) -> Result<Option<Self>, DbError> {
        let (scope, claims) = (row.get::<String>("scope")?, row.get::<String>("claims")?);
        Ok(Scopes::parse(&scope)
            .zip(Claims::parse(&claims))
            .map(|(scopes, claims)| Self { scopes, claims }))
    }
}

const ONE: &str = "SELECT scope, claims FROM consent WHERE person = $1 AND client_id = $2";

/// What the person has agreed to so far.
pub(crate) async fn given(cx: &Cx, person: Id<Person>, client_id: &str) -> Result<Option<Agreed>, DbError> {
    let row = cx.db.opt(ONE, params![person, client_id]).await?;
    Ok(row.as_ref().map(Agreed::read).transpose()?.flatten())
}

/// Remembers a consent, together with what was agreed to before.
pub(crate) async fn remember(
    tx: &Tx,
    cx: &Cx,
    person: Id<Person>,
    client_id: &str,
    scopes: &Scopes,
    claims: &Claims,
) -> Result<(), DbError> {
    let row = tx.opt(ONE, params![person, client_id]).await?;
    let before = row.as_ref().map(Agreed::read).transpose()?.flatten();
    let (scopes, claims) = match before {
        Some(before) => (before.scopes.union(scopes), before.claims.union(claims)),
        None => (scopes.clone(), claims.clone()),
    };
    tx.exec(
        "INSERT INTO consent (person, client_id, scope, claims, given_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (person, client_id) DO UPDATE SET scope = excluded.scope, claims = excluded.claims,
            given_at = excluded.given_at",
        params![person, client_id, scopes.to_string(), claims.to_string(), cx.now()],
    )
    .await?;
    Ok(())
}
