//! Everything around a service's routes, put on in one call.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use super::request_id::HEADER as REQUEST_ID;
use super::{CookieKit, Problem, RequestId, access, asset_router, headers};
use crate::i18n::{self, Locale};
use crate::random::Random;
use crate::ui;

/// The frame of one service's router.
#[derive(Clone)]
pub struct Frame {
    service: &'static str,
    /// What a service with pages for people has.
    cookies: Option<CookieKit>,
    https: bool,
    random: Arc<dyn Random>,
    body_limit: usize,
    timeout: Duration,
}

impl Frame {
    /// Bodies up to 64 KiB and 30 s, unless told otherwise.
    pub fn new(service: &'static str, public_url: url::Url, random: Arc<dyn Random>) -> Self {
        Self {
            cookies: Some(CookieKit::new(&public_url)),
            https: public_url.scheme() == "https",
            ..Self::protocol(service, random)
        }
    }

    /// For what programs of any origin ask in plain http (OCSP, lists, time stamps): no pages, `/static` or `/language`; every
    /// refusal as RFC 9457 says, and whatever is served may be embedded anywhere.
    pub fn protocol(service: &'static str, random: Arc<dyn Random>) -> Self {
        Self {
            service,
            cookies: None,
            https: false,
            random,
            body_limit: 64 * 1024,
            timeout: Duration::from_secs(30),
        }
    }

    /// Largest request body in octets. One route may take more: `.layer(DefaultBodyLimit::max(n))` on it.
    pub fn body_limit(mut self, octets: usize) -> Self {
        self.body_limit = octets;
        self
    }

    /// How long one request may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The service's routes with `/static`, `/language` and everything of this kit round them.
    pub fn around(self, routes: Router) -> Router {
        let routes = match self.cookies {
            Some(cookies) => routes.merge(asset_router()).merge(i18n::router(cookies)),
            None => routes,
        };
        let body_limit = DefaultBodyLimit::max(self.body_limit);
        let frame = Arc::new(self);
        routes
            .fallback(async || Problem::of_status(StatusCode::NOT_FOUND))
            .method_not_allowed_fallback(async || Problem::of_status(StatusCode::METHOD_NOT_ALLOWED))
            .layer(body_limit)
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn_with_state(frame, around_one))
    }
}

/// One request from first to last octet of its answer's head.
async fn around_one(State(frame): State<Arc<Frame>>, mut request: Request, next: Next) -> Response {
    let id = RequestId::given_or_new(request.headers(), frame.random.as_ref());
    let access = access::Access::begin(frame.service, &request);
    let wants_page = frame.cookies.is_some() && wants_page(request.headers());
    let Locale(lang) = Locale::of(request.uri(), request.headers());
    request.extensions_mut().insert(id.clone());
    let span = access.span(&id);
    let mut response = async {
        let timely = tokio::time::timeout(frame.timeout, next.run(request)).await;
        let mut response = timely.unwrap_or_else(|_| Problem::of_status(StatusCode::GATEWAY_TIMEOUT).into_response());
        house_form(&mut response, wants_page.then_some(lang), &id);
        access.end(&response);
        response
    }
    .instrument(span)
    .await;
    if frame.cookies.is_none() {
        let anywhere = HeaderValue::from_static("cross-origin");
        response.headers_mut().insert("cross-origin-resource-policy", anywhere);
    }
    headers::secure(&mut response, frame.https);
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Gives every refusal its last form. A library's own words (plain text: a body that does not parse, a missing field) never
/// reach the caller.
fn house_form(response: &mut Response, page: Option<i18n::Lang>, id: &RequestId) {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return;
    }
    let plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if plain => Problem::of_status(status),
        None => return,
    };
    let mut formed = match page {
        Some(lang) => ui::problem_page(lang, &problem, id.as_str()),
        None => problem.with_request_id(id.as_str()).into_response(),
    };
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            formed.headers_mut().append(name, value.clone());
        }
    }
    *response = formed;
}

/// A person's browser asked, not a script: it names HTML before anything else.
fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    accept.contains("text/html")
}

/// The message of a panic goes to the log by the panic hook; the caller learns nothing of it.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    metrics::counter!("http_panics_total").increment(1);
    Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}
