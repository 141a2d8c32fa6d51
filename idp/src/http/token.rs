//! POST /token: JSON answers and errors (RFC 6749 sections 5.1 and 5.2).

use axum::extract::rejection::RawFormRejection;
use axum::extract::{RawForm, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, extract::FromRequest};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use signum_core::DbError;

use super::Shared;
use crate::form::Form;
use crate::token::{self, TokenError};

/// A body that is no form is an OAuth error as well.
pub(super) struct OAuthForm(Form);

impl<S: Send + Sync> FromRequest<S> for OAuthForm {
    type Rejection = Response;
    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Response> {
        let form: Result<RawForm, RawFormRejection> = RawForm::from_request(request, state).await;
        form.map(|RawForm(body)| Self(Form::parse(&body))).map_err(|_| {
            failure(&TokenError::InvalidRequest(
                "the body has to be application/x-www-form-urlencoded",
            ))
        })
    }
}

pub(super) async fn post(State(idp): State<Shared>, headers: HeaderMap, OAuthForm(form): OAuthForm) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match token::token(&idp, &form, authorization).await {
        Ok(tokens) => not_stored(Json(tokens.to_json()).into_response()),
        Err(error) => failure(&error),
    }
}

fn failure(error: &TokenError) -> Response {
    let (status, code, description) = match error {
        TokenError::InvalidRequest(_) | TokenError::Db(DbError::NulInText) => {
            (StatusCode::BAD_REQUEST, "invalid_request", error.to_string())
        }
        TokenError::InvalidClient => (StatusCode::UNAUTHORIZED, "invalid_client", error.to_string()),
        TokenError::InvalidGrant => (StatusCode::BAD_REQUEST, "invalid_grant", error.to_string()),
        TokenError::UnsupportedGrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type", error.to_string()),
        TokenError::Db(_) | TokenError::Hsm(_) => {
            tracing::error!(%error, "token request failed");
            let description = "the service cannot answer now; try again".to_owned();
            (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", description)
        }
    };
    if status.is_client_error() {
        tracing::warn!(code, %error, "token request refused");
    }
    let body = Json(json!({"error": code, "error_description": description}));
    let mut response = not_stored((status, body).into_response());
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn not_stored(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
        .headers_mut()
        .insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
