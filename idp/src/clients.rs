//! Relying parties: what is known of them, who may change it, and look-up (RFC 6749 section 2, RFC 7591).

mod credentials;
mod document;
pub(crate) mod keys;
pub mod look;
mod metadata;
mod profile;
pub mod promotion;
mod redirect_uri;
pub(crate) mod registration;
mod rules;
pub(crate) mod sandbox;
mod store;
mod switch;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use signum_core::db::Row;
use signum_core::{Cx, DbError, params};
use subtle::ConstantTimeEq;

use crate::abuse::address::Networks;
use crate::client_auth::Refusal;
use crate::jose::{JwkError, JwkSet};
use crate::scope::{Scope, Scopes};
use crate::secret::{self, Hashed};

pub use credentials::{add_keys, renew_secret, retire_key};
pub use document::Document;
pub use metadata::{AccessTokenFormat, GrantType, Metadata};
pub use profile::{Profile, Realm, Status};
pub use registration::{RegistrationSettings, by_operator};
pub use sandbox::let_in as let_into_sandbox;
pub use store::{NewClient, Registration, put, register};
pub use switch::{start, stop};

/// Words per language tag: `sq`, `sr-Latn`, `en`.
pub type Words = BTreeMap<String, String>;

/// A registered relying party.
#[derive(Clone)]
pub struct Client {
    pub client_id: String,
    pub profile: Profile,
    pub realm: Realm,
    pub status: Status,
    pub name: Words,
    pub purpose: Words,
    pub metadata: Metadata,
    secret_hash: Option<Hashed>,
    pub sector: String,
    pub legal_basis_personal_number: bool,
    /// From where it may ask for tokens, separated by spaces; `None`: from anywhere. Officers agree to it.
    token_networks: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("client_id: 1 to 64 of a-z 0-9 . _ -")]
    ClientId,
    #[error("name and purpose are needed in sq, sr-Latn and en")]
    Words,
    #[error(
        "a secret of at least 32 characters is needed with client_secret_basic and client_secret_post, and only there"
    )]
    Secret,
    #[error("redirect URI {uri}: {problem}")]
    RedirectUri { uri: String, problem: &'static str },
    #[error("the redirect URIs must have one host: it is the sector of the pairwise subject")]
    Sector,
    #[error("{member}: {problem}")]
    Metadata {
        member: &'static str,
        problem: &'static str,
    },
    #[error("jwks: {0}")]
    Keys(JwkError),
    #[error(transparent)]
    Db(#[from] DbError),
}

const COLUMNS: &str = "SELECT client_id, profile, realm, status, name, purpose, metadata, secret_hash, sector,
    legal_basis_personal_number, token_networks FROM client WHERE client_id = $1 AND status = 'active'";

/// The client, unless the kill switch is thrown: then it is as if there were none. Each call asks the database, so a switch
/// thrown on one replica works at once on every one.
pub(crate) async fn find(cx: &Cx, client_id: &str) -> Result<Option<Client>, DbError> {
    let row = cx.db.opt(COLUMNS, params![client_id]).await?;
    let found = row.as_ref().map(read).transpose()?;
    Ok(found.map(sandbox::bounded))
}

impl Client {
    /// Compares in constant time; a client without a secret has none that is right.
    pub(crate) fn secret_is(&self, secret: &str) -> bool {
        let stored = self.secret_hash.unwrap_or_default();
        let same: bool = secret::hashed(secret).ct_eq(&stored).into();
        same && self.secret_hash.is_some()
    }

    /// The keys that the client registered by value.
    pub(crate) fn keys(&self) -> Result<JwkSet, Refusal> {
        let jwks = self
            .metadata
            .jwks
            .as_ref()
            .ok_or(Refusal::Assertion("no keys are registered"))?;
        JwkSet::parse(jwks).map_err(|_| Refusal::Assertion("the registered keys cannot be read"))
    }

    /// Whether the client may ask for all of this.
    pub(crate) fn may_ask(&self, scopes: &Scopes) -> bool {
        self.legal_basis_personal_number || !scopes.contains(Scope::PersonalNumber)
    }

    /// Whether tokens may be asked for from this address; without one the request comes from this very machine.
    pub(crate) fn may_ask_from(&self, address: Option<IpAddr>) -> bool {
        let Some(listed) = &self.token_networks else {
            return true;
        };
        // A list that cannot be read lets nobody in.
        let Ok(networks) = Networks::parse(listed.split_ascii_whitespace()) else {
            return false;
        };
        match address {
            Some(address) => networks.contain(address),
            None => networks.contain(Ipv4Addr::LOCALHOST.into()) || networks.contain(Ipv6Addr::LOCALHOST.into()),
        }
    }

    /// Exact comparison of octets; of a native application's loopback address the port may be any (RFC 8252 section 7.3).
    pub(crate) fn has_redirect_uri(&self, asked: &str) -> bool {
        let registered = |uri: &String| redirect_uri::is_registered(self.profile, uri, asked);
        self.metadata.redirect_uris.iter().any(registered)
    }
}

fn read(row: &Row) -> Result<Client, DbError> {
    fn problem(column: &str, problem: impl ToString) -> DbError {
        DbError::Column {
            column: column.to_owned(),
            problem: problem.to_string(),
        }
    }
    fn parsed<T: serde::de::DeserializeOwned>(row: &Row, column: &str) -> Result<T, DbError> {
        serde_json::from_str(&row.get::<String>(column)?).map_err(|e| problem(column, e))
    }
    fn named<T>(row: &Row, column: &str, parse: fn(&str) -> Option<T>) -> Result<T, DbError> {
        parse(&row.get::<String>(column)?).ok_or_else(|| problem(column, "unknown name"))
    }
    Ok(Client {
        client_id: row.get("client_id")?,
        profile: named(row, "profile", Profile::parse)?,
        realm: named(row, "realm", Realm::parse)?,
        status: named(row, "status", Status::parse)?,
        name: parsed(row, "name")?,
        purpose: parsed(row, "purpose")?,
        metadata: parsed(row, "metadata")?,
        secret_hash: row.get("secret_hash")?,
        sector: row.get("sector")?,
        legal_basis_personal_number: row.get("legal_basis_personal_number")?,
        token_networks: row.get("token_networks")?,
    })
}
