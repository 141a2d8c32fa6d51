//! A client's keys and secret, changed by the operator: in force with the next request, on every replica.

use secrecy::SecretString;
use serde_json::{Value as Json, json};
use signum_core::audit::{self, Event};
use signum_core::{Cx, Tx, params};

use super::look::{self, Stored};
use super::store::json as text;
use super::{ClientError, Metadata, rules};
use crate::jose::{Jwk, JwkSet};
use crate::secret;

fn refuse<T>(member: &'static str, problem: &'static str) -> Result<T, ClientError> {
    Err(ClientError::Metadata { member, problem })
}

async fn known(cx: &Cx, client_id: &str) -> Result<Stored, ClientError> {
    let found = look::one(cx, client_id).await?;
    found.map_or_else(|| refuse("client_id", "no such client: see `signum client list`"), Ok)
}

/// The client's keys as it registered them.
fn registered(stored: &Stored) -> Result<Vec<Json>, ClientError> {
    let metadata = &stored.document.metadata;
    if metadata.jwks_uri.is_some() {
        return refuse(
            "jwks_uri",
            "the client publishes its keys itself: it changes them at that address",
        );
    }
    let keys = metadata.jwks.as_ref().and_then(|jwks| jwks.get("keys"));
    Ok(keys.and_then(Json::as_array).cloned().unwrap_or_default())
}

/// Adds public keys (a JWK, or a set of them) to those the client has, which go on working.
pub async fn add_keys(cx: &Cx, client_id: &str, new: &Json) -> Result<Vec<Jwk>, ClientError> {
    let stored = known(cx, client_id).await?;
    let mut keys = registered(&stored)?;
    let new: Vec<Json> = match new.get("keys").and_then(Json::as_array) {
        Some(several) => several.clone(),
        None => vec![new.clone()],
    };
    if new.is_empty() {
        return refuse("jwks", "no key is given");
    }
    for value in new {
        let jwk = Jwk::parse(&value).map_err(ClientError::Keys)?;
        let there = keys.iter().filter_map(|known| Jwk::parse(known).ok());
        if there.into_iter().any(|known| known.thumbprint() == jwk.thumbprint()) {
            return refuse("jwks", "the client has this key already");
        }
        keys.push(value);
    }
    store_keys(cx, &stored, keys, "client.keys_added").await
}

/// Takes away the key of this `kid` or RFC 7638 thumbprint; what it signs counts for nothing from then on.
pub async fn retire_key(cx: &Cx, client_id: &str, name: &str) -> Result<Vec<Jwk>, ClientError> {
    let stored = known(cx, client_id).await?;
    let keys = registered(&stored)?;
    let is =
        |value: &Json| Jwk::parse(value).is_ok_and(|jwk| jwk.kid.as_deref() == Some(name) || jwk.thumbprint() == name);
    let (gone, left): (Vec<_>, Vec<_>) = keys.into_iter().partition(is);
    match gone.len() {
        0 => refuse(
            "jwks",
            "the client has no key of this kid or thumbprint: see `signum client show`",
        ),
        1 if left.is_empty() => refuse(
            "jwks",
            "it is the only key: add the next one first, or stop the client with `signum client stop`",
        ),
        1 => store_keys(cx, &stored, left, "client.key_retired").await,
        _ => refuse("jwks", "several keys have this kid: name the thumbprint"),
    }
}

async fn store_keys(cx: &Cx, stored: &Stored, keys: Vec<Json>, kind: &'static str) -> Result<Vec<Jwk>, ClientError> {
    let jwks = json!({"keys": keys});
    let set = JwkSet::parse(&jwks).map_err(ClientError::Keys)?;
    let metadata = Metadata {
        jwks: Some(jwks),
        ..stored.document.metadata.clone()
    };
    let (id, profile) = (&stored.client_id, stored.document.profile);
    let offered = crate::keys::offered(cx).await?;
    let has_secret = stored.secret_hash.is_some();
    rules::check(id, stored.realm, profile, &metadata, has_secret, &offered)?;
    let thumbprints: Vec<String> = set.keys().iter().map(Jwk::thumbprint).collect();
    let (before, after) = (text(&stored.document.metadata), text(&metadata));
    let (before, after, thumbprints) = (&before, &after, &thumbprints);
    let rows = cx.db.run("client.keys", |tx: Tx| async move {
        let sql = "UPDATE client SET metadata = $1, changed_at = $2 WHERE client_id = $3 AND metadata = $4";
        let rows = tx.exec(sql, params![after, cx.now(), id, before]).await?;
        if rows == 1 {
            audit::record(&tx, cx, &Event::new(kind, id, json!({"keys": thumbprints}))).await?;
        }
        Ok::<_, signum_core::DbError>(rows)
    });
    match rows.await? {
        1 => Ok(set.keys().to_vec()),
        _ => refuse(
            "jwks",
            "the client was changed at the same time: look at it and try again",
        ),
    }
}

/// Makes another secret; the one before is worth nothing from then on.
pub async fn renew_secret(cx: &Cx, client_id: &str) -> Result<SecretString, ClientError> {
    let stored = known(cx, client_id).await?;
    if stored.secret_hash.is_none() {
        return refuse("token_endpoint_auth_method", "this client has no secret");
    }
    let (fresh, hash) = secret::fresh(&*cx.random);
    let id = &stored.client_id;
    cx.db
        .run("client.secret", |tx: Tx| async move {
            let sql = "UPDATE client SET secret_hash = $1, changed_at = $2 WHERE client_id = $3";
            tx.exec(sql, params![hash, cx.now(), id]).await?;
            audit::record(&tx, cx, &Event::new("client.secret_renewed", id, json!({}))).await
        })
        .await?;
    Ok(fresh.into())
}
