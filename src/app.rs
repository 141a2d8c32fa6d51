//! The whole platform in one process: services wired to one another, and the processes that hold keys beside them.

mod apart;
mod audit;
mod databases;
mod hsm;
mod module;
mod services;
pub(crate) mod witness;
mod work;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use metrics_exporter_prometheus::PrometheusHandle;
use signum_activation::client::ModuleClient;
use signum_ca::Transcript;
use signum_core::audit::Log;
use signum_core::http::{self, Health};
use signum_core::{Clock, Random};
use signum_idp::people::Register;
use tokio::net::TcpListener;

use crate::children::ChildProcess;
use crate::config::Config;
use crate::first_start;
use crate::layout::Layout;
use crate::operator;
use crate::remote::Authority;
use work::Work;

pub use apart::Apart;
pub use audit::Logs;
pub use databases::Databases;
pub use hsm::{Tokens, pin_source};

/// Where the services listen.
pub struct Listeners {
    pub pki: TcpListener,
    pub idp: TcpListener,
    pub signer: TcpListener,
    pub operator: TcpListener,
    /// Where the CA has officers.
    pub registration: Option<TcpListener>,
    /// Where the identity provider has a port for client certificates.
    pub idp_mtls: Option<TcpListener>,
    /// Where cards are shown to it in the TLS handshake.
    pub idp_card: Option<TcpListener>,
}

impl Listeners {
    /// Binds every configured address; the first that is taken is told with the way to change it.
    pub async fn bind(config: &Config) -> Result<Self> {
        let listen = &config.listen;
        let bind =
            async |address: SocketAddr, setting: &'static str| http::bind(address, listen.allow_public, setting).await;
        Ok(Self {
            pki: bind(listen.pki, "listen.pki").await?,
            idp: bind(listen.idp, "listen.idp").await?,
            signer: bind(listen.signer, "listen.signer").await?,
            operator: bind(listen.operator, "listen.operator").await?,
            registration: match config.ca.officers() {
                Some(_) => Some(bind(listen.registration, "listen.registration").await?),
                None => None,
            },
            idp_mtls: match config.idp.mtls.public_url.is_empty() {
                true => None,
                false => Some(bind(listen.idp_mtls, "listen.idp_mtls").await?),
            },
            idp_card: match config.idp.card.public_url.is_empty() {
                true => None,
                false => Some(bind(listen.idp_card, "listen.idp_card").await?),
            },
        })
    }
}

/// A service that may have a machine of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Service {
    /// The certification authority: certificates, OCSP, CRL, time stamps, and the contract for the signer.
    Ca,
    /// The identity provider.
    Idp,
    /// The signing desk with its signing module.
    Signer,
}

impl Service {
    pub const ALL: [Self; 3] = [Self::Ca, Self::Idp, Self::Signer];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Ca => "ca",
            Self::Idp => "idp",
            Self::Signer => "signer",
        }
    }
}

/// What the platform takes from outside instead of reaching for it.
#[derive(Clone)]
pub struct Surroundings {
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub metrics: PrometheusHandle,
}

/// The running platform.
pub struct App {
    pub databases: Databases,
    pub tokens: Tokens,
    pub ca: Arc<signum_ca::Service>,
    /// Keys and certificates of the CA, as made or found at this start.
    pub ceremony: Transcript,
    /// The random name that the operator endpoint answers with: whoever asks there knows which Signum answers.
    pub instance: String,
    /// Of the identity provider.
    pub people: Register,
    /// Ours to end, unless it is a service of its own.
    module: Option<ChildProcess>,
    signer: signum_signer::Service,
    work: Work,
}

impl App {
    /// Starts everything; returns when every service answers. `progress` hears each step's name.
    pub async fn start(
        config: &Config,
        layout: &Layout,
        listeners: Listeners,
        surroundings: Surroundings,
        progress: impl Fn(&str),
    ) -> Result<Self> {
        progress("databases");
        let databases = Databases::open(config, layout, &surroundings).await?;
        audit::record_start(config, &databases).await?;
        progress("HSM tokens and their workers");
        let tokens = Tokens::start(config, layout, &databases, &*surroundings.random).await?;
        progress("certification authority: keys and certificates");
        let random = &*surroundings.random;
        let (ca, ceremony) = services::ca(config, layout, &databases.ca, &tokens.ca, random).await?;
        progress("signing module");
        first_start::officers(config, layout).await?;
        let (module, module_client) = module::start(config, layout).await?;
        progress("identity provider and signing desk");
        let idp = services::idp(config, layout, &databases.idp, &tokens.idp, random).await?;
        let module_client = Arc::new(module_client);
        let authority = Authority::of(Arc::clone(&ca));
        let signer = services::signer(
            config,
            layout,
            &databases.signer,
            authority,
            module_client.clone(),
            random,
        )
        .await?;
        progress("keys of the audit checkpoints");
        let logs = Logs::start(config, layout, &tokens.audit, &databases).await?;
        let instance = hex::encode(surroundings.random.bytes::<16>());
        let health = health(&databases, &tokens, module_client).instance(&instance);
        let mut app = Self {
            databases,
            tokens,
            ca,
            ceremony,
            instance,
            people: idp.people().clone(),
            module,
            signer,
            work: Work::default(),
        };
        let pki = match config.audit.publish {
            true => logs.beside(app.ca.router(), config.audit.publish_entries),
            false => app.ca.router(),
        };
        let view = logs.view(&app.databases.ca, config)?;
        let address = format!("http://{}", listeners.operator.local_addr()?).parse()?;
        let pages = operator::router(view.clone(), address).merge(health.router(surroundings.metrics));
        let work = &mut app.work;
        work.serve("pki", listeners.pki, pki);
        work.serve("idp", listeners.idp, idp.router());
        if let Some(listener) = listeners.idp_mtls {
            let (listener, router) = services::idp_mtls(config, layout, &idp, listener)?;
            work.serve_tls("idp-mtls", listener, router);
        }
        if let Some(listener) = listeners.idp_card {
            let (listener, router) = services::idp_card(config, layout, &idp, listener)?;
            work.serve_tls("idp-card", listener, router);
        }
        work.serve("signer", listeners.signer, app.signer.router());
        if let Some(listener) = listeners.registration {
            let address = format!("http://{}", listener.local_addr()?).parse()?;
            work.serve("registration", listener, app.ca.registration_router(address));
        }
        work.spawn(|stop| operator::watch(view, stop));
        let ca = Arc::clone(&app.ca);
        work.spawn(|stop| ca.watch_clock(stop.cancelled_owned()));
        work.serve("operator", listeners.operator, logs.beside(pages, true));
        work.run_jobs(logs.ca, app.ca.jobs());
        work.run_jobs(logs.idp, idp.jobs());
        work.run_jobs(logs.signer, app.signer.jobs());
        Ok(app)
    }

    /// The audit logs of CA, identity provider and signer.
    pub fn logs(&self) -> &[Log] {
        self.work.logs()
    }

    /// Waits until something that must run has ended by itself; says what.
    pub async fn failed(&mut self) -> String {
        self.work.failed(self.module.as_mut()).await
    }

    /// Finishes what is under way, then ends services, module and workers.
    pub async fn stop(mut self) {
        self.work.end().await;
        self.signer.drain().await;
        self.work.close_logs().await;
        if let Some(module) = self.module {
            module.stop().await;
        }
        self.tokens.stop().await;
        self.databases.close().await;
    }
}

/// Paths of the development layout, where the configuration names none of its own.
pub(crate) fn ca_config(config: &Config, layout: &Layout) -> signum_ca::Config {
    let mut ca = config.ca.clone();
    ca.statement_key_file = layout.root().join(&ca.statement_key_file);
    ca
}

/// The same for the identity provider.
fn idp_config(config: &Config, layout: &Layout) -> signum_idp::Config {
    let mut idp = config.idp.clone();
    let (mtls, card) = (&mut idp.mtls, &mut idp.card);
    for file in [
        &mut mtls.certificate,
        &mut mtls.private_key,
        &mut mtls.client_authorities,
        &mut mtls.proxies,
        &mut card.certificate,
        &mut card.private_key,
        &mut card.proxies,
    ] {
        if !file.is_empty() {
            *file = layout.root().join(&file).display().to_string();
        }
    }
    for file in idp.card.issuers.iter_mut().chain(&mut idp.card.signing_issuers) {
        // The address behind the file stays as it is: nothing in it is a path.
        *file = layout.root().join(&file).display().to_string();
    }
    if config.demo.enabled && idp.card.issuers.is_empty() {
        own_cards(config, layout, &mut idp.card);
    }
    idp
}

/// In a demonstration the cards are those that the CA beside us issues.
fn own_cards(config: &Config, layout: &Layout, card: &mut signum_idp::CardSettings) {
    let made = |name: &str| Some(layout.path(&format!("ceremony/{name}.der"))).filter(|file| file.exists());
    for name in ["auth", "auth-rsa"] {
        if let Some(file) = made(name) {
            let issuer = format!("{} {}/ocsp/{name}", file.display(), config.ca.public_url);
            card.issuers.push(issuer);
        }
    }
    for file in ["qsig", "qsig-rsa"].into_iter().filter_map(made) {
        card.signing_issuers.push(file.display().to_string());
    }
}

/// The same for the signer.
fn signer_config(config: &Config, layout: &Layout) -> signum_signer::Config {
    let mut signer = config.signer.clone();
    for path in [
        &mut signer.client_secret_file,
        &mut signer.module_socket,
        &mut signer.officers_file,
    ] {
        *path = layout.root().join(&path);
    }
    signer
}

fn health(databases: &Databases, tokens: &Tokens, module: Arc<ModuleClient>) -> Health {
    let mut health = Health::default()
        .database("ca", &databases.ca.db)
        .database("idp", &databases.idp.db)
        .database("signer", &databases.signer.db);
    for (name, workers) in [("ca", &tokens.ca), ("idp", &tokens.idp), ("audit", &tokens.audit)] {
        health = services::token(health, name, workers);
    }
    services::module(health, module)
}
