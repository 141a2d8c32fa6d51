//! Revocation lists over HTTP (RFC 5280 section 4.2.1.13, RFC 2585 section 3), long ones part by part.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use signum_core::DbError;

use super::{http_date, is_known};
use crate::Service;
use crate::authority::AuthorityName;
use crate::crl::Published;

pub(super) async fn crl(
    State(service): State<Arc<Service>>,
    Path((ca, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let shard = file.strip_suffix(".crl").and_then(|number| number.parse::<u32>().ok());
    match (AuthorityName::parse(&ca), shard) {
        (Some(authority), Some(shard)) if !authority.is_root() => list(service, authority, shard, &headers).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(super) async fn arl(State(service): State<Arc<Service>>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    match file.strip_suffix(".crl").and_then(AuthorityName::parse) {
        Some(root) if root.is_root() => list(service, root, 0, &headers).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn list(service: Arc<Service>, authority: AuthorityName, shard: u32, headers: &HeaderMap) -> Response {
    match answer(service, authority, shard, headers).await {
        Ok(Some(response)) => response,
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "CRL");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn answer(
    service: Arc<Service>,
    authority: AuthorityName,
    shard: u32,
    headers: &HeaderMap,
) -> Result<Option<Response>, DbError> {
    let Some(newest) = service.newest_crl(authority, shard).await? else {
        return Ok(None);
    };
    // A number is given once, to one list.
    let tag = format!("\"{}-{}\"", newest.number, newest.this_update.seconds());
    let mut response = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        // The first part is read before the answer begins: a database that is away is told by a status.
        let first = service.crl_part(authority, shard, newest.number, 0).await?;
        let mut response = Response::new(body(
            service,
            authority,
            shard,
            newest.clone(),
            first.unwrap_or_default(),
        ));
        let all = response.headers_mut();
        all.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pkix-crl"));
        all.insert(header::CONTENT_LENGTH, newest.octets.into());
        response
    };
    let all = response.headers_mut();
    let fresh = HeaderValue::from_static("max-age=60, public, no-transform, must-revalidate");
    all.insert(header::CACHE_CONTROL, fresh);
    let texts = [
        (header::EXPIRES, http_date(newest.next_update)),
        (header::LAST_MODIFIED, http_date(newest.this_update)),
        (header::ETAG, tag),
    ];
    for (name, text) in texts {
        all.extend(HeaderValue::from_str(&text).map(|value| (name, value)));
    }
    Ok(Some(response))
}

/// The parts one after the other, each read when the one before has gone out. One that is missing breaks the connection off:
/// half a list must not look like a whole one.
fn body(service: Arc<Service>, authority: AuthorityName, shard: u32, list: Published, first: Vec<u8>) -> Body {
    let begin = (service, first, 0i64, 0u64);
    Body::from_stream(stream::try_unfold(begin, move |(service, part, place, sent)| {
        let (octets, number) = (list.octets, list.number);
        async move {
            if sent >= octets {
                return Ok(None);
            }
            let part = match place {
                0 => part,
                _ => service
                    .crl_part(authority, shard, number, place)
                    .await?
                    .ok_or(DbError::NotFound)?,
            };
            let sent = sent + part.len() as u64;
            Ok::<_, DbError>(Some((Bytes::from(part), (service, Vec::new(), place + 1, sent))))
        }
    }))
}
