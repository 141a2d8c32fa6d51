//! Around every handler: the client's address is established, what one address may ask is counted, what is more than can be
//! worked on is answered at once, and what cannot be answered because the database is away gets its asker's own form.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;

use super::Shared;
use super::waiting::Asked;
use crate::abuse::address;
use crate::service::Idp;

/// Addresses that programs use; everything else is for people.
const PROGRAMS: [&str; 12] = [
    "/token",
    "/userinfo",
    "/jwks",
    "/.well-known/",
    "/introspect",
    "/revoke",
    "/par",
    "/register",
    "/device_authorization",
    "/bc-authorize",
    "/static/",
    "/resource",
];
/// Answered however much there is to do: relying parties verify by these, from memory.
const ALWAYS: [&str; 2] = ["/jwks", "/.well-known/"];

/// How long whoever met a full house should wait at least; the spread keeps them from coming back together.
const PAUSE: u64 = 5;
const SPREAD: u8 = 10;

fn one_of(path: &str, starts: &[&str]) -> bool {
    starts.iter().any(|start| path.starts_with(start))
}

/// The middleware.
pub(super) async fn guard(State(idp): State<Shared>, mut request: Request, next: Next) -> Response {
    let client = idp.abuse.proxies.client(address::peer(&request), request.headers());
    address::note(request.headers_mut(), client);
    let path = request.uri().path();
    if one_of(path, &ALWAYS) {
        return next.run(request).await;
    }
    let program = one_of(path, &PROGRAMS);
    let asked = Asked::of(&request, program);
    if !program
        && let Some(client) = client
        && let Err(wait) = idp.abuse.rates.count(client, idp.cx.now())
    {
        tracing::warn!("too many requests of one address");
        metrics::counter!("idp_requests_refused_total", "why" => "address").increment(1);
        return asked.too_many(wait);
    }
    let places = if program {
        &idp.abuse.programs
    } else {
        &idp.abuse.people
    };
    let Ok(_place) = Arc::clone(places).try_acquire_owned() else {
        metrics::counter!("idp_requests_refused_total", "why" => "full").increment(1);
        return asked.full(pause(&idp));
    };
    let answered = next.run(request).await;
    if answered.status() == StatusCode::SERVICE_UNAVAILABLE {
        metrics::counter!("idp_requests_refused_total", "why" => "away").increment(1);
        return asked.away(answered, pause(&idp));
    }
    answered
}

/// Seconds until it is worth trying again.
fn pause(idp: &Idp) -> u64 {
    let [spread] = idp.cx.random.bytes::<1>();
    PAUSE + u64::from(spread % SPREAD)
}
