//! GET and POST /userinfo with a bearer token in the header or the form, never in the query (RFC 6750 section 2, RFC 9700).

use axum::extract::{RawForm, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use super::token::with_nonce;
use super::{Shared, failure};
use crate::binding::SenderConstraint;
use crate::client_auth::TlsCertificate;
use crate::dpop::{self, DpopError};
use crate::form::Form;
use crate::service::Idp;
use crate::token::access_token;
use crate::userinfo::{self, Told, UserinfoError};

/// OpenID Connect Core section 5.3.2.
const JWT: &str = "application/jwt";

pub(super) async fn get(
    State(idp): State<Shared>,
    RawQuery(query): RawQuery,
    certificate: Option<Extension<TlsCertificate>>,
    headers: HeaderMap,
) -> Response {
    let certificate = certificate.as_deref();
    answer(&idp, "GET", query, &headers, certificate, None).await
}

pub(super) async fn post(
    State(idp): State<Shared>,
    RawQuery(query): RawQuery,
    certificate: Option<Extension<TlsCertificate>>,
    headers: HeaderMap,
    request: axum::extract::Request,
) -> Response {
    let form = match <RawForm as axum::extract::FromRequest<()>>::from_request(request, &()).await {
        Ok(RawForm(bytes)) => Some(Form::parse(&bytes)),
        // No form at all: the header alone counts.
        Err(_) => None,
    };
    answer(&idp, "POST", query, &headers, certificate.as_deref(), form.as_ref()).await
}

async fn answer(
    idp: &Idp,
    method: &str,
    query: Option<String>,
    headers: &HeaderMap,
    certificate: Option<&TlsCertificate>,
    form: Option<&Form>,
) -> Response {
    let answered = match told(idp, method, query, headers, certificate, form).await {
        Ok(Told::Json(claims)) => Json(claims).into_response(),
        Ok(Told::Jwt(token)) => ([(header::CONTENT_TYPE, JWT)], token).into_response(),
        Err(error) => refuse(&error),
    };
    match headers.contains_key("dpop") {
        true => with_nonce(idp, answered),
        false => answered,
    }
}

async fn told(
    idp: &Idp,
    method: &str,
    query: Option<String>,
    headers: &HeaderMap,
    certificate: Option<&TlsCertificate>,
    form: Option<&Form>,
) -> Result<Told, UserinfoError> {
    let (scheme, token) = presented(query.as_deref(), headers, form)?;
    let shown = match scheme {
        Scheme::Dpop => {
            let proof = dpop::check(idp, headers, method, &idp.at("/userinfo"), Some(&token)).await?;
            Some(proof.ok_or(DpopError::Missing)?.constraint())
        }
        // A token that is bound to a certificate goes with the scheme Bearer (RFC 8705 section 3).
        Scheme::Bearer => bound_to_certificate(idp, &token, certificate).await?,
    };
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    // Many clients name it beside JSON, and then JSON it is.
    let wants_jwt = accepts.is_some_and(|accepts| accepts.split(',').all(|kind| kind.trim() == JWT));
    userinfo::userinfo(idp, &token, shown.as_ref(), wants_jwt).await
}

/// The certificate shown, if the token is bound to one; it means nothing for other tokens.
async fn bound_to_certificate(
    idp: &Idp,
    token: &str,
    certificate: Option<&TlsCertificate>,
) -> Result<Option<SenderConstraint>, UserinfoError> {
    let Some(certificate) = certificate else {
        return Ok(None);
    };
    let found = access_token::find(idp, token).await?;
    let bound = found.is_some_and(|found| matches!(found.right.cnf, Some(SenderConstraint::CertificateSha256(_))));
    Ok(bound.then(|| SenderConstraint::CertificateSha256(certificate.thumbprint())))
}

#[derive(Clone, Copy)]
enum Scheme {
    Bearer,
    Dpop,
}

fn presented(query: Option<&str>, headers: &HeaderMap, form: Option<&Form>) -> Result<(Scheme, String), UserinfoError> {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    if let Some(flaw) = query.flaw().or_else(|| form.and_then(Form::flaw)) {
        return Err(UserinfoError::InvalidRequest(flaw));
    }
    if query.has("access_token") {
        return Err(UserinfoError::InvalidRequest(
            "an access token in the query is not taken",
        ));
    }
    let in_header = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(scheme);
    let in_form = form
        .and_then(|form| form.get("access_token"))
        .map(|token| (Scheme::Bearer, token));
    match (in_header, in_form) {
        (Some(_), Some(_)) => Err(UserinfoError::InvalidRequest("the access token is given twice")),
        (Some((scheme, token)), None) | (None, Some((scheme, token))) => Ok((scheme, token.to_owned())),
        (None, None) => Err(UserinfoError::Missing),
    }
}

fn scheme(header: &str) -> Option<(Scheme, &str)> {
    let (name, token) = header.split_once(' ')?;
    let scheme = match name.to_ascii_lowercase().as_str() {
        "bearer" => Scheme::Bearer,
        "dpop" => Scheme::Dpop,
        _ => return None,
    };
    Some((scheme, token.trim()))
}

fn refuse(error: &UserinfoError) -> Response {
    let (status, code) = match error {
        // RFC 6750 section 3.1: without a token there is no error code.
        UserinfoError::Missing => (StatusCode::UNAUTHORIZED, None),
        UserinfoError::InvalidRequest(_) => (StatusCode::BAD_REQUEST, Some("invalid_request")),
        UserinfoError::InvalidToken => (StatusCode::UNAUTHORIZED, Some("invalid_token")),
        UserinfoError::Dpop(error) => (StatusCode::UNAUTHORIZED, error.code()),
        UserinfoError::Db(error) => return failure::database(error),
        UserinfoError::Unreadable(error) => return failure::for_client(error),
    };
    tracing::warn!(%error, "userinfo refused");
    let scheme = match error {
        UserinfoError::Dpop(_) => "DPoP algs=\"ES256 PS256 EdDSA\", ",
        _ => "Bearer ",
    };
    let challenge = match code {
        None => format!("{scheme}realm=\"userinfo\""),
        Some(code) => format!("{scheme}realm=\"userinfo\", error=\"{code}\", error_description=\"{error}\""),
    };
    let body = Json(json!({"error": code.unwrap_or("invalid_token"), "error_description": error.to_string()}));
    let mut response = (status, body).into_response();
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
