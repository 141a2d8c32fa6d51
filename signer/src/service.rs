//! The signer put together: configuration, the module, its neighbours, and what every handler is given.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use secrecy::SecretString;
use signum_core::audit::{self, Event};
use signum_core::contract::{CertificateAuthority, CertificateStatus, TimeStamping};
use signum_core::http::{CookieKit, Csrf, CsrfKey, Frame};
use signum_core::jobs::Job;
use signum_core::{Cx, DbError};
use signum_gesture::RelyingParty;
use tokio::sync::Semaphore;
use url::Url;

use crate::config::Config;
use crate::module::SigningModule;
use crate::officers::{Officers, OfficersError};
use crate::provider::Provider;
use crate::unbroken::Unbroken;
use crate::{enrol, http, purge, sign};

/// Longest wait for a signature under way when the service stops: the module's own deadline and a timestamp.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the signer needs of the house.
pub struct Deps {
    /// Its own database, the clock and randomness.
    pub cx: Cx,
    pub ca: Arc<dyn CertificateAuthority>,
    pub status: Arc<dyn CertificateStatus>,
    pub tsa: Arc<dyn TimeStamping>,
    /// Sole control: `signum_activation::ModuleClient`.
    pub module: Arc<dyn SigningModule>,
    /// For the identity provider alone: follows no redirects, finds `*.localhost` on this machine; see [`client()`].
    pub http: reqwest::Client,
    /// The same on every replica and after every restart.
    pub csrf: CsrfKey,
}

/// Why the signer cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("signer configuration: {0}")]
    Config(String),
    #[error(transparent)]
    Officers(#[from] OfficersError),
    #[error("signer client secret {path}: {error}")]
    ClientSecret { path: String, error: std::io::Error },
}

/// The running service. Cloning shares it.
#[derive(Clone)]
pub struct Service {
    signer: Arc<Signer>,
}

/// What handlers and flows share.
pub(crate) struct Signer {
    pub cx: Cx,
    pub config: Config,
    /// `config.public_url`, parsed.
    pub url: Url,
    /// The relying party of signing passkeys: exactly this host and origin.
    pub rp: RelyingParty,
    pub officers: Officers,
    pub provider: Provider,
    pub ca: Arc<dyn CertificateAuthority>,
    pub status: Arc<dyn CertificateStatus>,
    pub tsa: Arc<dyn TimeStamping>,
    pub module: Arc<dyn SigningModule>,
    pub csrf: Csrf,
    pub cookies: CookieKit,
    /// Bounds how many PDFs are read at once.
    pub readers: Arc<Semaphore>,
    /// For what a browser that goes away must not interrupt.
    pub unbroken: Unbroken,
}

impl Signer {
    /// Records an event whose deed is that something was refused.
    pub(crate) async fn record(&self, event: &Event) -> Result<(), DbError> {
        let cx = &self.cx;
        cx.db
            .run::<_, DbError, _, _>("audit", |tx| async move { audit::record(&tx, cx, event).await })
            .await
    }
}

impl Service {
    /// Reads the officers and the client secret. The database is migrated already; no neighbour is called.
    pub async fn new(config: Config, deps: Deps) -> Result<Self, StartError> {
        let url = config.origin().map_err(StartError::Config)?;
        let rp = RelyingParty {
            id: url.domain().unwrap_or_default().to_owned(),
            origin: config.public_url.clone(),
        };
        let officers = Officers::read(&config.officers_file)?;
        let secret = client_secret(&config.client_secret_file)?;
        let provider = Provider::new(&config, secret, deps.http, deps.cx.clock.clone());
        let signer = Signer {
            csrf: Csrf::new(deps.csrf),
            cookies: CookieKit::new(&url),
            readers: Arc::new(Semaphore::new(config.readers.max(1))),
            unbroken: Unbroken::default(),
            cx: deps.cx,
            config,
            url,
            rp,
            officers,
            provider,
            ca: deps.ca,
            status: deps.status,
            tsa: deps.tsa,
            module: deps.module,
        };
        Ok(Self {
            signer: Arc::new(signer),
        })
    }

    /// Every route of the signer inside the house's frame.
    pub fn router(&self) -> Router {
        let signer = &self.signer;
        Frame::new("signer", signer.url.clone(), signer.cx.random.clone()).around(http::routes(signer.clone()))
    }

    /// What one replica does from time to time.
    pub fn jobs(&self) -> Vec<Job> {
        let job = |name, seconds, work: fn(Arc<Signer>) -> JobFuture| {
            let signer = self.signer.clone();
            Job::new(name, Duration::from_secs(seconds), move || work(signer.clone()))
        };
        vec![
            job("signer.enrolments", 5, |signer| {
                Box::pin(async move { enrol::advance_all(&signer).await.map(drop) })
            }),
            job("signer.signatures", 5, |signer| {
                Box::pin(async move { sign::finish_all(&signer).await.map(drop) })
            }),
            job("signer.purge", 600, |signer| {
                Box::pin(async move { purge::run(&signer).await.map(drop) })
            }),
        ]
    }

    /// Waits for signatures under way that no request waits for any more; nothing of the kind begins after this. Call it before
    /// the signing module is stopped.
    pub async fn drain(&self) {
        if !self.signer.unbroken.drain(PATIENCE).await {
            tracing::warn!("a signature under way was cut off; the module is asked about it after the next start");
        }
    }

    /// Whether the signing module and its token are there, for readiness.
    pub async fn module_ready(&self) -> Result<(), String> {
        self.signer.module.ready().await.map_err(|error| error.to_string())
    }
}

type JobFuture = std::pin::Pin<Box<dyn Future<Output = Result<(), DbError>> + Send>>;

fn client_secret(path: &Path) -> Result<SecretString, StartError> {
    let text = std::fs::read_to_string(path).map_err(|error| StartError::ClientSecret {
        path: path.display().to_string(),
        error,
    })?;
    Ok(SecretString::from(text.trim().to_owned()))
}

/// The HTTP client for [`Deps::http`]: names under `localhost` are this machine (RFC 6761 section 6.3), redirects are not
/// followed.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(Arc::new(LoopbackNames))
        .no_proxy()
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(10))
        .build()
}

struct LoopbackNames;

impl reqwest::dns::Resolve for LoopbackNames {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async move {
            let host = name.as_str();
            let found: Vec<std::net::SocketAddr> = match host == "localhost" || host.ends_with(".localhost") {
                true => vec![([127, 0, 0, 1], 0).into()],
                false => tokio::net::lookup_host((host, 0)).await?.collect(),
            };
            Ok(Box::new(found.into_iter()) as reqwest::dns::Addrs)
        })
    }
}
