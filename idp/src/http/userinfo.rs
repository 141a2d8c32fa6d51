//! GET and POST /userinfo with a bearer token in the header or the form, never in the query (RFC 6750 section 2, RFC 9700).

use axum::Json;
use axum::extract::{RawForm, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use super::{Shared, failure};
use crate::form::Form;
use crate::service::Idp;
use crate::userinfo::{self, UserinfoError};

pub(super) async fn get(State(idp): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    answer(&idp, query, &headers, None).await
}

pub(super) async fn post(
    State(idp): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    request: axum::extract::Request,
) -> Response {
    let form = match <RawForm as axum::extract::FromRequest<()>>::from_request(request, &()).await {
        Ok(RawForm(bytes)) => Some(Form::parse(&bytes)),
        // No form at all: the header alone counts.
        Err(_) => None,
    };
    answer(&idp, query, &headers, form.as_ref()).await
}

async fn answer(idp: &Idp, query: Option<String>, headers: &HeaderMap, form: Option<&Form>) -> Response {
    let token = match presented(query.as_deref(), headers, form) {
        Ok(token) => token,
        Err(error) => return refuse(&error),
    };
    match userinfo::userinfo(idp, &token).await {
        Ok(claims) => Json(claims).into_response(),
        Err(error) => refuse(&error),
    }
}

fn presented(query: Option<&str>, headers: &HeaderMap, form: Option<&Form>) -> Result<String, UserinfoError> {
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
        .and_then(bearer);
    let in_form = form.and_then(|form| form.get("access_token"));
    match (in_header, in_form) {
        (Some(_), Some(_)) => Err(UserinfoError::InvalidRequest("the access token is given twice")),
        (Some(token), None) | (None, Some(token)) => Ok(token.to_owned()),
        (None, None) => Err(UserinfoError::Missing),
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

fn refuse(error: &UserinfoError) -> Response {
    let (status, code) = match error {
        // RFC 6750 section 3.1: without a token there is no error code.
        UserinfoError::Missing => (StatusCode::UNAUTHORIZED, None),
        UserinfoError::InvalidRequest(_) => (StatusCode::BAD_REQUEST, Some("invalid_request")),
        UserinfoError::InvalidToken => (StatusCode::UNAUTHORIZED, Some("invalid_token")),
        UserinfoError::Db(error) => return failure::database(error),
    };
    tracing::warn!(%error, "userinfo refused");
    let challenge = match code {
        None => "Bearer realm=\"userinfo\"".to_owned(),
        Some(code) => format!("Bearer realm=\"userinfo\", error=\"{code}\", error_description=\"{error}\""),
    };
    let body = Json(json!({"error": code.unwrap_or("invalid_token"), "error_description": error.to_string()}));
    let mut response = (status, body).into_response();
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
