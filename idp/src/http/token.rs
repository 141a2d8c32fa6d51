//! POST /token: JSON answers and errors (RFC 6749 sections 5.1 and 5.2).

use axum::extract::rejection::RawFormRejection;
use axum::extract::{RawForm, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, extract::FromRequest};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use super::Shared;
use super::waiting::{temporarily_unavailable, with_pause};
use crate::client_auth::TlsCertificate;
use crate::dpop;
use crate::form::Form;
use crate::service::Idp;
use crate::token::{self, TokenError, TokenRequest};

/// A body that is no form is an OAuth error as well.
pub(super) struct OAuthForm(pub(super) Form);

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

pub(super) async fn post(
    State(idp): State<Shared>,
    headers: HeaderMap,
    certificate: Option<Extension<TlsCertificate>>,
    OAuthForm(form): OAuthForm,
) -> Response {
    let request = TokenRequest {
        form: &form,
        headers: &headers,
        certificate: certificate.as_deref(),
    };
    let answered = match token::token(&idp, &request).await {
        Ok(tokens) => not_stored(Json(tokens).into_response()),
        Err(error) => failure(&error),
    };
    match headers.contains_key("dpop") {
        true => with_nonce(&idp, answered),
        false => answered,
    }
}

/// Tells the nonce for the next proof (RFC 9449 section 8.2).
pub(super) fn with_nonce(idp: &Idp, mut response: Response) -> Response {
    if let Ok(nonce) = HeaderValue::from_str(&dpop::fresh_nonce(idp)) {
        response.headers_mut().insert("dpop-nonce", nonce);
    }
    response
}

pub(super) fn failure(error: &TokenError) -> Response {
    let Some(code) = error.code() else {
        tracing::error!(%error, "token request failed");
        return temporarily_unavailable();
    };
    tracing::warn!(code, %error, "token request refused");
    let status = match error {
        TokenError::InvalidClient => StatusCode::UNAUTHORIZED,
        TokenError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::BAD_REQUEST,
    };
    let body = Json(json!({"error": code, "error_description": error.to_string()}));
    let mut response = not_stored((status, body).into_response());
    if let TokenError::TooMany(wait) = error {
        response = with_pause(response, wait.as_secs().max(1));
    }
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

pub(super) fn not_stored(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
        .headers_mut()
        .insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
