//! Static files, compiled in, under names that carry their hash, so that browsers keep them for good (RFC 8246).

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};

use super::Problem;

struct Asset {
    name: &'static str,
    /// `signum.1f2e3d4c5b6a.css`.
    hashed: String,
    bytes: &'static [u8],
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    [
        ("signum.css", &include_bytes!("../../assets/signum.css")[..]),
        ("signum.svg", include_bytes!("../../assets/signum.svg")),
        ("passkey.js", include_bytes!("../../assets/passkey.js")),
        ("web-eid.js", include_bytes!("../../assets/web-eid.js")),
        ("poll.js", include_bytes!("../../assets/poll.js")),
        ("file.js", include_bytes!("../../assets/file.js")),
        ("submit.js", include_bytes!("../../assets/submit.js")),
    ]
    .into_iter()
    .map(|(name, bytes)| Asset {
        name,
        hashed: hashed(name, bytes),
        bytes,
    })
    .collect()
});

fn hashed(name: &str, bytes: &[u8]) -> String {
    let hash = hex::encode(Sha256::digest(bytes));
    let hash = hash.get(..12).unwrap_or_default();
    let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("{stem}.{hash}.{kind}")
}

/// The address of an embedded file: `asset_url("signum.css")` is `/static/signum.1f2e3d4c5b6a.css`.
pub fn asset_url(name: &str) -> String {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => format!("/static/{}", asset.hashed),
        None => {
            tracing::error!(name, "no such embedded file");
            format!("/static/{name}")
        }
    }
}

/// `/static/{name}`; the [`Frame`](super::Frame) adds it by itself.
pub fn asset_router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/static/{name}", get(serve))
}

async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.hashed == name) else {
        return Problem::of_status(StatusCode::NOT_FOUND).into_response();
    };
    let etag = format!("\"{}\"", asset.hashed);
    let cache = "public, max-age=31536000, immutable";
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    if known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)) {
        return (
            StatusCode::NOT_MODIFIED,
            [(header::ETAG, etag.as_str()), (header::CACHE_CONTROL, cache)],
        )
            .into_response();
    }
    let kind = content_type(asset.name);
    let head = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, cache),
        (header::ETAG, &etag),
    ];
    (head, asset.bytes).into_response()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
