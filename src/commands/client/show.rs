//! `signum client list` and `show`.

use anyhow::{Context, Result};
use serde_json::{Map, Value as Json, json};
use signum_core::Cx;
use signum_idp::clients::Words;
use signum_idp::clients::look::{self, Stored};
use signum_idp::jose::{Jwk, JwkSet};

pub(super) async fn list(cx: &Cx) -> Result<()> {
    let clients = look::all(cx).await?;
    if clients.is_empty() {
        println!("no clients");
        return Ok(());
    }
    let head = ["client", "realm", "status", "profile", "name"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(clients.iter().map(row)).collect();
    for row in &rows {
        let mut line = String::new();
        for (place, cell) in row.iter().enumerate() {
            let widths = rows
                .iter()
                .filter_map(|row| row.get(place))
                .map(|cell| cell.chars().count());
            let width = widths.max().unwrap_or_default();
            line.push_str(&format!("{cell:<width$}  "));
        }
        println!("{}", line.trim_end());
    }
    Ok(())
}

fn row(client: &Stored) -> [String; 5] {
    let name = name(&client.document.name);
    let name = match client.proposed {
        Some(_) => format!("{name} (a change is proposed)"),
        None => name.to_owned(),
    };
    let (realm, status) = (client.realm.name(), client.status.name());
    let profile = client.document.profile.name();
    [&client.client_id, realm, status, profile, &name].map(str::to_owned)
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
    put("token_networks", json!(client.token_networks));
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
