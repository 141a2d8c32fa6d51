//! OCSP over HTTP: RFC 6960 appendix A, RFC 5019 section 6, caching as RFC 9110 and RFC 9111 say.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use signum_core::Timestamp;
use signum_pki::ocsp::response::ResponseStatus;

use super::{has_type, http_date, is_known};
use crate::Service;
use crate::authority::AuthorityName;
use crate::ocsp::{Answer, OcspError, Shared, Wanted};

/// Usually no cache may keep a status longer: a revocation shows within a minute.
const USUAL_AGE: i64 = 60;
const OCSP_RESPONSE: HeaderValue = HeaderValue::from_static("application/ocsp-response");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// The usual case needs no formatting.
const A_MINUTE: HeaderValue = HeaderValue::from_static("max-age=60, public, no-transform, must-revalidate");

pub(super) async fn post(
    State(service): State<Arc<Service>>,
    Path(ca): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !has_type(&headers, "application/ocsp-request") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    match answer(&service, &ca, &body).await {
        // An answer to a POST is nobody's to cache (RFC 5019 section 6.2 is about GET).
        Some(answer) => with_headers(answer.der, [(header::CACHE_CONTROL, NO_STORE)]),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The request in base64, percent-encoded by careful clients and as it is by others.
pub(super) async fn get(
    State(service): State<Arc<Service>>,
    Path((ca, request)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let der = STANDARD.decode(request.trim()).unwrap_or_default();
    let Some(answer) = answer(&service, &ca, &der).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Some(shared) = answer.shared else {
        return with_headers(answer.der, [(header::CACHE_CONTROL, NO_STORE)]);
    };
    let tag = tag(&shared);
    let cached = is_known(&headers, &tag);
    let headers = caching(&shared, &tag, service.cx.now(), service.config.ocsp_max_age_seconds);
    if cached {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    with_headers(answer.der, headers)
}

/// For shared caches, at most a minute (`ca.ocsp_max_age_seconds`). Expires says the same: a cache of HTTP/1.0 must not keep a suspension from view.
fn caching(shared: &Shared, tag: &str, now: Timestamp, longest: u32) -> [(HeaderName, HeaderValue); 4] {
    let age = (shared.next_update.seconds() - now.seconds()).clamp(0, i64::from(longest));
    let fresh = match age {
        USUAL_AGE => A_MINUTE,
        age => text(&format!("max-age={age}, public, no-transform, must-revalidate")),
    };
    let until = Timestamp::from_seconds(now.seconds().saturating_add(age));
    [
        (header::CACHE_CONTROL, fresh),
        (header::EXPIRES, text(&http_date(until))),
        (header::LAST_MODIFIED, text(&http_date(shared.this_update))),
        (header::ETAG, text(tag)),
    ]
}

fn tag(shared: &Shared) -> String {
    format!("\"{}\"", hex::encode(shared.tag))
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or(NO_STORE)
}

fn with_headers<const N: usize>(der: Vec<u8>, headers: [(HeaderName, HeaderValue); N]) -> Response {
    let mut response = Response::new(Body::from(der));
    let all = response.headers_mut();
    all.insert(header::CONTENT_TYPE, OCSP_RESPONSE);
    all.extend(headers);
    response
}

/// What the protocol says, its refusals included.
async fn answer(service: &Service, ca: &str, request: &[u8]) -> Option<Answer> {
    // The root's certificates have their status in its list alone.
    let answer = match AuthorityName::parse(ca).filter(|name| !name.is_root()) {
        None => Answer::error(ResponseStatus::Unauthorized).map_err(OcspError::from),
        Some(authority) => service.ocsp_answer(authority, request, Wanted::Any).await,
    };
    answer
        .or_else(|error| {
            tracing::error!(%error, ca, "OCSP");
            Answer::error(failure(&error))
        })
        .ok()
}

fn failure(error: &OcspError) -> ResponseStatus {
    match error {
        OcspError::Hsm(_) | OcspError::Db(_) | OcspError::Issue(_) | OcspError::NoResponder(_) => {
            ResponseStatus::TryLater
        }
        OcspError::Encoding(_) => ResponseStatus::InternalError,
    }
}
