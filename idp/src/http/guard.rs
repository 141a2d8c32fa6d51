//! Before every handler: the client's address is established, what one address may ask is counted, and what is more than can be
//! worked on is answered at once, with a waiting page for people and Retry-After for everybody.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, header};
use maud::html;
use signum_core::http::Problem;
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Page};

use axum::response::IntoResponse;

use super::Shared;
use super::words::WORDS;
use crate::abuse::address;

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
    if !program
        && let Some(client) = client
        && let Err(wait) = idp.abuse.rates.count(client, idp.cx.now())
    {
        return too_many(&request, wait);
    }
    let places = if program {
        &idp.abuse.programs
    } else {
        &idp.abuse.people
    };
    match Arc::clone(places).try_acquire_owned() {
        Ok(_place) => next.run(request).await,
        Err(_) => {
            let [spread] = idp.cx.random.bytes::<1>();
            full(&request, program, PAUSE + u64::from(spread % SPREAD))
        }
    }
}

/// The address has asked too often. Who shares it with many others reads when to come back.
fn too_many(request: &Request, wait: Duration) -> Response {
    tracing::warn!("too many requests of one address");
    metrics::counter!("idp_requests_refused_total", "why" => "address").increment(1);
    let Locale(lang) = Locale::of(request.uri(), request.headers());
    let seconds = wait.as_secs().max(1);
    let minutes = seconds.div_ceil(60);
    let text = WORDS.text_with(lang, "busy-address", &[("minutes", minutes.into())]);
    page(request, lang, StatusCode::TOO_MANY_REQUESTS, seconds, &text)
}

/// More people than there are places: everybody is asked to wait, and the page asks again by itself.
fn full(request: &Request, program: bool, seconds: u64) -> Response {
    metrics::counter!("idp_requests_refused_total", "why" => "full").increment(1);
    let Locale(lang) = Locale::of(request.uri(), request.headers());
    if program {
        return with_pause(
            Problem::of_status(StatusCode::SERVICE_UNAVAILABLE).into_response(),
            seconds,
        );
    }
    let text = WORDS.text(lang, "busy-full");
    let mut response = page(request, lang, StatusCode::SERVICE_UNAVAILABLE, seconds, &text);
    if request.method() == Method::GET
        && let Ok(value) = HeaderValue::from_str(&seconds.to_string())
    {
        response.headers_mut().insert(header::REFRESH, value);
    }
    response
}

fn page(request: &Request, lang: Lang, status: StatusCode, seconds: u64, text: &str) -> Response {
    let word = |key: &str| WORDS.text(lang, key);
    let again = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let body = html! {
        h1 { (word("busy-title")) }
        p.lead { (text) }
        @if request.method() == Method::GET {
            (ui::actions(ui::link_button(true, again, word("busy-again"))))
        } @else {
            p { (word("busy-back")) }
        }
    };
    let response = Page {
        title: &word("busy-title"),
        service: &word("service"),
        ..Page::new(lang, body)
    }
    .render_as(status);
    with_pause(response, seconds)
}

fn with_pause(mut response: Response, seconds: u64) -> Response {
    if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}
