//! A relying party as an agency's developer would write it: OpenID Connect Core 1.0 code flow through the crate
//! `openidconnect`, RP-Initiated Logout 1.0, its own small pages. Nothing here comes from Signum's own code.

mod claims;
mod failure;
mod headers;
mod home;
mod language;
mod login;
mod logout;
mod me;
mod page;
mod provider;
mod resolver;
mod session;
mod words;

use axum::{
    Router, middleware,
    routing::{get, post},
};
use provider::Provider;
use session::Sessions;
use std::sync::Arc;
use url::Url;

/// What the operator of this service decides.
pub struct Settings {
    /// Address under which browsers reach this service.
    pub public_url: Url,
    /// Issuer identifier of the OpenID provider.
    pub issuer: String,
    /// Identifier of this service at the provider.
    pub client_id: String,
    /// Secret of this service at the provider.
    pub client_secret: String,
}

/// What every handler shares.
pub struct App {
    provider: Provider,
    sessions: Sessions,
    /// `Content-Security-Policy` of every answer.
    policy: String,
    /// Cookies are `Secure` when browsers reach this service over HTTPS.
    secure: bool,
}

impl App {
    /// Prepares the service; the provider is asked for its metadata only when the first person logs in.
    pub fn new(settings: Settings) -> anyhow::Result<Arc<Self>> {
        let policy = headers::policy(&settings.issuer)?;
        let secure = settings.public_url.scheme() == "https";
        Ok(Arc::new(Self {
            provider: Provider::new(settings)?,
            sessions: Sessions::default(),
            policy,
            secure,
        }))
    }
}

/// The whole service.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(home::show))
        .route("/login", get(login::start))
        .route("/callback", get(login::finish))
        .route("/me", get(me::show))
        .route("/logout", post(logout::leave))
        .route("/language", get(language::choose))
        .route("/style.css", get(page::style))
        .route("/favicon.svg", get(page::emblem))
        .route("/healthz", get(|| async { "ok" }))
        .fallback(failure::not_found)
        .layer(middleware::from_fn_with_state(app.clone(), headers::add))
        .with_state(app)
}

#[cfg(test)]
mod tests;
