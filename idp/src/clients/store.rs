//! Putting clients into the database: every way there goes through the same rules.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use signum_core::audit::{self, Event};
use signum_core::{Cx, params};

use super::{ClientError, Metadata, Profile, Realm, Words, rules};
use crate::client_auth::AuthMethod;
use crate::{keys, secret};

/// A relying party as the wiring knows it: profile `gov-basic`, `client_secret_basic`, in production.
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

/// A client with everything that can be said of it.
pub struct Registration {
    pub client_id: String,
    pub profile: Profile,
    pub realm: Realm,
    pub name: Words,
    pub purpose: Words,
    pub metadata: Metadata,
    /// With `client_secret_basic` and `client_secret_post`: at least 256 bits of randomness in at least 32 characters.
    pub secret: Option<SecretString>,
    pub legal_basis_personal_number: bool,
}

/// Registers a relying party; the same `client_id` again replaces what is stored.
pub async fn register(cx: &Cx, new: NewClient) -> Result<(), ClientError> {
    let metadata = Metadata {
        redirect_uris: new.redirect_uris,
        post_logout_redirect_uris: new.post_logout_redirect_uris,
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        ..Metadata::default()
    };
    let registration = Registration {
        client_id: new.client_id,
        profile: Profile::GovBasic,
        realm: Realm::Production,
        name: new.name,
        purpose: new.purpose,
        metadata,
        secret: Some(new.secret),
        legal_basis_personal_number: new.legal_basis_personal_number,
    };
    put(cx, registration).await
}

/// Registers a client of the house, which the operator answers for; the same `client_id` again replaces what is stored, but
/// for its kill switch.
pub async fn put(cx: &Cx, new: Registration) -> Result<(), ClientError> {
    let id_good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    if new.client_id.is_empty() || new.client_id.len() > 64 || !new.client_id.bytes().all(id_good) {
        return Err(ClientError::ClientId);
    }
    words(&new.name)?;
    words(&new.purpose)?;
    if new
        .secret
        .as_ref()
        .is_some_and(|secret| secret.expose_secret().len() < 32)
    {
        return Err(ClientError::Secret);
    }
    let sector = rules::check(
        &new.client_id,
        new.realm,
        new.profile,
        &new.metadata,
        new.secret.is_some(),
        &keys::offered(cx).await?,
    )?;
    let hash = new.secret.as_ref().map(|secret| secret::hashed(secret.expose_secret()));
    let (new, sector, hash) = (&new, &sector, hash.as_ref().map(|hash| hash.as_slice()));
    cx.db
        .run("client.register", |tx| async move {
            tx.exec(
                "INSERT INTO client (client_id, profile, realm, status, of_the_house, name, purpose, metadata, secret_hash,
                    sector, legal_basis_personal_number, registered_at, changed_at)
                 VALUES ($1, $2, $3, 'active', $11, $4, $5, $6, $7, $8, $9, $10, $10)
                 ON CONFLICT (client_id) DO UPDATE SET profile = excluded.profile, realm = excluded.realm,
                    name = excluded.name, purpose = excluded.purpose, metadata = excluded.metadata,
                    secret_hash = excluded.secret_hash, sector = excluded.sector,
                    legal_basis_personal_number = excluded.legal_basis_personal_number, changed_at = excluded.changed_at",
                params![
                    &new.client_id,
                    new.profile.name(),
                    new.realm.name(),
                    json(&new.name),
                    json(&new.purpose),
                    json(&new.metadata),
                    hash,
                    sector,
                    new.legal_basis_personal_number,
                    cx.now(),
                    true
                ],
            )
            .await?;
            let detail = serde_json::json!({"profile": new.profile.name(), "realm": new.realm.name()});
            audit::record(&tx, cx, &Event::new("client.registered", &new.client_id, detail)).await
        })
        .await?;
    Ok(())
}

/// Words for people are needed in the three languages in which every page is written.
pub(super) fn words(words: &BTreeMap<String, String>) -> Result<(), ClientError> {
    match ["sq", "sr-Latn", "en"].iter().all(|tag| words.contains_key(*tag)) {
        true => Ok(()),
        false => Err(ClientError::Words),
    }
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::json!(value).to_string()
}
