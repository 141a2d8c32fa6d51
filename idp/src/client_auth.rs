//! Client authentication (RFC 6749 section 2.3, RFC 7523, RFC 8705): one registered method for each client, and no other is
//! ever taken. Every refusal has one answer, and an unknown client costs the work of a known one.

mod assertion;
pub(crate) mod distinguished_name;
mod secret;
pub(crate) mod shown;
mod tls;

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{DbError, retry_on_db_conflict};

use crate::clients::{self, Client, keys};
use crate::form::Form;
use crate::service::Idp;

pub use shown::MtlsSettings;
pub use tls::TlsCertificate;

/// How a client proves itself, by its name in RFC 7591 section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    ClientSecretBasic,
    ClientSecretPost,
    #[default]
    PrivateKeyJwt,
    TlsClientAuth,
    SelfSignedTlsClientAuth,
    /// Not at all: an application on a person's device.
    #[serde(rename = "none")]
    Public,
}

/// What a request shows of its client.
pub(crate) struct Shown<'a> {
    pub form: &'a Form,
    /// The header of that name.
    pub authorization: Option<&'a str>,
    /// Of the TLS connection, or from a proxy that may say so.
    pub certificate: Option<&'a TlsCertificate>,
    /// From where; `None` when nothing trustworthy says so.
    pub address: Option<IpAddr>,
}

/// Who the client is.
pub(crate) struct Authenticated {
    pub client: Client,
    /// `x5t#S256` of the certificate shown, whatever the method was: tokens may be bound to it.
    pub certificate: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientAuthError {
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// One answer for all; the reason goes to the log alone.
    #[error("client authentication failed")]
    InvalidClient(Refusal),
    /// So much failed from there that nothing is judged for a while.
    #[error("too many failed requests from this network; try again later")]
    TooMany(Duration),
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(ClientAuthError);

/// Why a client was refused. Never told to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No client is named, or nothing proves it.
    Nothing,
    /// Not registered, or switched off.
    Unknown,
    /// The client is registered for another method.
    Method,
    Secret,
    /// Tokens are asked for from a network that officers did not agree to.
    Network,
    Assertion(&'static str),
    Certificate(&'static str),
}

impl Refusal {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Nothing => "nothing shown",
            Self::Unknown => "unknown client",
            Self::Method => "another method than the registered one",
            Self::Secret => "wrong secret",
            Self::Network => "network not agreed to",
            Self::Assertion(reason) | Self::Certificate(reason) => reason,
        }
    }
}

impl From<Refusal> for ClientAuthError {
    fn from(refusal: Refusal) -> Self {
        Self::InvalidClient(refusal)
    }
}

/// What a request shows, by the way in which it does.
enum Credentials {
    Secret {
        method: AuthMethod,
        id: String,
        secret: String,
    },
    Assertion {
        id: String,
        token: String,
    },
    /// Only a name: the certificate has to prove it, or the client is public.
    Name {
        id: String,
    },
}

impl Credentials {
    fn id(&self) -> &str {
        match self {
            Self::Secret { id, .. } | Self::Assertion { id, .. } | Self::Name { id } => id,
        }
    }

    fn into_id(self) -> String {
        match self {
            Self::Secret { id, .. } | Self::Assertion { id, .. } | Self::Name { id } => id,
        }
    }
}

/// The client that the request proves. Refusals are counted, and told to the audit log once in each window.
pub(crate) async fn authenticate(idp: &Idp, shown: &Shown<'_>) -> Result<Authenticated, ClientAuthError> {
    let result = judged(idp, shown).await;
    if let Err(ClientAuthError::InvalidClient(refusal)) = &result {
        // A name that no client has may be anything: it is neither remembered nor written down.
        let named = match refusal {
            Refusal::Nothing | Refusal::Unknown => None,
            _ => credentials(shown).ok().map(Credentials::into_id),
        };
        failed(idp, named.as_deref(), shown.address, refusal.reason()).await?;
    }
    result
}

async fn judged(idp: &Idp, shown: &Shown<'_>) -> Result<Authenticated, ClientAuthError> {
    let judged = idp.abuse.failures.judge(None, shown.address, idp.cx.now());
    judged.map_err(too_many)?;
    if let Some(flaw) = shown.form.flaw() {
        return Err(ClientAuthError::InvalidRequest(flaw));
    }
    let credentials = credentials(shown)?;
    let id = credentials.id();
    let judged = idp.abuse.failures.judge(Some(id), shown.address, idp.cx.now());
    judged.map_err(too_many)?;
    if shown.form.get("client_id").is_some_and(|named| named != id) {
        return Err(ClientAuthError::InvalidRequest(
            "client_id is another than the authenticated client",
        ));
    }
    let client = clients::find(&idp.cx, id).await?;
    match &credentials {
        Credentials::Secret { method, secret, .. } => secret::check(client.as_ref(), *method, secret)?,
        Credentials::Assertion { token, .. } => assertion::check(idp, client.as_ref(), token).await?,
        Credentials::Name { .. } => name_alone(idp, client.as_ref(), shown.certificate).await?,
    }
    Ok(Authenticated {
        client: client.ok_or(Refusal::Unknown)?,
        certificate: shown.certificate.map(TlsCertificate::thumbprint),
    })
}

/// RFC 6749 section 2.3: not more than one way in one request.
fn credentials(shown: &Shown<'_>) -> Result<Credentials, ClientAuthError> {
    let form = shown.form;
    let assertion = form.has("client_assertion") || form.has("client_assertion_type");
    let ways = [shown.authorization.is_some(), form.has("client_secret"), assertion];
    if ways.into_iter().filter(|way| *way).count() > 1 {
        return Err(ClientAuthError::InvalidRequest(
            "more than one way of client authentication",
        ));
    }
    if let Some(header) = shown.authorization {
        let (id, secret) = secret::basic(header).ok_or(Refusal::Nothing)?;
        let method = AuthMethod::ClientSecretBasic;
        return Ok(Credentials::Secret { method, id, secret });
    }
    if assertion {
        let (id, token) = assertion::named(form)?;
        return Ok(Credentials::Assertion { id, token });
    }
    let id = form.get("client_id").ok_or(Refusal::Nothing)?.to_owned();
    Ok(match form.get("client_secret") {
        Some(secret) => Credentials::Secret {
            method: AuthMethod::ClientSecretPost,
            id,
            secret: secret.to_owned(),
        },
        None if form.has("client_secret") => return Err(Refusal::Nothing.into()),
        None => Credentials::Name { id },
    })
}

async fn name_alone(idp: &Idp, client: Option<&Client>, certificate: Option<&TlsCertificate>) -> Result<(), Refusal> {
    let client = client.ok_or(Refusal::Unknown)?;
    match client.metadata.token_endpoint_auth_method {
        AuthMethod::Public => Ok(()),
        AuthMethod::TlsClientAuth => tls::by_name(client, certificate),
        AuthMethod::SelfSignedTlsClientAuth => tls::by_key(&keys::of(idp, client).await?, certificate),
        AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost | AuthMethod::PrivateKeyJwt => {
            Err(Refusal::Method)
        }
    }
}

/// For tokens alone: whether they are asked for from where officers agreed to, if they said so.
pub(crate) async fn from_its_networks(idp: &Idp, client: &Client, shown: &Shown<'_>) -> Result<(), ClientAuthError> {
    if client.may_ask_from(shown.address) {
        return Ok(());
    }
    let refusal = Refusal::Network;
    failed(idp, Some(&client.client_id), shown.address, refusal.reason()).await?;
    Err(refusal.into())
}

fn too_many(wait: Duration) -> ClientAuthError {
    metrics::counter!("idp_requests_refused_total", "why" => "failures").increment(1);
    ClientAuthError::TooMany(wait)
}

/// Counts what failed at a client's endpoint. The audit log gets the first of a kind in each window, and the moment from which
/// nothing is judged; a row for each failure would let anybody fill the database.
pub(crate) async fn failed(
    idp: &Idp,
    client: Option<&str>,
    address: Option<IpAddr>,
    reason: &'static str,
) -> Result<(), DbError> {
    tracing::warn!(reason, "client authentication refused");
    metrics::counter!("idp_client_authentication_failures_total", "reason" => reason).increment(1);
    let cx = &idp.cx;
    let noted = idp.abuse.failures.note(client, address, reason, cx.now());
    let mut kinds = Vec::new();
    if noted.first {
        kinds.push("client.authentication_refused");
    }
    if noted.limit_reached {
        kinds.push("client.authentication_limited");
    }
    if kinds.is_empty() {
        return Ok(());
    }
    let (kinds, detail) = (&kinds, &json!({"client": client, "reason": reason}));
    cx.db
        .run("client.refused", |tx| async move {
            for kind in kinds {
                audit::record(&tx, cx, &Event::new(kind, "client", detail.clone())).await?;
            }
            Ok(())
        })
        .await
}
