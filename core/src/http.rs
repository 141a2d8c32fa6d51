//! The HTTP kit: what every service's router is framed in (RFC 9110, RFC 9457, CSP Level 3, Fetch Metadata).
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use signum_core::{OsRandom, http::{self, Frame}};
//! # async fn start(public_url: url::Url, stop: tokio_util::sync::CancellationToken) -> Result<(), Box<dyn std::error::Error>> {
//! let routes = axum::Router::new().route("/", axum::routing::get(|| async { "hello" }));
//! // Adds /static, /language, security headers, request ids, access log, metrics, limits, error pages.
//! let app = Frame::new("idp", public_url, Arc::new(OsRandom)).around(routes);
//! let listener = http::bind("127.0.0.1:8081".parse()?, false, "idp.listen").await?;
//! http::serve("idp", listener, app, stop).await?;
//! # Ok(()) }
//! ```
//! Handlers refuse with [`Problem`]; a browser that asked for HTML gets it as a page in its language. A page whose form
//! leads to another origin answers with the extension [`FormAction`]. The extractor [`RequestId`] is the reference code.
//!
//! Metrics: `http_requests_total{service,method,route,status}`, `http_request_seconds{service,route}` (docs/LOGGING.md).

mod access;
mod assets;
mod cookies;
mod csrf;
mod frame;
mod headers;
mod health;
mod problem;
mod request_id;
mod serve;
#[cfg(test)]
mod tests;
pub mod tls;

pub use assets::{asset_router, asset_url};
pub use cookies::{CookieKit, cookie_value};
pub use csrf::{CSRF_HEADER, Csrf, CsrfKey};
pub use frame::Frame;
pub use headers::FormAction;
pub use health::{CheckResult, Health};
pub use problem::Problem;
pub use request_id::RequestId;
pub use serve::{BindError, GRACE, bind, serve, serve_tls};

/// The ASCII serialisation of the address's origin (RFC 6454 section 6.2), as browsers send it.
pub fn origin_of(public_url: &url::Url) -> String {
    public_url.origin().ascii_serialization()
}

/// The setting `public_url` of a service whose host is an RP ID (WebAuthn Level 3 section 5.1.2): exactly an origin, https or
/// on this machine. The error is for the operator.
pub fn public_origin(public_url: &str) -> Result<url::Url, String> {
    let url = url::Url::parse(public_url).map_err(|e| format!("public_url: {e}"))?;
    let host = url
        .domain()
        .ok_or("public_url: a host name is needed, WebAuthn knows no IP addresses")?;
    let local = host == "localhost" || host.ends_with(".localhost");
    if url.scheme() != "https" && !(url.scheme() == "http" && local) {
        return Err("public_url: https, or http on localhost".to_owned());
    }
    if origin_of(&url) != public_url {
        return Err("public_url: exactly scheme://host[:port], without a trailing slash".to_owned());
    }
    Ok(url)
}
