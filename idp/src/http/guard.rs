//! Around every handler: the client's address is established, what one address may ask is counted, what is more than can be
//! worked on is answered at once, and what cannot be answered because the database is away gets its asker's own form.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;

use super::Shared;
use super::waiting::{Asked, temporarily_unavailable};
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

/// How long a program's request may take: less than the frame's 30 seconds.
const PATIENCE: Duration = Duration::from_secs(25);

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
    let answered = if program {
        timely(PATIENCE, next.run(request)).await
    } else {
        next.run(request).await
    };
    if answered.status() == StatusCode::SERVICE_UNAVAILABLE {
        metrics::counter!("idp_requests_refused_total", "why" => "away").increment(1);
        return asked.away(answered, pause(&idp));
    }
    answered
}

/// A program that waited so long is told so in its own form, before the frame would (which speaks to people's scripts).
async fn timely(patience: Duration, answer: impl Future<Output = Response>) -> Response {
    tokio::time::timeout(patience, answer).await.unwrap_or_else(|_| {
        tracing::error!("a program's request took too long");
        temporarily_unavailable()
    })
}

/// Seconds until it is worth trying again.
fn pause(idp: &Idp) -> u64 {
    let [spread] = idp.cx.random.bytes::<1>();
    PAUSE + u64::from(spread % SPREAD)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use http::header;

    use super::*;

    #[tokio::test]
    async fn a_program_that_waits_too_long_is_told_in_the_form_of_oauth_that_the_service_is_away() {
        let told = timely(Duration::ZERO, std::future::pending()).await;
        assert_eq!(told.status(), StatusCode::SERVICE_UNAVAILABLE);
        let told = Asked::Program.away(told, 7);
        assert_eq!(told.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(told.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(told.headers()[header::RETRY_AFTER], "7");
        let body = axum::body::to_bytes(told.into_body(), 4096).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"], "temporarily_unavailable");
        assert!(body["error_description"].is_string());
    }
}
