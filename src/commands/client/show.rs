//! `signum client list` and `show`.

use anyhow::{Context, Result};
use serde_json::{Map, Value as Json, json};
use signum_core::Cx;
use signum_idp::clients::Words;
use signum_idp::clients::look::{self, Stored};
use signum_idp::jose::{Jwk, JwkSet};

pub(super) async fn list(cx: &Cx) -> Result<()> {
    for client in look::all(cx).await? {
        let (realm, status) = (client.realm.name(), client.status.name());
        let waits = match client.proposed {
            Some(_) => "  (a change is proposed)",
            None => "",
        };
        let (profile, name) = (client.document.profile.name(), name(&client.document.name));
        println!("{}  {realm}  {status}  {profile}  {name}{waits}", client.client_id);
    }
    Ok(())
}

fn name(words: &Words) -> &str {
    let known = words.get("en").or_else(|| words.values().next());
    known.map_or("-", String::as_str)
}

pub(super) async fn show(cx: &Cx, id: &str) -> Result<()> {
    let client = look::one(cx, id).await?;
    let client = client.with_context(|| format!("{id}: there is no such client (`signum client list`)"))?;
    println!("{:#}", told(&client));
    Ok(())
}

fn told(client: &Stored) -> Json {
    let mut out: Map<String, Json> = client.document.to_json();
    let mut put = |name: &str, value: Json| out.insert(name.to_owned(), value);
    put("client_id", json!(client.client_id));
    put("realm", json!(client.realm.name()));
    put("status", json!(client.status.name()));
    put("legal_basis", json!(client.legal_basis));
    put("client_id_issued_at", json!(client.registered_at.seconds()));
    put("changed_at", json!(client.changed_at.seconds()));
    let keys = client.document.metadata.jwks.as_ref().map(JwkSet::parse);
    if let Some(Ok(keys)) = keys {
        let keys: Vec<Json> = keys.keys().iter().map(key).collect();
        put("key_thumbprints", json!(keys));
    }
    if let Some(proposed) = &client.proposed {
        put("proposed", Json::Object(proposed.to_json()));
    }
    out.into()
}

fn key(jwk: &Jwk) -> Json {
    json!({"kid": jwk.kid, "thumbprint": jwk.thumbprint()})
}
