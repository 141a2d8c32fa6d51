//! GET metadata and keys: cacheable for an hour, revalidated by ETag (RFC 9110 section 8.8.3).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};

use super::Shared;
use crate::client_auth::shown;

pub(super) async fn metadata(State(idp): State<Shared>, headers: HeaderMap) -> Response {
    let mut metadata = crate::discovery::metadata(&idp);
    shown::tell(&mut metadata, idp.issuer(), &idp.config.mtls);
    cached(&headers, metadata.to_string(), "application/json")
}

pub(super) async fn jwks(State(idp): State<Shared>, headers: HeaderMap) -> Response {
    cached(
        &headers,
        idp.keys.fresh(&idp.cx).await.jwks().to_owned(),
        "application/jwk-set+json",
    )
}

fn cached(headers: &HeaderMap, body: String, kind: &'static str) -> Response {
    let tag: String = hex::encode(Sha256::digest(body.as_bytes())).chars().take(16).collect();
    let tag = format!("\"{tag}\"");
    let head = [
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::ETAG, tag.as_str()),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        // Public data that scripts of other sites read.
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|t| t.trim().trim_start_matches("W/") == tag)) {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    (head, [(header::CONTENT_TYPE, kind)], body).into_response()
}
