//! Relying parties: registration rules and look-up (RFC 6749 section 2, OpenID Connect Core section 8.1 for the sector).

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, params};
use subtle::ConstantTimeEq;
use url::Url;

use crate::scope::{Scope, Scopes};
use crate::secret::{self, Hashed};

/// Words per language tag: `sq`, `sr-Latn`, `en`.
pub type Words = BTreeMap<String, String>;

/// A relying party to be registered, or registered anew with other values.
pub struct NewClient {
    pub client_id: String,
    /// What the person knows the service as.
    pub name: Words,
    /// Why the service asks people to log in; one plain sentence.
    pub purpose: Words,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    /// At least 32 characters of randomness.
    pub secret: SecretString,
    /// Whether a law lets the service have the personal number.
    pub legal_basis_personal_number: bool,
}

/// A registered relying party.
#[derive(Clone)]
pub struct Client {
    pub client_id: String,
    pub name: Words,
    pub purpose: Words,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    secret_hash: Hashed,
    pub sector: String,
    pub legal_basis_personal_number: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("client_id: 1 to 64 of a-z 0-9 . _ -")]
    ClientId,
    #[error("name and purpose are needed in sq, sr-Latn and en")]
    Words,
    #[error("the secret needs at least 32 characters")]
    Secret,
    #[error("redirect URI {uri}: {problem}")]
    RedirectUri { uri: String, problem: &'static str },
    #[error("the redirect URIs must have one host: it is the sector of the pairwise subject")]
    Sector,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Registers a relying party; the same `client_id` again replaces what is stored.
pub async fn register(cx: &Cx, new: NewClient) -> Result<(), ClientError> {
    let id_good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    if new.client_id.is_empty() || new.client_id.len() > 64 || !new.client_id.bytes().all(id_good) {
        return Err(ClientError::ClientId);
    }
    let complete = |words: &Words| ["sq", "sr-Latn", "en"].iter().all(|l| words.contains_key(*l));
    if !complete(&new.name) || !complete(&new.purpose) {
        return Err(ClientError::Words);
    }
    if new.secret.expose_secret().len() < 32 {
        return Err(ClientError::Secret);
    }
    let sector = sector(&new.redirect_uris)?;
    for uri in &new.post_logout_redirect_uris {
        redirect_host(uri)?;
    }
    let (new, sector) = (&new, &sector);
    let hash = secret::hashed(new.secret.expose_secret());
    cx.db
        .run("client.register", |tx| async move {
            tx.exec(
                "INSERT INTO client (client_id, name, purpose, redirect_uris, post_logout_redirect_uris, secret_hash, sector,
                    legal_basis_personal_number, registered_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                 ON CONFLICT (client_id) DO UPDATE SET name = excluded.name, purpose = excluded.purpose,
                    redirect_uris = excluded.redirect_uris,
                    post_logout_redirect_uris = excluded.post_logout_redirect_uris,
                    secret_hash = excluded.secret_hash, sector = excluded.sector,
                    legal_basis_personal_number = excluded.legal_basis_personal_number",
                params![
                    &new.client_id,
                    json(&new.name),
                    json(&new.purpose),
                    json(&new.redirect_uris),
                    json(&new.post_logout_redirect_uris),
                    hash,
                    sector,
                    new.legal_basis_personal_number,
                    cx.now()
                ],
            )
            .await?;
            let event = Event::new("client.registered", &new.client_id, serde_json::json!({}));
            audit::record(&tx, cx, &event).await
        })
        .await?;
    Ok(())
}

pub(crate) async fn find(cx: &Cx, client_id: &str) -> Result<Option<Client>, DbError> {
    let row = cx
        .db
        .opt(
            "SELECT client_id, name, purpose, redirect_uris, post_logout_redirect_uris, secret_hash, sector,
                legal_basis_personal_number FROM client WHERE client_id = $1",
            params![client_id],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

impl Client {
    /// Compares in constant time.
    pub(crate) fn secret_is(&self, secret: &str) -> bool {
        secret::hashed(secret).ct_eq(&self.secret_hash).into()
    }

    /// Whether the client may ask for all of this.
    pub(crate) fn may_ask(&self, scopes: &Scopes) -> bool {
        self.legal_basis_personal_number || !scopes.contains(Scope::PersonalNumber)
    }
}

fn read(row: &Row) -> Result<Client, DbError> {
    fn parsed<T: serde::de::DeserializeOwned>(row: &Row, column: &str) -> Result<T, DbError> {
        serde_json::from_str(&row.get::<String>(column)?).map_err(|e| DbError::Column {
            column: column.to_owned(),
            problem: e.to_string(),
        })
    }
    Ok(Client {
        client_id: row.get("client_id")?,
        name: parsed(row, "name")?,
        purpose: parsed(row, "purpose")?,
        redirect_uris: parsed(row, "redirect_uris")?,
        post_logout_redirect_uris: parsed(row, "post_logout_redirect_uris")?,
        secret_hash: row.get("secret_hash")?,
        sector: row.get("sector")?,
        legal_basis_personal_number: row.get("legal_basis_personal_number")?,
    })
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::json!(value).to_string()
}

/// The one host of the redirect URIs (OpenID Connect Core section 8.1).
fn sector(uris: &[String]) -> Result<String, ClientError> {
    let mut host = None;
    for uri in uris {
        let this = redirect_host(uri)?;
        if *host.get_or_insert_with(|| this.clone()) != this {
            return Err(ClientError::Sector);
        }
    }
    host.ok_or(ClientError::Sector)
}

/// Its host, if `uri` may receive a response (RFC 9700 section 2.1; response parameters in it would be polluted).
fn redirect_host(uri: &str) -> Result<String, ClientError> {
    let refuse = |problem| {
        Err(ClientError::RedirectUri {
            uri: uri.to_owned(),
            problem,
        })
    };
    let forbidden = |c: char| !c.is_ascii_graphic() || "*\\<>\"`{}|^".contains(c);
    if uri.chars().any(forbidden) || uri.contains("..") {
        return refuse("wildcards, dot segments, backslashes and control characters are not allowed");
    }
    let Ok(url) = Url::parse(uri) else {
        return refuse("not an absolute URI");
    };
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() || uri.contains('@') {
        return refuse("no fragment and no user name");
    }
    let response = [
        "code",
        "state",
        "iss",
        "error",
        "error_description",
        "error_uri",
        "response",
        "id_token",
    ];
    if url.query_pairs().any(|(name, _)| response.contains(&&*name)) {
        return refuse("its query has the name of a response parameter");
    }
    let Some(host) = url.domain() else {
        return refuse("a host name is needed");
    };
    let local = host == "localhost" || host.ends_with(".localhost");
    if url.scheme() != "https" && !(url.scheme() == "http" && local) {
        return refuse("https, or http on localhost");
    }
    Ok(host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uris_that_could_leak_a_code_are_refused() {
        for bad in [
            "https://*.example.org/cb",
            "https://rp.example.org/cb#x",
            "https://user@rp.example.org/cb",
            "https://rp.example.org/a/../cb",
            "https://rp.example.org\\@evil.example/cb",
            "https://rp.example.org/cb?code=1",
            "https://rp.example.org/cb?iss=1",
            "http://rp.example.org/cb",
            "https://rp.example.org/\tcb",
            "/cb",
            "javascript:alert(1)",
        ] {
            assert!(redirect_host(bad).is_err(), "{bad}");
        }
        assert!(redirect_host("https://rp.example.org/cb?tenant=1").is_ok());
        assert!(redirect_host("http://demo.localhost:8083/callback").is_ok());
    }

    #[test]
    fn two_hosts_are_no_sector() {
        let uris = [
            "https://a.example.org/cb".to_owned(),
            "https://b.example.org/cb".to_owned(),
        ];
        assert!(matches!(sector(&uris), Err(ClientError::Sector)));
    }
}
