//! The whole platform in one process: services wired to one another, and the processes that hold keys beside them.

mod audit;
mod databases;
mod hsm;
mod module;
pub(crate) mod witness;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use signum_activation::client::ModuleClient;
use signum_ca::Transcript;
use signum_core::audit::Log;
use signum_core::http::{self, Health};
use signum_core::jobs::{Job, Runner};
use signum_core::{Clock, Random};
use signum_hsm_shim::Hsm;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::children::ChildProcess;
use crate::config::Config;
use crate::first_start;
use crate::layout::{Layout, write_private};
use crate::operator;

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
        })
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
    /// Ours to end, unless it is a service of its own.
    module: Option<ChildProcess>,
    signer: signum_signer::Service,
    logs: Vec<Log>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
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
        let ca = signum_ca::Service::replica(
            ca_config(config, layout),
            signum_ca::Deps {
                cx: databases.ca.clone(),
                hsm: Arc::clone(&tokens.ca) as Arc<dyn Hsm>,
            },
            signum_ca::Replica::new(first_start::replica(layout, &*surroundings.random)?),
        )?;
        ca.close_left_intents().await.context("intents that a crash left")?;
        ca.settle_settings()
            .await
            .context("settings of the certification authority")?;
        let ceremony = ca.ceremony().await.context("key ceremony")?;
        write_ceremony(layout, &ceremony)?;
        progress("signing module");
        first_start::officers(config, layout).await?;
        let (module, module_client) = module::start(config, layout, &ceremony).await?;
        progress("identity provider and signing desk");
        first_start::clients(config, layout, &databases.idp).await?;
        let idp = signum_idp::Service::new(
            config.idp.clone(),
            signum_idp::Deps {
                cx: databases.idp.clone(),
                hsm: Arc::clone(&tokens.idp) as Arc<dyn Hsm>,
                csrf: first_start::csrf_key(layout, "idp", &*surroundings.random)?,
            },
        )
        .await?;
        let module_client = Arc::new(module_client);
        let signer = signum_signer::Service::new(
            signer_config(config, layout),
            signum_signer::Deps {
                cx: databases.signer.clone(),
                ca: ca.clone(),
                status: ca.clone(),
                tsa: ca.clone(),
                module: module_client.clone(),
                http: signum_signer::client()?,
                csrf: first_start::csrf_key(layout, "signer", &*surroundings.random)?,
            },
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
            module,
            signer,
            logs: Vec::new(),
            stop: CancellationToken::new(),
            tasks: JoinSet::new(),
        };
        let pki = match config.audit.publish {
            true => logs.beside(app.ca.router(), config.audit.publish_entries),
            false => app.ca.router(),
        };
        app.serve("pki", listeners.pki, pki);
        app.serve("idp", listeners.idp, idp.router());
        app.serve("signer", listeners.signer, app.signer.router());
        if let Some(listener) = listeners.registration {
            app.serve("registration", listener, app.ca.registration_router());
        }
        let view = logs.view(&app.databases.ca, config)?;
        app.tasks.spawn(operator::watch(view.clone(), app.stop.clone()));
        let address = format!("http://{}", listeners.operator.local_addr()?).parse()?;
        let pages = operator::router(view, address).merge(health.router(surroundings.metrics));
        app.serve("operator", listeners.operator, logs.beside(pages, true));
        app.run_jobs(logs.ca, app.ca.jobs());
        app.run_jobs(logs.idp, idp.jobs());
        app.run_jobs(logs.signer, app.signer.jobs());
        Ok(app)
    }

    fn serve(&mut self, name: &'static str, listener: TcpListener, router: Router) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            if let Err(error) = http::serve(name, listener, router, stop.clone()).await {
                tracing::error!(service = name, %error, "ended");
                stop.cancel();
            }
        });
    }

    /// The service's own jobs and the sequencer of its audit log.
    fn run_jobs(&mut self, log: Log, mut jobs: Vec<Job>) {
        let cx = log.cx().clone();
        self.logs.push(log.clone());
        jobs.push(log.witness_job());
        jobs.push(log.job());
        self.tasks.spawn(Runner::new(cx, jobs).run(self.stop.clone()));
    }

    /// The audit logs of CA, identity provider and signer.
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// Waits until something that must run has ended by itself; says what.
    pub async fn failed(&mut self) -> String {
        loop {
            if let Some(end) = self.module.as_mut().and_then(ChildProcess::ended) {
                return end;
            }
            tokio::select! {
                () = self.stop.cancelled() => return "a service ended".to_owned(),
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    /// Finishes what is under way, then ends services, module and workers.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        self.signer.drain().await;
        for log in &self.logs {
            if let Err(error) = log.close().await {
                tracing::error!(%error, "the last audit events wait unsigned for the next start");
            }
        }
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

/// The certificates as files (DER) with the transcript, for people and relying parties to fetch.
fn write_ceremony(layout: &Layout, ceremony: &Transcript) -> Result<()> {
    for step in &ceremony.steps {
        let path = layout.path(&format!("ceremony/{}.der", step.holder));
        if !std::fs::read(&path).is_ok_and(|known| known == step.certificate) {
            write_private(&path, &step.certificate)?;
        }
    }
    if ceremony.steps.iter().any(|step| step.made) {
        write_private(
            &layout.path("ceremony/transcript.json"),
            &serde_json::to_vec_pretty(ceremony)?,
        )?;
    }
    Ok(())
}

fn health(databases: &Databases, tokens: &Tokens, module: Arc<ModuleClient>) -> Health {
    let mut health = Health::default()
        .database("ca", &databases.ca.db)
        .database("idp", &databases.idp.db)
        .database("signer", &databases.signer.db);
    for (name, workers) in [("ca", &tokens.ca), ("idp", &tokens.idp), ("audit", &tokens.audit)] {
        let workers = Arc::clone(workers);
        health = health.check(format!("{name}.hsm"), move || {
            let workers = Arc::clone(&workers);
            async move { workers.health().await.map_err(|error| error.to_string()) }
        });
    }
    health.check("signer.module", move || {
        let module = Arc::clone(&module);
        async move {
            match module.status().await {
                Ok(status) if status.ready => Ok(()),
                Ok(_) => Err("its token cannot sign".to_owned()),
                Err(refusal) => Err(refusal.to_string()),
            }
        }
    })
}
