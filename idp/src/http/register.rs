//! /register (RFC 7591 section 3) and /register/{client_id} (RFC 7592 section 2).

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use super::token::not_stored;
use super::{Shared, failure};
use crate::abuse::address;
use crate::clients::registration::{self, RegistrationError};
use crate::jose::strict_json;

pub(super) async fn create(State(idp): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let made = async {
        if let Some(client) = address::noted(&headers) {
            let counted = idp.registrations.count(client, idp.cx.now());
            counted.map_err(RegistrationError::TooMany)?;
        }
        let given = strict_json::object(&body).ok_or(RegistrationError::NoJson)?;
        registration::register(&idp, &given).await
    };
    match made.await {
        Ok(told) => not_stored((StatusCode::CREATED, Json(told)).into_response()),
        Err(error) => refuse(&error),
    }
}

pub(super) async fn read(State(idp): State<Shared>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    answer(registration::read(&idp, &id, token(&headers)).await)
}

pub(super) async fn update(
    State(idp): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let changed = async {
        let given = strict_json::object(&body).ok_or(RegistrationError::NoJson)?;
        registration::update(&idp, &id, token(&headers), &given).await
    };
    answer(changed.await)
}

pub(super) async fn delete(State(idp): State<Shared>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    match registration::delete(&idp, &id, token(&headers)).await {
        Ok(()) => not_stored(StatusCode::NO_CONTENT.into_response()),
        Err(error) => refuse(&error),
    }
}

/// The registration access token (RFC 6750 section 2.1), or none that any client has.
fn token(headers: &HeaderMap) -> &str {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match value.and_then(|value| value.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => token.trim(),
        _ => "",
    }
}

fn answer(told: Result<serde_json::Value, RegistrationError>) -> Response {
    match told {
        Ok(told) => not_stored(Json(told).into_response()),
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &RegistrationError) -> Response {
    let status = match error {
        RegistrationError::NoJson | RegistrationError::Document(_) | RegistrationError::Rule(_) => {
            StatusCode::BAD_REQUEST
        }
        RegistrationError::Token => StatusCode::UNAUTHORIZED,
        RegistrationError::Closed | RegistrationError::Production => StatusCode::FORBIDDEN,
        RegistrationError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        RegistrationError::Full => StatusCode::SERVICE_UNAVAILABLE,
        RegistrationError::Db(error) => return failure::database(error),
    };
    let code = error.code().unwrap_or_default();
    tracing::warn!(code, "registration refused");
    let body = Json(json!({"error": code, "error_description": described(error)}));
    let mut response = not_stored((status, body).into_response());
    let headers = response.headers_mut();
    match error {
        RegistrationError::Token => {
            let challenge = HeaderValue::from_static("Bearer realm=\"register\", error=\"invalid_token\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        RegistrationError::TooMany(wait) => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        RegistrationError::Full => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(3_600));
        }
        _ => {}
    }
    response
}

/// In the characters of RFC 6749 section 5.2.
fn described(error: &RegistrationError) -> String {
    let good = |c: &char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
    error.to_string().chars().filter(good).take(300).collect()
}
