//! What a person agreed to give a client: scopes, claims asked for one by one, and servers at which it may act in their name.
//! Remembered, listed, withdrawn.

mod withdrawal;

use std::collections::BTreeSet;

use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Tx, params};

use crate::claim::Claims;
use crate::people::Person;
use crate::scope::Scopes;

pub(crate) use withdrawal::{Remembered, list, withdraw};

/// Everything a person has agreed to at one client, or is asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub scopes: Scopes,
    /// Claims about the person beyond those of the scopes.
    pub claims: Claims,
    /// Resource servers (RFC 8707).
    pub resources: BTreeSet<String>,
}

impl Agreed {
    /// Every claim about the person that may be released.
    pub(crate) fn released(&self) -> Claims {
        self.scopes.claims().union(&self.claims)
    }

    /// Whether nothing new would be released or allowed.
    pub(crate) fn covers(&self, wanted: &Agreed) -> bool {
        self.scopes.covers(&wanted.scopes)
            && self.released().covers(&wanted.released())
            && self.resources.is_superset(&wanted.resources)
    }

    /// Both together.
    fn and(&self, more: &Agreed) -> Agreed {
        Agreed {
            scopes: self.scopes.union(&more.scopes),
            claims: self.claims.union(&more.claims),
            resources: self.resources.union(&more.resources).cloned().collect(),
        }
    }

    /// A scope or claim that no longer exists makes a consent unreadable, and the person is asked again.
    fn read(row: &Row) -> Result<Option<Self>, DbError> {
        let (scope, claims) = (row.get::<String>("scope")?, row.get::<String>("claims")?);
        let resource: String = row.get("resource")?;
        let resources: BTreeSet<_> = resource.split_ascii_whitespace().map(str::to_owned).collect();
        let known = Scopes::parse(&scope).zip(Claims::parse(&claims));
        Ok(known.map(|(scopes, claims)| Self {
            scopes,
            claims,
            resources,
        }))
    }
}

const ONE: &str = "SELECT scope, claims, resource FROM consent WHERE person = $1 AND client_id = $2";

/// What the person has agreed to so far.
pub(crate) async fn given(cx: &Cx, person: Id<Person>, client_id: &str) -> Result<Option<Agreed>, DbError> {
    let row = cx.db.opt(ONE, params![person, client_id]).await?;
    Ok(row.as_ref().map(Agreed::read).transpose()?.flatten())
}

/// Whether the consent still covers `wanted`, in the transaction that issues on it: whoever takes it back meanwhile waits for this
/// transaction and then finds what it issued, or is waited for.
pub(crate) async fn holds(tx: &Tx, person: Id<Person>, client_id: &str, wanted: &Agreed) -> Result<bool, DbError> {
    let row = tx
        .opt(
            "UPDATE consent SET given_at = given_at WHERE person = $1 AND client_id = $2 RETURNING scope, claims, resource",
            params![person, client_id],
        )
        .await?;
    let agreed = row.as_ref().map(Agreed::read).transpose()?.flatten();
    Ok(agreed.is_some_and(|agreed| agreed.covers(wanted)))
}

/// Remembers a consent, together with what was agreed to before.
pub(crate) async fn remember(
    tx: &Tx,
    cx: &Cx,
    person: Id<Person>,
    client_id: &str,
    agreed: &Agreed,
) -> Result<(), DbError> {
    let row = tx.opt(ONE, params![person, client_id]).await?;
    let before = row.as_ref().map(Agreed::read).transpose()?.flatten();
    let all = before.map_or_else(|| agreed.clone(), |before| before.and(agreed));
    let resources: Vec<_> = all.resources.iter().map(String::as_str).collect();
    tx.exec(
        "INSERT INTO consent (person, client_id, scope, claims, resource, given_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (person, client_id) DO UPDATE SET scope = excluded.scope, claims = excluded.claims,
            resource = excluded.resource, given_at = excluded.given_at",
        params![
            person,
            client_id,
            all.scopes.to_string(),
            all.claims.to_string(),
            resources.join(" "),
            cx.now()
        ],
    )
    .await?;
    Ok(())
}
