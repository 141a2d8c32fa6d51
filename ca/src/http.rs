//! The public addresses: OCSP (RFC 6960 appendix A, RFC 5019 section 6), lists and certificates (RFC 2585), time stamps
//! (RFC 3161 section 3.4). Plain http without cookies; everything served is signed.

mod list;
mod ocsp;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use sha2::{Digest, Sha256};
use signum_core::Timestamp;
use signum_core::http::Frame;

use crate::Service;
use crate::authority::AuthorityName;

/// Neither a status request nor a time-stamp request is ever longer.
const LONGEST_REQUEST: usize = 16 * 1024;

/// Whoever asks for a status waits in a log-in or a signature.
const PATIENCE: Duration = Duration::from_secs(15);

/// Answers of the protocols (an OCSP error status, a refused time stamp) keep their own form; what never reaches a protocol
/// (no such address, another content type, a body too long) is refused as RFC 9457 says.
pub(crate) fn router(service: Arc<Service>) -> Router {
    let routes = Router::new()
        .route("/ocsp/{ca}", post(ocsp::post))
        .route("/ocsp/{ca}/{*request}", get(ocsp::get))
        .route("/crl/{ca}/{file}", get(list::crl))
        .route("/arl/{file}", get(list::arl))
        .route("/ca/{file}", get(certificate))
        .route("/tsa", post(time_stamp))
        .merge(crate::status::routes())
        .layer(DefaultBodyLimit::max(LONGEST_REQUEST))
        .with_state(service.clone());
    Frame::protocol("ca", service.cx.random.clone())
        .body_limit(LONGEST_REQUEST)
        .timeout(PATIENCE)
        .around(routes)
}

async fn certificate(State(service): State<Arc<Service>>, Path(file): Path<String>) -> Response {
    let Some(authority) = file.strip_suffix(".cer").and_then(AuthorityName::parse) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match service.find_authority(authority).await {
        Ok(Some(authority)) => {
            let headers = vec![
                (header::CONTENT_TYPE, "application/pkix-cert".to_owned()),
                (header::CACHE_CONTROL, "max-age=86400, public, no-transform".to_owned()),
                (header::ETAG, etag(&authority.certificate)),
            ];
            respond(headers, authority.certificate.clone())
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "certificate");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn time_stamp(State(service): State<Arc<Service>>, headers: HeaderMap, body: Bytes) -> Response {
    if !has_type(&headers, "application/timestamp-query") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    match service.time_stamp_answer(&body).await {
        Ok(der) => {
            let headers = vec![
                (header::CONTENT_TYPE, "application/timestamp-reply".to_owned()),
                (header::CACHE_CONTROL, "no-store".to_owned()),
            ];
            respond(headers, der)
        }
        Err(error) => {
            tracing::error!(%error, "time stamp");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

fn has_type(headers: &HeaderMap, expected: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case(expected))
}

/// Whether the client has what `tag` names (RFC 9110 section 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    known
        .flat_map(|value| value.split(','))
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == tag || one == "*")
}

fn respond(headers: Vec<(header::HeaderName, String)>, body: Vec<u8>) -> Response {
    let mut response = body.into_response();
    for (name, value) in headers {
        if let Ok(value) = header::HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn etag(der: &[u8]) -> String {
    format!("\"{}\"", hex::encode(Sha256::digest(der)))
}

/// IMF-fixdate of RFC 9110 section 5.6.7.
fn http_date(at: Timestamp) -> String {
    let t = at.to_offset();
    let (day, month) = (t.weekday().to_string(), t.month().to_string());
    let short = |name: &str| name.chars().take(3).collect::<String>();
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        short(&day),
        t.day(),
        short(&month),
        t.year(),
        t.hour(),
        t.minute(),
        t.second()
    )
}
