//! The public addresses: OCSP (RFC 6960 appendix A, RFC 5019 section 6), lists and certificates (RFC 2585), time stamps
//! (RFC 3161 section 3.4). Plain http without cookies; everything served is signed.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use signum_core::Timestamp;
use signum_core::http::Frame;
use signum_pki::ocsp::response::ResponseStatus;

use crate::Service;
use crate::authority::AuthorityName;
use crate::crl::Published;
use crate::ocsp::{Answer, OcspError};

/// Neither a status request nor a time-stamp request is ever longer.
const LONGEST_REQUEST: usize = 16 * 1024;

/// A cache may not keep a status longer: a revocation shows within a minute.
const OCSP_MAX_AGE: i64 = 60;

/// Whoever asks for a status waits in a log-in or a signature.
const PATIENCE: Duration = Duration::from_secs(15);

/// Answers of the protocols (an OCSP error status, a refused time stamp) keep their own form; what never reaches a protocol
/// (no such address, another content type, a body too long) is refused as RFC 9457 says.
pub(crate) fn router(service: Arc<Service>) -> Router {
    let routes = Router::new()
        .route("/ocsp/{ca}", post(ocsp_post))
        .route("/ocsp/{ca}/{*request}", get(ocsp_get))
        .route("/crl/{ca}/{file}", get(crl))
        .route("/arl/{file}", get(arl))
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

async fn ocsp_post(
    State(service): State<Arc<Service>>,
    Path(ca): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !has_type(&headers, "application/ocsp-request") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    // An answer to a POST is nobody's to cache (RFC 5019 section 6.2 is about GET).
    let mut response = ocsp(&service, &ca, &body).await;
    response.headers_mut().remove(header::ETAG);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

/// The request in base64, percent-encoded by careful clients and as it is by others.
async fn ocsp_get(State(service): State<Arc<Service>>, Path((ca, request)): Path<(String, String)>) -> Response {
    let der = STANDARD.decode(request.trim()).unwrap_or_default();
    ocsp(&service, &ca, &der).await
}

async fn ocsp(service: &Service, ca: &str, request: &[u8]) -> Response {
    // The root's certificates have their status in its list alone.
    let answer = match AuthorityName::parse(ca).filter(|name| !name.is_root()) {
        None => Answer::error(ResponseStatus::Unauthorized).map_err(OcspError::from),
        Some(authority) => service.ocsp_answer(authority, request).await,
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(%error, ca, "OCSP");
            match Answer::error(ocsp_failure(&error)) {
                Ok(answer) => answer,
                Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        }
    };
    let mut headers = vec![(header::CONTENT_TYPE, "application/ocsp-response".to_owned())];
    match answer.cacheable_until {
        None => headers.push((header::CACHE_CONTROL, "no-store".to_owned())),
        Some(until) => {
            let left = until.seconds() - service.cx.now().seconds();
            let age = left.clamp(0, OCSP_MAX_AGE);
            headers.push((
                header::CACHE_CONTROL,
                format!("max-age={age}, public, no-transform, must-revalidate"),
            ));
            headers.push((header::EXPIRES, http_date(until)));
            headers.push((header::LAST_MODIFIED, http_date(service.cx.now())));
            headers.push((header::ETAG, etag(&answer.der)));
        }
    }
    respond(headers, answer.der)
}

fn ocsp_failure(error: &OcspError) -> ResponseStatus {
    match error {
        OcspError::Hsm(_) | OcspError::Status(_) | OcspError::Issue(_) => ResponseStatus::TryLater,
        OcspError::Encoding(_) => ResponseStatus::InternalError,
    }
}

async fn crl(State(service): State<Arc<Service>>, Path((ca, file)): Path<(String, String)>) -> Response {
    let shard = file.strip_suffix(".crl").and_then(|number| number.parse::<u32>().ok());
    match (AuthorityName::parse(&ca), shard) {
        (Some(authority), Some(shard)) if !authority.is_root() => list(&service, authority, shard).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn arl(State(service): State<Arc<Service>>, Path(file): Path<String>) -> Response {
    match file.strip_suffix(".crl").and_then(AuthorityName::parse) {
        Some(root) if root.is_root() => list(&service, root, 0).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn list(service: &Service, authority: AuthorityName, shard: u32) -> Response {
    match service.newest_crl(authority, shard).await {
        Ok(Some(Published {
            der,
            this_update,
            next_update,
        })) => {
            let headers = vec![
                (header::CONTENT_TYPE, "application/pkix-crl".to_owned()),
                (
                    header::CACHE_CONTROL,
                    "max-age=60, public, no-transform, must-revalidate".to_owned(),
                ),
                (header::EXPIRES, http_date(next_update)),
                (header::LAST_MODIFIED, http_date(this_update)),
                (header::ETAG, etag(&der)),
            ];
            respond(headers, der)
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "CRL");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
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
