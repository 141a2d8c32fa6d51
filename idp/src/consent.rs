//! What a person agreed to give a client, remembered per client and scope.

use signum_core::{Cx, DbError, Id, Tx, params};

use crate::people::Person;
use crate::scope::Scopes;

/// What the person has agreed to so far.
pub(crate) async fn given(cx: &Cx, person: Id<Person>, client_id: &str) -> Result<Option<Scopes>, DbError> {
    let row = cx
        .db
        .opt(
            "SELECT scope FROM consent WHERE person = $1 AND client_id = $2",
            params![person, client_id],
        )
        .await?;
    // A scope that no longer exists makes the consent unreadable, and the person is asked again.
    Ok(row
        .map(|row| row.get::<String>("scope"))
        .transpose()?
        .and_then(|text| Scopes::parse(&text)))
}

/// Remembers a consent, together with what was agreed to before.
pub(crate) async fn remember(
    tx: &Tx,
    cx: &Cx,
    person: Id<Person>,
    client_id: &str,
    scopes: &Scopes,
) -> Result<(), DbError> {
    let before = tx
        .opt(
            "SELECT scope FROM consent WHERE person = $1 AND client_id = $2",
            params![person, client_id],
        )
        .await?
        .map(|row| row.get::<String>("scope"))
        .transpose()?
        .and_then(|text| Scopes::parse(&text));
    let all = before.map_or_else(|| scopes.clone(), |before| before.union(scopes));
    tx.exec(
        "INSERT INTO consent (person, client_id, scope, given_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (person, client_id) DO UPDATE SET scope = excluded.scope, given_at = excluded.given_at",
        params![person, client_id, all.to_string(), cx.now()],
    )
    .await?;
    Ok(())
}
