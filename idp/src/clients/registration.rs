//! Dynamic registration in the sandbox (RFC 7591) and its management by the owner (RFC 7592). What is in force in production
//! changes by [`super::promotion`] alone: there an owner's change is a proposal.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Map, Value as Json, json};
use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, Timestamp, Tx, params, retry_on_db_conflict};

use super::document::Document;
use super::store::json as text;
use super::{ClientError, Realm, Status, look, rules};
use crate::client_auth::AuthMethod;
use crate::secret;
use crate::service::Idp;

signum_core::config! {
    /// Registration of clients (RFC 7591) and their promotion.
    pub struct RegistrationSettings {
        /// Whether anybody may register a client in the sandbox, where it meets invented people alone.
        open: bool = true,
        /// Most clients in the sandbox.
        most: u32 = 10_000,
        /// Registrations of one address in an hour; 0 is no limit.
        per_address: u32 = 20,
        /// A client of the sandbox is forgotten this many days after its last change.
        sandbox_days: u32 = 180,
        /// JSON file of the officers who promote clients to production, two together; empty: nobody does.
        officers: String = String::new(),
    }
}

impl RegistrationSettings {
    pub(crate) fn sandbox_life(&self) -> Duration {
        Duration::from_secs(u64::from(self.sandbox_days) * 24 * 60 * 60)
    }
}

/// Why a registration is not made, shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    #[error("registration is closed here: ask the operator to register the client")]
    Closed,
    #[error("too many registrations from this address: try again later")]
    TooMany(Duration),
    #[error("the sandbox is full: try again later, or ask the operator")]
    Full,
    #[error("the body is no JSON object with distinct members")]
    NoJson,
    #[error("{0}")]
    Document(String),
    #[error(transparent)]
    Rule(ClientError),
    /// No such client, or not its token; they look alike (RFC 7592 section 3).
    #[error("the registration access token is not valid")]
    Token,
    #[error("a client in production is not deleted by its owner: ask the operator to stop it")]
    Production,
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(RegistrationError);

impl From<ClientError> for RegistrationError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Db(error) => Self::Db(error),
            rule => Self::Rule(rule),
        }
    }
}

impl RegistrationError {
    /// RFC 7591 section 3.2.2; `None` where OAuth has no code.
    pub(crate) const fn code(&self) -> Option<&'static str> {
        match self {
            Self::Rule(ClientError::RedirectUri { .. } | ClientError::Sector) => Some("invalid_redirect_uri"),
            Self::NoJson | Self::Document(_) | Self::Rule(_) => Some("invalid_client_metadata"),
            Self::Token => Some("invalid_token"),
            Self::Closed | Self::Production => Some("access_denied"),
            Self::TooMany(_) | Self::Full => Some("temporarily_unavailable"),
            Self::Db(_) => None,
        }
    }
}

/// What is in the client's hands alone, told once.
struct Told {
    secret: Option<String>,
    token: String,
}

/// Registers a client in the sandbox; the answer is a client information response (RFC 7591 section 3.2.1).
pub(crate) async fn register(idp: &Idp, given: &Map<String, Json>) -> Result<Json, RegistrationError> {
    let settings = &idp.config.registration;
    if !settings.open {
        return Err(RegistrationError::Closed);
    }
    let cx = &idp.cx;
    let document = document(idp, given)?;
    let client_id = format!("c-{}", hex::encode(cx.random.bytes::<16>()));
    let (secret, hash) = secret_for(cx, &document);
    let sector = rules::check(
        &client_id,
        Realm::Sandbox,
        document.profile,
        &document.metadata,
        secret.is_some(),
        &idp.keys.current().offered(),
    )?;
    let (token, token_hash) = secret::fresh(&*cx.random);
    let (d, id, sector, most) = (&document, &client_id, &sector, i64::from(settings.most));
    cx.db
        .run("client.register_sandbox", |tx| async move {
            let count = "SELECT COUNT(*) AS n FROM client WHERE realm = 'sandbox'";
            if tx.one(count, params![]).await?.get::<i64>("n")? >= most {
                return Err(RegistrationError::Full);
            }
            tx.exec(
                "INSERT INTO client (client_id, profile, realm, status, of_the_house, name, purpose, metadata, secret_hash,
                    sector, legal_basis_personal_number, registered_at, changed_at, registration_hash)
                 VALUES ($1, $2, 'sandbox', 'active', $3, $4, $5, $6, $7, $8, $3, $9, $9, $10)",
                params![
                    id,
                    d.profile.name(),
                    false,
                    text(&d.name),
                    text(&d.purpose),
                    text(&d.metadata),
                    hash.as_ref().map(|hash| hash.as_slice()),
                    sector,
                    cx.now(),
                    token_hash
                ],
            )
            .await?;
            let detail = json!({"profile": d.profile.name(), "realm": Realm::Sandbox.name(), "by": "itself"});
            Ok(audit::record(&tx, cx, &Event::new("client.registered", id, detail)).await?)
        })
        .await?;
    let told = Told { secret, token };
    Ok(information(
        idp,
        &client_id,
        Realm::Sandbox,
        &document,
        cx.now(),
        Some(told),
        false,
    ))
}

/// What is asked for, if its answers go elsewhere and its types of details are among those that there are (RFC 9396 section 10).
fn document(idp: &Idp, given: &Map<String, Json>) -> Result<Document, RegistrationError> {
    let document = Document::parse(given).map_err(RegistrationError::Document)?;
    // An answer that comes back to ourselves would be a request of a person to one of our own pages.
    let metadata = &document.metadata;
    let mut addresses = metadata.redirect_uris.iter().chain(&metadata.post_logout_redirect_uris);
    let ours = |uri: &&String| url::Url::parse(uri).is_ok_and(|url| url.host() == idp.url.host());
    if let Some(uri) = addresses.find(ours) {
        return Err(RegistrationError::Rule(ClientError::RedirectUri {
            uri: uri.clone(),
            problem: "this provider's own host",
        }));
    }
    let known = &idp.config.authorization_details_types;
    match document
        .metadata
        .authorization_details_types
        .iter()
        .all(|kind| known.contains(kind))
    {
        true => Ok(document),
        false => Err(RegistrationError::Rule(ClientError::Metadata {
            member: "authorization_details_types",
            problem: "a type that this provider does not know: see its metadata",
        })),
    }
}

/// A new secret, where the method is one by secret.
fn secret_for(cx: &Cx, document: &Document) -> (Option<String>, Option<secret::Hashed>) {
    match by_secret(document) {
        true => {
            let (secret, hash) = secret::fresh(&*cx.random);
            (Some(secret), Some(hash))
        }
        false => (None, None),
    }
}

fn by_secret(document: &Document) -> bool {
    let method = document.metadata.token_endpoint_auth_method;
    matches!(method, AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost)
}

/// The client whose registration access token this is. A client that was switched off has none that works.
async fn owned(cx: &Cx, client_id: &str, token: &str) -> Result<(look::Stored, secret::Hashed), RegistrationError> {
    let hash = secret::hashed(token);
    let found = look::by_token(cx, client_id, &hash).await?;
    let found = found.filter(|stored| stored.status == Status::Active && secret::has_the_form(token));
    Ok((found.ok_or(RegistrationError::Token)?, hash))
}

/// RFC 7592 section 2.1.
pub(crate) async fn read(idp: &Idp, client_id: &str, token: &str) -> Result<Json, RegistrationError> {
    let (stored, _) = owned(&idp.cx, client_id, token).await?;
    let mut told = shown(idp, &stored);
    if let Some(members) = told.as_object_mut() {
        members.insert("registration_access_token".to_owned(), json!(token));
    }
    Ok(told)
}

fn shown(idp: &Idp, stored: &look::Stored) -> Json {
    let (id, at) = (&stored.client_id, stored.registered_at);
    information(
        idp,
        id,
        stored.realm,
        &stored.document,
        at,
        None,
        stored.proposed.is_some(),
    )
}

/// RFC 7592 section 2.2: the whole registration anew. In the sandbox it is in force at once; in production it is a proposal, and
/// the answer tells what is in force until officers have agreed. The registration access token is replaced.
pub(crate) async fn update(
    idp: &Idp,
    client_id: &str,
    token: &str,
    given: &Map<String, Json>,
) -> Result<Json, RegistrationError> {
    let cx = &idp.cx;
    let (stored, hash) = owned(cx, client_id, token).await?;
    itself(&stored, given)?;
    let document = document(idp, given)?;
    let keeps = by_secret(&document) && stored.secret_hash.is_some();
    let (fresh, fresh_hash) = match keeps || stored.realm == Realm::Production {
        true => (None, stored.secret_hash.filter(|_| keeps)),
        false => secret_for(cx, &document),
    };
    let has_secret = fresh_hash.is_some();
    let sector = rules::check(
        client_id,
        stored.realm,
        document.profile,
        &document.metadata,
        has_secret,
        &idp.keys.current().offered(),
    )?;
    let change = Change {
        client_id,
        before: hash,
        document: &document,
        secret_hash: fresh_hash,
        sector,
    };
    let (next, next_hash) = secret::fresh(&*cx.random);
    let (change, realm) = (&change, stored.realm);
    cx.db
        .run("client.update", |tx| async move {
            match realm {
                Realm::Production => change.propose(&tx, cx, next_hash).await,
                Realm::Sandbox => change.make(&tx, cx, next_hash).await,
            }
        })
        .await?;
    let (now, _) = owned(cx, client_id, &next).await?;
    let mut told = shown(idp, &now);
    if let Some(members) = told.as_object_mut() {
        members.insert("registration_access_token".to_owned(), json!(next));
        if let Some(secret) = fresh {
            members.insert("client_secret".to_owned(), json!(secret));
            members.insert("client_secret_expires_at".to_owned(), json!(0));
        }
    }
    Ok(told)
}

/// Section 2.2: what the client says of itself must be true.
fn itself(stored: &look::Stored, given: &Map<String, Json>) -> Result<(), RegistrationError> {
    let refuse = |why: &str| Err(RegistrationError::Document(why.to_owned()));
    if given.get("client_id").and_then(Json::as_str) != Some(&stored.client_id) {
        return refuse("client_id: the client's own is needed");
    }
    match given.get("client_secret") {
        None => Ok(()),
        Some(secret) if stored.secret_is(secret.as_str().unwrap_or_default()) => Ok(()),
        Some(_) => refuse("client_secret: another one than the client's; it is never chosen by the client"),
    }
}

struct Change<'a> {
    client_id: &'a str,
    /// Of the token that was shown; only its first use changes anything.
    before: secret::Hashed,
    document: &'a Document,
    secret_hash: Option<secret::Hashed>,
    sector: String,
}

impl Change<'_> {
    async fn make(&self, tx: &Tx, cx: &Cx, next: secret::Hashed) -> Result<(), RegistrationError> {
        let d = self.document;
        let sql =
            "UPDATE client SET profile = $1, name = $2, purpose = $3, metadata = $4, secret_hash = $5, sector = $6,
                changed_at = $7, registration_hash = $8
             WHERE client_id = $9 AND registration_hash = $10 AND status = 'active' AND realm = 'sandbox'";
        let params = params![
            d.profile.name(),
            text(&d.name),
            text(&d.purpose),
            text(&d.metadata),
            self.secret_hash.as_ref().map(|hash| hash.as_slice()),
            &self.sector,
            cx.now(),
            next,
            self.client_id,
            self.before
        ];
        first(tx.exec(sql, params).await?)?;
        let event = Event::new("client.changed", self.client_id, json!({"by": "itself"}));
        Ok(audit::record(tx, cx, &event).await?)
    }

    async fn propose(&self, tx: &Tx, cx: &Cx, next: secret::Hashed) -> Result<(), RegistrationError> {
        let sql = "UPDATE client SET proposed = $1, registration_hash = $2
             WHERE client_id = $3 AND registration_hash = $4 AND status = 'active' AND realm = 'production'";
        let params = params![text(self.document), next, self.client_id, self.before];
        first(tx.exec(sql, params).await?)?;
        let event = Event::new("client.change_proposed", self.client_id, json!({}));
        Ok(audit::record(tx, cx, &event).await?)
    }
}

fn first(rows: u64) -> Result<(), RegistrationError> {
    match rows {
        1 => Ok(()),
        _ => Err(RegistrationError::Token),
    }
}

/// RFC 7592 section 2.3: gone at once, with everything that was issued to it.
pub(crate) async fn delete(idp: &Idp, client_id: &str, token: &str) -> Result<(), RegistrationError> {
    let cx = &idp.cx;
    let (stored, hash) = owned(cx, client_id, token).await?;
    if stored.realm == Realm::Production {
        return Err(RegistrationError::Production);
    }
    cx.db
        .run("client.delete", |tx| async move {
            let sql = "DELETE FROM client WHERE client_id = $1 AND registration_hash = $2 AND realm = 'sandbox'";
            first(tx.exec(sql, params![client_id, hash]).await?)?;
            super::switch::revoke_everything(&tx, client_id, cx.now()).await?;
            let event = Event::new("client.deleted", client_id, json!({"by": "itself"}));
            Ok(audit::record(&tx, cx, &event).await?)
        })
        .await
}

fn information(
    idp: &Idp,
    client_id: &str,
    realm: Realm,
    document: &Document,
    registered_at: Timestamp,
    told: Option<Told>,
    waits: bool,
) -> Json {
    let mut out = document.to_json();
    let mut put = |name: &str, value: Json| out.insert(name.to_owned(), value);
    put("client_id", json!(client_id));
    put("client_id_issued_at", json!(registered_at.seconds()));
    put(
        "registration_client_uri",
        json!(idp.at(&format!("/register/{client_id}"))),
    );
    put("realm", json!(realm.name()));
    if waits {
        put("change_proposed", json!(true));
    }
    if let Some(told) = told {
        put("registration_access_token", json!(told.token));
        if let Some(secret) = told.secret {
            put("client_secret", json!(secret));
            put("client_secret_expires_at", json!(0));
        }
    }
    out.into()
}

/// Registers for the operator, in production: what officers have agreed to elsewhere, or a client of the house.
pub async fn by_operator(
    cx: &Cx,
    client_id: &str,
    document: Document,
    legal_basis: Option<&str>,
) -> Result<Option<SecretString>, ClientError> {
    if look::one(cx, client_id).await?.is_some() {
        return Err(ClientError::Metadata {
            member: "client_id",
            problem: "there is a client of this id; `signum client show` tells what it is",
        });
    }
    let secret = by_secret(&document).then(|| SecretString::from(cx.random.token()));
    let registration = super::Registration {
        client_id: client_id.to_owned(),
        profile: document.profile,
        realm: Realm::Production,
        name: document.name,
        purpose: document.purpose,
        metadata: document.metadata,
        secret: secret.clone(),
        legal_basis_personal_number: legal_basis.is_some(),
    };
    super::put(cx, registration).await?;
    if let Some(basis) = legal_basis {
        let sql = "UPDATE client SET legal_basis = $1 WHERE client_id = $2";
        let write = |tx: Tx| async move { tx.exec(sql, params![basis, client_id]).await };
        cx.db.run("client.legal_basis", write).await?;
    }
    Ok(secret)
}
