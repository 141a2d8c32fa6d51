//! POST /introspect and POST /revoke: an authenticated client asks about a token, or gives one back.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, StatusCode, header};

use super::Shared;
use super::token::{OAuthForm, failure, not_stored};
use crate::client_auth::{self, AuthMethod, TlsCertificate};
use crate::clients::Client;
use crate::form::Form;
use crate::introspection::{self, IntrospectionError};
use crate::revocation;
use crate::service::Idp;
use crate::token::{self, TokenError, TokenRequest};

/// RFC 9701 section 4.
const JWT: &str = "application/token-introspection+jwt";

pub(super) async fn introspect(
    State(idp): State<Shared>,
    headers: HeaderMap,
    certificate: Option<Extension<TlsCertificate>>,
    OAuthForm(form): OAuthForm,
) -> Response {
    match told(&idp, &headers, certificate.as_deref(), &form).await {
        Ok(answer) => not_stored(answer),
        Err(error) => failure(&error),
    }
}

async fn told(
    idp: &Idp,
    headers: &HeaderMap,
    certificate: Option<&TlsCertificate>,
    form: &Form,
) -> Result<Response, TokenError> {
    let caller = caller(idp, headers, certificate, form).await?;
    // Whoever can call themselves anything must not learn what others' tokens are worth.
    if caller.metadata.token_endpoint_auth_method == AuthMethod::Public {
        return Err(TokenError::InvalidClient);
    }
    let token = form
        .get("token")
        .ok_or(TokenError::InvalidRequest("token is missing"))?;
    let answer = introspection::introspect(idp, &caller, token).await?;
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let wants_jwt = accepts.is_some_and(|accepts| accepts.split(',').any(|kind| kind.trim().starts_with(JWT)));
    if wants_jwt || caller.metadata.introspection_signed_response_alg.is_some() {
        let signed = introspection::signed(idp, &caller, &answer).await?;
        return Ok(([(header::CONTENT_TYPE, JWT)], signed).into_response());
    }
    Ok(Json(answer).into_response())
}

pub(super) async fn revoke(
    State(idp): State<Shared>,
    headers: HeaderMap,
    certificate: Option<Extension<TlsCertificate>>,
    OAuthForm(form): OAuthForm,
) -> Response {
    match taken_back(&idp, &headers, certificate.as_deref(), &form).await {
        Ok(()) => not_stored(StatusCode::OK.into_response()),
        Err(error) => failure(&error),
    }
}

async fn taken_back(
    idp: &Idp,
    headers: &HeaderMap,
    certificate: Option<&TlsCertificate>,
    form: &Form,
) -> Result<(), TokenError> {
    let client = caller(idp, headers, certificate, form).await?;
    let token = form
        .get("token")
        .ok_or(TokenError::InvalidRequest("token is missing"))?;
    Ok(revocation::revoke(idp, &client, token).await?)
}

async fn caller(
    idp: &Idp,
    headers: &HeaderMap,
    certificate: Option<&TlsCertificate>,
    form: &Form,
) -> Result<Client, TokenError> {
    let request = TokenRequest {
        form,
        headers,
        certificate,
    };
    Ok(client_auth::authenticate(idp, &token::shown(&request)).await?.client)
}

impl From<IntrospectionError> for TokenError {
    fn from(error: IntrospectionError) -> Self {
        match error {
            IntrospectionError::Db(error) => Self::Db(error),
            IntrospectionError::Hsm(error) => Self::Hsm(error),
        }
    }
}
