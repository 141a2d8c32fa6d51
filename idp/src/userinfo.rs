//! UserInfo (OpenID Connect Core section 5.3) for access tokens of people (RFC 6750, RFC 9449 section 7).

use serde_json::{Value as Json, json};
use signum_core::audit::{self, Event};
use signum_core::{DbError, retry_on_db_conflict};

use crate::account::activity::{self, Entry, Kind};
use crate::binding::SenderConstraint;
use crate::clients::Client;
use crate::dpop::DpopError;
use crate::for_client::{self, ForClientError};
use crate::scope::Scopes;
use crate::service::Idp;
use crate::token::access_token;
use crate::{clients, jws, representation, subject};

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
    Dpop(DpopError),
    /// The answer cannot be signed or encrypted.
    #[error(transparent)]
    Unreadable(#[from] ForClientError),
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(UserinfoError);

impl From<DpopError> for UserinfoError {
    fn from(error: DpopError) -> Self {
        match error {
            DpopError::Db(error) => Self::Db(error),
            other => Self::Dpop(other),
        }
    }
}

/// How the claims go to the client (OpenID Connect Core section 5.3.2).
pub(crate) enum Told {
    Json(Json),
    /// Signed, encrypted or both: `application/jwt`.
    Jwt(String),
}

/// The claims that this access token gives a right to, in the form that the client registered, or as a signed token where the
/// request wants one. `shown`: proven for this very request and token.
pub(crate) async fn userinfo(
    idp: &Idp,
    access_token: &str,
    shown: Option<&SenderConstraint>,
    wants_jwt: bool,
) -> Result<Told, UserinfoError> {
    let (client, mut claims) = claims(idp, access_token, shown).await?;
    let metadata = &client.metadata;
    let encrypts = metadata.userinfo_encrypted_response_alg.is_some();
    let algorithm = metadata.userinfo_signed_response_alg;
    if algorithm.is_none() && !wants_jwt {
        return Ok(match encrypts {
            true => Told::Jwt(for_client::encrypted(idp, &client, None, claims.to_string().as_bytes()).await?),
            false => Told::Json(claims),
        });
    }
    if let Some(claims) = claims.as_object_mut() {
        claims.insert("iss".to_owned(), json!(idp.issuer()));
        claims.insert("aud".to_owned(), json!(client.client_id));
        claims.insert("iat".to_owned(), json!(idp.cx.now().seconds()));
    }
    let keys = idp.keys.fresh(&idp.cx).await;
    let signed = keys.sign(&*idp.hsm, algorithm, jws::USERINFO, &claims).await;
    let signed = signed.map_err(ForClientError::from)?;
    Ok(Told::Jwt(match encrypts {
        true => for_client::encrypted(idp, &client, Some("JWT"), signed.as_bytes()).await?,
        false => signed,
    }))
}

async fn claims(
    idp: &Idp,
    access_token: &str,
    shown: Option<&SenderConstraint>,
) -> Result<(Client, Json), UserinfoError> {
    let cx = &idp.cx;
    let found = access_token::find(idp, access_token).await?;
    let found = found.ok_or(UserinfoError::InvalidToken)?;
    let (Some(grant), Some(person)) = (found.right.grant, found.person) else {
        return Err(UserinfoError::InvalidToken);
    };
    // A bound token is worth nothing without its key, and a proof makes no bearer token better (RFC 9449 section 7.1).
    let right = &found.right;
    // A token for a resource server must not tell that server about the person (RFC 8707 section 3).
    let ours = right.is_for(idp.issuer()) && right.has_scope("openid");
    if !ours || !SenderConstraint::fits(right.cnf.as_ref(), shown) {
        return Err(UserinfoError::InvalidToken);
    }
    let scope = Scopes::known(&found.right.scope);
    let client_id = found.right.client_id;
    let client = clients::find(cx, &client_id)
        .await?
        .ok_or(UserinfoError::InvalidToken)?;
    let about = scope.claims().union(&found.claims).allowed_to(&client);
    // Nothing is opened that is not told.
    let opened = match about.is_empty() && !representation::asked_for(&scope) {
        true => None,
        false => Some(idp.people.find(person).await?.ok_or(UserinfoError::InvalidToken)?),
    };
    let (sector, id) = (&client.sector, person);
    let event = &Event::new(
        "userinfo.released",
        grant,
        json!({"client": client_id, "scope": scope.to_string(), "claims": found.claims.to_string()}),
    );
    let represented = match &opened {
        Some(opened) => representation::claims(idp, opened, sector, &scope).await,
        None => representation::Answered::default(),
    };
    let mandate_used = represented.mandate_used;
    let released = format!("{scope} {}", found.claims);
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
    let mut claims = opened.map(|opened| about.values(&opened)).unwrap_or_default();
    claims.extend(represented.claims);
    claims.insert("sub".to_owned(), json!(sub));
    Ok((client, Json::Object(claims)))
}
