//! The log for everybody to read, as static resources: C2SP tlog-tiles. Besides, proofs for those who do not compute them.

use std::fmt::Write;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::proof::{Place, WIDTH};
use super::stored::{self, ProofError};
use super::{Log, entries};
use crate::db::DbError;
use crate::http::{Frame, Problem};

/// Tiles and entries never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// A checkpoint is followed by another within seconds.
const BRIEFLY: &str = "public, max-age=2";

/// A resource of the tree: a tile of hashes, or a bundle of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    Hashes(Place),
    Entries(u64),
}

/// The path of a resource with `width` hashes or entries: `tile/0/x001/x234/067.p/112`.
pub(super) fn path(resource: Resource, width: u64) -> String {
    let (kind, n) = match resource {
        Resource::Hashes(place) => (place.level.to_string(), place.n),
        Resource::Entries(n) => ("entries".to_owned(), n),
    };
    let mut out = format!("tile/{kind}/");
    let mut groups = vec![n % 1000];
    let mut rest = n / 1000;
    while rest > 0 {
        groups.push(rest % 1000);
        rest /= 1000;
    }
    for group in groups.iter().skip(1).rev() {
        let _ = write!(out, "x{group:03}/");
    }
    let _ = write!(out, "{:03}", n % 1000);
    if width < WIDTH {
        let _ = write!(out, ".p/{width}");
    }
    out
}

/// Reads what stands behind `tile/`; only the one spelling that [`path`] gives is an address.
fn parse(kind: &str, place: &str) -> Option<(Resource, u64)> {
    let (n, width) = match place.split_once(".p/") {
        Some((n, width)) => (n, width.parse().ok()?),
        None => (place, WIDTH),
    };
    let mut number: u64 = 0;
    for group in n.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        number = number.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    let resource = match kind {
        "entries" => Resource::Entries(number),
        level => Resource::Hashes(Place {
            level: level.parse().ok()?,
            n: number,
        }),
    };
    (path(resource, width) == format!("tile/{kind}/{place}")).then_some((resource, width))
}

#[derive(Clone)]
struct Shown {
    log: Log,
    entries: bool,
}

impl Log {
    /// Checkpoint, tiles and proofs, for a public address. Entries hold no personal data, but kinds and times: whether they
    /// are `shown` is for the operator to say.
    pub fn router(&self, entries: bool) -> Router {
        let shown = Shown {
            log: self.clone(),
            entries,
        };
        let routes = Router::new()
            .route("/checkpoint", get(checkpoint))
            .route("/tile/{kind}/{*place}", get(tile))
            .route("/proof/inclusion/{entry}", get(inclusion))
            .route("/proof/consistency", get(consistency))
            .with_state(shown);
        Frame::protocol("audit", self.cx().random.clone()).around(routes)
    }
}

async fn checkpoint(State(shown): State<Shown>) -> Response {
    match shown.log.newest_note().await {
        Ok(Some(note)) => respond("text/plain; charset=utf-8", BRIEFLY, note.into_bytes()),
        Ok(None) => Problem::of_status(StatusCode::NOT_FOUND).into_response(),
        Err(error) => failed(&ProofError::Db(error)),
    }
}

async fn tile(State(shown): State<Shown>, Path((kind, place)): Path<(String, String)>) -> Response {
    let found = match parse(&kind, &place) {
        Some((resource, width)) => read(&shown, resource, width).await,
        None => Ok(None),
    };
    match found {
        Ok(Some(octets)) => respond("application/octet-stream", FOR_EVER, octets),
        Ok(None) => Problem::of_status(StatusCode::NOT_FOUND).into_response(),
        Err(error) => failed(&ProofError::Db(error)),
    }
}

/// Only what a checkpoint covers is there.
async fn read(shown: &Shown, resource: Resource, width: u64) -> Result<Option<Vec<u8>>, DbError> {
    let place = match resource {
        Resource::Hashes(place) => place,
        Resource::Entries(_) if !shown.entries => return Ok(None),
        Resource::Entries(n) => Place { level: 0, n },
    };
    let size = shown.log.signed_size().await?;
    if width == 0 || width > place.width(size) {
        return Ok(None);
    }
    let db = &shown.log.cx().db;
    match resource {
        Resource::Hashes(place) => Ok(stored::tile(db, place, width).await?.map(|hashes| hashes.concat())),
        Resource::Entries(n) => entries::bundle(db, shown.log.service(), n, width).await,
    }
}

#[derive(Deserialize)]
struct Inclusion {
    size: Option<u64>,
    form: Option<String>,
}

/// JSON, or C2SP tlog-proof with `form=c2sp`.
async fn inclusion(State(shown): State<Shown>, Path(entry): Path<u64>, Query(wanted): Query<Inclusion>) -> Response {
    match shown.log.prove(entry, wanted.size).await {
        Ok(proof) if wanted.form.as_deref() == Some("c2sp") => {
            respond("text/plain; charset=utf-8", BRIEFLY, proof.to_c2sp().into_bytes())
        }
        Ok(proof) => respond("application/json", BRIEFLY, proof.to_json().to_string().into_bytes()),
        Err(error) => failed(&error),
    }
}

#[derive(Deserialize)]
struct Consistency {
    from: u64,
    to: u64,
}

async fn consistency(State(shown): State<Shown>, Query(wanted): Query<Consistency>) -> Response {
    match shown.log.prove_consistency(wanted.from, wanted.to).await {
        Ok(proof) => respond("application/json", FOR_EVER, proof.to_json().to_string().into_bytes()),
        Err(error) => failed(&error),
    }
}

fn failed(error: &ProofError) -> Response {
    let status = match error {
        ProofError::Outside | ProofError::NoCheckpoint => StatusCode::NOT_FOUND,
        ProofError::Tile { .. } | ProofError::Broken | ProofError::Checkpoint(_) | ProofError::Db(_) => {
            tracing::error!(%error, "audit log");
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    Problem::of_status(status).into_response()
}

fn respond(kind: &'static str, caching: &'static str, body: Vec<u8>) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

#[cfg(test)]
mod tests;
