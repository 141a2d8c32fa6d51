//! POST /par: 201 with a `request_uri`, or an OAuth error as JSON (RFC 9126 sections 2.2 and 2.3).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use signum_core::DbError;

use super::Shared;
use super::token::{OAuthForm, with_nonce};
use super::waiting::with_pause;
use crate::abuse::address;
use crate::client_auth::{ClientAuthError, Shown, TlsCertificate};
use crate::par::{self, LIFE, PushError};

pub(super) async fn post(
    State(idp): State<Shared>,
    headers: HeaderMap,
    certificate: Option<Extension<TlsCertificate>>,
    OAuthForm(form): OAuthForm,
) -> Response {
    let shown = Shown {
        form: &form,
        authorization: headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()),
        certificate: certificate.as_deref(),
        address: address::noted(&headers),
    };
    let answered = match par::push(&idp, &shown, &headers).await {
        Ok(request_uri) => {
            let body = Json(json!({"request_uri": request_uri, "expires_in": LIFE}));
            not_stored((StatusCode::CREATED, body).into_response())
        }
        Err(error) => refuse(&error),
    };
    match headers.contains_key("dpop") {
        true => with_nonce(&idp, answered),
        false => answered,
    }
}

fn refuse(error: &PushError) -> Response {
    let (status, code) = match error {
        PushError::Client(ClientAuthError::InvalidClient(_)) => (StatusCode::UNAUTHORIZED, "invalid_client"),
        PushError::Client(ClientAuthError::InvalidRequest(_))
        | PushError::Client(ClientAuthError::Db(DbError::NulInText))
        | PushError::Db(DbError::NulInText) => (StatusCode::BAD_REQUEST, "invalid_request"),
        PushError::Client(ClientAuthError::TooMany(_)) => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable"),
        PushError::Refused(error) => (StatusCode::BAD_REQUEST, error.code()),
        PushError::Dpop(error) if let Some(code) = error.code() => (StatusCode::BAD_REQUEST, code),
        PushError::Client(ClientAuthError::Db(_)) | PushError::Dpop(_) | PushError::Db(_) => {
            tracing::error!(%error, "pushed request failed");
            (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
        }
    };
    let description = if status.is_server_error() {
        "the service cannot answer now; try again".to_owned()
    } else {
        tracing::warn!(code, %error, "pushed request refused");
        error.to_string()
    };
    let body = Json(json!({"error": code, "error_description": description}));
    let mut response = not_stored((status, body).into_response());
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"par\", charset=\"UTF-8\"");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let PushError::Client(ClientAuthError::TooMany(wait)) = error {
        return with_pause(response, wait.as_secs().max(1));
    }
    if status.is_server_error() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

fn not_stored(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
