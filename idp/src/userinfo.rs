//! UserInfo (OpenID Connect Core section 5.3) for opaque bearer tokens (RFC 6750).

use serde_json::{Value as Json, json};
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id, params, retry_on_db_conflict};

use crate::account::activity::{self, Entry, Kind};
use crate::code::Grant;
use crate::scope::Scopes;
use crate::service::Idp;
use crate::{clients, people, representation, secret, subject};

/// Why nothing is told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UserinfoError {
    #[error("no access token")]
    Missing,
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// Unknown, expired or revoked; all look alike.
    #[error("the access token is not valid")]
    InvalidToken,
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(UserinfoError);

/// The claims that this access token gives a right to.
pub(crate) async fn userinfo(idp: &Idp, access_token: &str) -> Result<Json, UserinfoError> {
    let (cx, hash) = (&idp.cx, secret::hashed(access_token));
    let row = cx
        .db
        .opt(
            "SELECT g.id AS grant_id, g.person AS person, g.scope AS scope, g.client_id AS client_id
             FROM access_token t JOIN authorization_grant g ON g.id = t.grant_id
             WHERE t.hash = $1 AND t.expires_at > $2 AND t.revoked_at IS NULL AND g.revoked_at IS NULL",
            params![hash, cx.now()],
        )
        .await?
        .ok_or(UserinfoError::InvalidToken)?;
    let scope = Scopes::parse(&row.get::<String>("scope")?).ok_or(UserinfoError::InvalidToken)?;
    let client_id: String = row.get("client_id")?;
    let client = clients::find(cx, &client_id)
        .await?
        .ok_or(UserinfoError::InvalidToken)?;
    let person = people::find(cx, row.get("person")?)
        .await?
        .ok_or(UserinfoError::InvalidToken)?;
    let grant: Id<Grant> = row.get("grant_id")?;
    let (sector, id) = (&client.sector, person.id);
    let event = &Event::new(
        "userinfo.released",
        grant,
        json!({"client": client_id, "scope": scope.to_string()}),
    );
    let represented = representation::claims(idp, &person, sector, &scope).await;
    let mandate_used = represented.mandate_used;
    let released = scope.to_string();
    let entry = &Entry {
        client: Some(&client_id),
        scope: Some(&released),
        ..Entry::of(Kind::DataReleased)
    };
    let sub = cx
        .db
        .run::<_, DbError, _, _>("userinfo", |tx| async move {
            audit::record(&tx, cx, event).await?;
            activity::record(&tx, cx, id, entry).await?;
            if mandate_used {
                let acted = &Entry {
                    client: entry.client,
                    ..Entry::of(Kind::MandateUsed)
                };
                activity::record(&tx, cx, id, acted).await?;
                audit::record(&tx, cx, &Event::new("mandate.confirmed", grant, json!({}))).await?;
            }
            subject::subject(&tx, &*cx.random, id, sector).await
        })
        .await?;
    let mut claims = scope.claims(&person);
    claims.extend(represented.claims);
    claims.insert("sub".to_owned(), json!(sub));
    Ok(Json::Object(claims))
}
