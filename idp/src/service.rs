//! The OpenID provider put together: configuration, keys, WebAuthn, and what every handler is given.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use signum_core::Cx;
use signum_core::http::{CookieKit, Csrf, CsrfKey, Frame};
use signum_core::jobs::Job;
use signum_hsm_shim::Hsm;
use url::Url;
use webauthn_rs::prelude::{Webauthn, WebauthnBuilder, WebauthnError};

use crate::abuse::Abuse;
use crate::abuse::rate::Rates;
use crate::account::house_client;
use crate::client_auth::shown::{self, Believed, MtlsSettings};
use crate::clients::ClientError;
use crate::clients::keys::PublishedKeys;
use crate::config::Config;
use crate::derived_key::DerivedKeys;
use crate::http::login::card::Card;
use crate::http::login::card_port;
use crate::http::login::passkey::Passkey;
use crate::keys::{self, KeyError, KeyRing};
use crate::level::Level;
use crate::login::Means;
use crate::login::card::Cards;
use crate::logout::deliver;
use crate::outbound::Outbound;
use crate::people::{PeopleError, Register, reseal};
use crate::representation::Registry;
use crate::worth::Authenticator;
use crate::zone::Zone;
use crate::{http, purge};

/// What the provider needs of the house.
pub struct Deps {
    /// Its own database, the clock and randomness.
    pub cx: Cx,
    /// The token with the signing keys (`Config::hsm_token`).
    pub hsm: Arc<dyn Hsm>,
    /// The same on every replica and after every restart.
    pub csrf: CsrfKey,
}

/// Why the provider cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("idp configuration: {0}")]
    Config(String),
    #[error("idp signing keys: {0}")]
    Keys(#[from] KeyError),
    #[error("idp people: {0}")]
    People(#[from] PeopleError),
    #[error("client of the account pages: {0}")]
    Client(#[from] ClientError),
    #[error("WebAuthn: {0}")]
    WebAuthn(#[from] WebauthnError),
}

/// The running provider.
#[derive(Clone)]
pub struct Service {
    pub(crate) idp: Arc<Idp>,
}

/// What handlers and flows share.
pub(crate) struct Idp {
    pub cx: Cx,
    pub config: Config,
    /// `config.public_url`, parsed.
    pub url: Url,
    pub hsm: Arc<dyn Hsm>,
    pub keys: KeyRing,
    pub people: Register,
    pub derived: DerivedKeys,
    pub webauthn: Webauthn,
    /// Where authorities of cards are configured.
    pub cards: Option<Cards>,
    pub csrf: Csrf,
    pub cookies: CookieKit,
    /// In which people read times.
    pub zone: Zone,
    pub abuse: Abuse,
    pub outbound: Outbound,
    pub published_keys: PublishedKeys,
    /// Registrations of clients by address; a replica's own count.
    pub registrations: Rates,
    /// Where mandates are asked for, if anywhere.
    pub registry: OnceLock<Arc<dyn Registry>>,
    /// In the order in which the log-in page shows them; never empty.
    pub means: Vec<Box<dyn Means>>,
}

impl Idp {
    /// The issuer identifier, which is also the origin.
    pub(crate) fn issuer(&self) -> &str {
        &self.config.public_url
    }

    /// The address of one of our endpoints.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer())
    }

    /// The addresses under which clients may know the endpoint that `address` is: ours, and its alias on the port where
    /// clients show certificates (RFC 8705 section 5).
    pub(crate) fn addresses_of(&self, address: &str) -> impl Iterator<Item = String> {
        let alias = shown::alias(self.issuer(), &self.config.mtls, address);
        std::iter::once(address.to_owned()).chain(alias)
    }

    /// The best level that any means of log-in reaches.
    pub(crate) fn best_level(&self) -> Level {
        let levels = self.means.iter().map(|means| means.best_level(&self.config.levels));
        levels.max().unwrap_or(Level::Low)
    }

    /// The means that reach this level.
    pub(crate) fn means_for(&self, level: Level) -> impl Iterator<Item = &dyn Means> {
        let known = self.means.iter().map(|means| &**means);
        known.filter(move |means| means.best_level(&self.config.levels) >= level)
    }
}

impl Service {
    /// Loads the signing keys, making the first on the very first start. The database is migrated already.
    pub async fn new(config: Config, deps: Deps) -> Result<Self, StartError> {
        Self::with_means(config, deps, Vec::new()).await
    }

    /// The same with more means of log-in than passkey and card, for a program that brings them; the program `signum` does not.
    pub async fn with_means(config: Config, deps: Deps, more: Vec<Box<dyn Means>>) -> Result<Self, StartError> {
        let cards = Cards::read(&config.card, &config.outbound).map_err(StartError::Config)?;
        let mut means: Vec<Box<dyn Means>> = vec![Box::new(Passkey)];
        if cards.is_some() {
            let tls = config.levels.worth(Authenticator::CardTls).level;
            let port = (!config.card.public_url.is_empty()).then_some(tls);
            means.push(Box::new(Card { port }));
        }
        means.extend(more);
        let url = config.origin().map_err(StartError::Config)?;
        let host = url.domain().unwrap_or_default();
        // RP ID is exactly this host and the one origin is exact: no subdomains, no other ports.
        let webauthn = WebauthnBuilder::new(host, &url)?.rp_name("Signum").build()?;
        let keys = KeyRing::load_or_make(&deps.cx, &*deps.hsm, &config.hsm_token).await?;
        let people = Register::open(&deps.cx, Arc::clone(&deps.hsm), &config.hsm_token).await?;
        house_client::ensure(&deps.cx, &config.public_url).await?;
        let derived = DerivedKeys::of(&deps.csrf);
        let csrf = Csrf::new(deps.csrf);
        let cookies = CookieKit::new(&url);
        let zone = Zone::named(&config.time_zone).map_err(StartError::Config)?;
        let abuse = Abuse::new(&config.limits).map_err(StartError::Config)?;
        let outbound = Outbound::new(&config.outbound).map_err(StartError::Config)?;
        let registrations = Rates::new(config.registration.per_address, Duration::from_secs(60 * 60));
        let idp = Idp {
            cx: deps.cx,
            config,
            url,
            hsm: deps.hsm,
            keys,
            people,
            derived,
            webauthn,
            cards,
            csrf,
            cookies,
            zone,
            abuse,
            outbound,
            published_keys: PublishedKeys::default(),
            registrations,
            registry: OnceLock::new(),
            means,
        };
        Ok(Self { idp: Arc::new(idp) })
    }

    /// With a register of mandates; without one services are told that representation is not available.
    pub fn with_registry(self, registry: Arc<dyn Registry>) -> Self {
        // A second one is not taken: the first is in use.
        if self.idp.registry.set(registry).is_err() {
            tracing::error!("a register of mandates is chosen already");
        }
        self
    }

    /// The register of people.
    pub fn people(&self) -> &Register {
        &self.idp.people
    }

    /// Every route of the provider inside the house's frame.
    pub fn router(&self) -> Router {
        let frame = Frame::new("idp", self.idp.url.clone(), self.idp.cx.random.clone());
        frame.around(http::routes(self.idp.clone()))
    }

    /// The routes for the port on which clients show certificates; serve it by `http::serve_tls`, asking for certificates.
    pub fn mtls_router(&self) -> Result<Router, StartError> {
        let believed = Believed::read(&self.idp.config.mtls, self.idp.cx.clock.clone()).map_err(StartError::Config)?;
        let routes = http::routes(self.idp.clone()).layer(from_fn_with_state(Arc::new(believed), shown::layer));
        let frame = Frame::protocol("idp-mtls", self.idp.cx.random.clone());
        Ok(frame.around(routes))
    }

    /// The routes for the port on which cards are shown in the TLS handshake; serve it by `http::serve_tls`, requiring a certificate.
    pub fn card_router(&self) -> Result<Router, StartError> {
        let settings = MtlsSettings {
            proxies: self.idp.config.card.proxies.clone(),
            ..MtlsSettings::default()
        };
        // Who issued a card is judged with the card.
        let believed = Believed::read(&settings, self.idp.cx.clock.clone());
        let believed = believed.map_err(|problem| StartError::Config(problem.replace("mtls.", "card.")))?;
        let frame = Frame::protocol("idp-card", self.idp.cx.random.clone());
        let routes = frame.around(http::card_routes(self.idp.clone(), believed));
        Ok(routes.layer(from_fn(card_port::one_request_a_connection)))
    }

    /// Periodic work: rows that can no longer matter are deleted, services are told of ended sessions.
    pub fn jobs(&self) -> Vec<Job> {
        let idp = self.idp.clone();
        let purge = move || {
            let idp = idp.clone();
            async move { purge::run(&idp.cx, &idp.config).await.map(drop) }
        };
        let idp = self.idp.clone();
        let tell = move || {
            let idp = idp.clone();
            async move { deliver::run(&idp).await.map(drop) }
        };
        let idp = self.idp.clone();
        let rotate = move || {
            let idp = idp.clone();
            async move { keys::run(&idp).await }
        };
        let idp = self.idp.clone();
        let reseal = move || {
            let idp = idp.clone();
            async move { reseal::run(&idp.people).await }
        };
        vec![
            Job::new("idp.people", Duration::from_secs(15), reseal),
            Job::new("idp.purge", Duration::from_secs(5 * 60), purge),
            Job::new("idp.logout", Duration::from_secs(2), tell),
            Job::new("idp.keys", Duration::from_secs(15), rotate),
        ]
    }
}
