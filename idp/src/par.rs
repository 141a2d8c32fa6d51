//! Pushed authorization requests (RFC 9126): the client itself hands over its request, authenticated, and the browser carries a
//! reference. The same table of checks judges it, before anybody is bothered.

pub(crate) mod store;

use std::time::Duration;

use http::HeaderMap;
use signum_core::{DbError, retry_on_db_conflict};

use crate::authorize::checks::{Way, client};
use crate::authorize::error::{AuthorizeError, PageError};
use crate::authorize::object::{self, Object};
use crate::authorize::request::{AuthorizeRequest, Once};
use crate::authorize::{Source, draft, record_refusal};
use crate::client_auth::{self, AuthMethod, ClientAuthError, Shown};
use crate::clients::Client;
use crate::dpop::{self, DpopError, Proof};
use crate::service::Idp;
use crate::single_use::{self, Kind};
use crate::token::resource;

/// Life of a `request_uri` in seconds: time for the browser to get here (FAPI 2.0 Security Profile: less than 600).
pub(crate) const LIFE: u32 = 90;

/// Why a request is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PushError {
    #[error(transparent)]
    Client(#[from] ClientAuthError),
    #[error(transparent)]
    Refused(#[from] AuthorizeError),
    #[error(transparent)]
    Dpop(DpopError),
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(PushError);

/// A database's error stays one: a transaction that lost a race is tried again.
impl From<DpopError> for PushError {
    fn from(error: DpopError) -> Self {
        match error {
            DpopError::Db(error) => Self::Db(error),
            other => Self::Dpop(other),
        }
    }
}

/// Takes a request; returns its `request_uri`.
pub(crate) async fn push(idp: &Idp, shown: &Shown<'_>, headers: &HeaderMap) -> Result<String, PushError> {
    dpop::ask_for_nonce(idp, headers, &idp.at("/par"))?;
    let client = client_auth::authenticate(idp, shown).await?.client;
    match judged(idp, &client, shown, headers).await {
        Err(PushError::Refused(error)) => {
            let public = client.metadata.token_endpoint_auth_method == AuthMethod::Public;
            match public {
                // Anybody can call themselves a public client.
                true => client_auth::failed(idp, Some(&client.client_id), shown.address, error.code()).await?,
                false => record_refusal(idp, &client.client_id, error).await?,
            }
            Err(error.into())
        }
        other => other,
    }
}

async fn judged(idp: &Idp, client: &Client, shown: &Shown<'_>, headers: &HeaderMap) -> Result<String, PushError> {
    // RFC 9126 section 2.1: it would push a push.
    if shown.form.has("request_uri") {
        return Err(AuthorizeError::InvalidRequest("request_uri may not be pushed").into());
    }
    let object = match shown.form.get("request").filter(|_| object::can_sign(client)) {
        Some(token) => Some(object::read(idp, client, token).await?),
        None => None,
    };
    let (form, signed) = match &object {
        Some(Object { form, .. }) => (form, true),
        None => (shown.form, false),
    };
    // A client that authenticated by certificate or key need not name itself, and never names another (RFC 9126 section 2.1).
    if form.get("client_id").is_some_and(|named| named != client.client_id) {
        return Err(AuthorizeError::InvalidRequest("client_id is another than the authenticated client").into());
    }
    let redirect_uri = client::redirect_uri(client, form).map_err(not_a_page)?;
    let source = Source {
        way: Way::Pushed,
        signed,
        targets: resource::known(idp, client, form).await?,
    };
    let mut request = draft(idp, client, form, redirect_uri, source).check(None)?;
    // RFC 9449 section 10.1: a proof names the key of the code, as dpop_jkt does, and both name one.
    let proof = dpop::read(idp, headers, "POST", &idp.at("/par"), None)?;
    if let Some(proof) = &proof
        && request
            .dpop_jkt
            .replace(proof.jkt.clone())
            .is_some_and(|named| named != proof.jkt)
    {
        return Err(AuthorizeError::InvalidRequest("dpop_jkt names another key than the DPoP proof").into());
    }
    keep(idp, request, object.and_then(|object| object.once), proof).await
}

/// There is no page to show: the client itself is asking.
fn not_a_page(error: PageError) -> AuthorizeError {
    match error {
        PageError::RedirectUriMissing => AuthorizeError::InvalidRequest("redirect_uri is missing or repeated"),
        PageError::RedirectUriUnregistered => AuthorizeError::InvalidRequest("redirect_uri is not registered"),
        PageError::ClientMissing | PageError::ClientUnknown | PageError::RequestUri | PageError::RequestObject => {
            AuthorizeError::InvalidRequest("the request is not valid")
        }
    }
}

/// The `jti`s of a request object and of a proof are spent with the push; the push itself with its answer.
async fn keep(
    idp: &Idp,
    request: AuthorizeRequest,
    once: Option<Once>,
    proof: Option<Proof>,
) -> Result<String, PushError> {
    let (cx, request, once, proof) = (&idp.cx, &request, &once, &proof);
    let expires = cx.now().plus(Duration::from_secs(LIFE.into()));
    cx.db
        .run("par", |tx| async move {
            if let Some(proof) = proof {
                proof.spend(&tx, cx).await?;
            }
            if let Some(Once::Object { jti, expires }) = once {
                let owner = &request.client_id;
                if !single_use::spend(&tx, cx, Kind::RequestObject, owner, jti, *expires).await? {
                    return Err(AuthorizeError::InvalidRequestObject("jti was used before").into());
                }
            }
            let uri = store::keep(&tx, cx, request, expires).await?;
            Ok(uri)
        })
        .await
}
