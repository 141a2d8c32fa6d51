//! The provider on loopback: SQLite (or the database that is named), SoftHSM behind its worker processes, the form log-in.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value as Json, json};
use signum_core::audit::Log;
use signum_core::db::{CORE_MIGRATIONS, DbUrl};
use signum_core::http::{CsrfKey, serve};
use signum_core::jobs::Runner;
use signum_core::{Clock, Cx, Db, OsRandom, Random};
use signum_hsm_shim::Hsm;
use signum_hsm_shim::init::{NewToken, create_pin_file, softhsm_conf};
use signum_hsm_shim::token::TokenConfig;
use signum_hsm_shim::workers::{Workers, WorkersConfig, init_token_apart};
use signum_idp::people::Register;
use signum_idp::{Config, Deps, Service};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clients::{self, Addresses};
use crate::form::{IDS, TestForm};
use crate::people;

/// How the target is started.
pub struct Options {
    /// Loopback, always.
    pub listen: SocketAddr,
    /// The issuer, when something that speaks TLS stands in front; else the address itself.
    pub issuer: Option<String>,
    /// Token, PINs and SQLite's file; must be empty.
    pub folder: PathBuf,
    /// PostgreSQL instead of SQLite.
    pub database: Option<String>,
    pub addresses: Addresses,
    pub workers: usize,
    /// People for load, beside the named ones.
    pub people: usize,
    /// What /metrics of the second address shows.
    pub metrics: PrometheusHandle,
    pub clock: Arc<dyn Clock>,
}

/// A running provider.
pub struct Target {
    pub issuer: String,
    /// What a player of the relying parties, or the suite, is told.
    pub description: Json,
    workers: Arc<Workers>,
    cx: Cx,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Target {
    pub async fn start(options: &Options) -> Result<Self> {
        if !options.listen.ip().is_loopback() {
            bail!(
                "{} is no loopback address: this log-in is for tests alone",
                options.listen
            );
        }
        let listener = TcpListener::bind(options.listen).await?;
        let operator = TcpListener::bind((options.listen.ip(), 0)).await?;
        let own = format!("http://localhost:{}", listener.local_addr()?.port());
        let issuer = options.issuer.clone().unwrap_or(own);
        let mut config = Config::at(&issuer);
        // Everybody here comes from one address.
        config.limits.requests_per_address = 0;
        config.limits.logins_per_minute = u32::MAX;
        config.outbound.allowed_hosts = options.addresses.backchannel_host().into_iter().collect();
        let cx = database(options).await?;
        let workers = hsm(options, &config).await?;
        let token = Arc::clone(&workers) as Arc<dyn Hsm>;
        let register = Register::open(&cx, token, &config.hsm_token).await?;
        let people = people::add(&register, options.people).await?;
        let clients = clients::register(&cx, &options.addresses).await?;
        let deps = Deps {
            cx: cx.clone(),
            hsm: Arc::clone(&workers) as Arc<dyn Hsm>,
            csrf: CsrfKey::random(&OsRandom),
        };
        let service = Service::with_means(config, deps, vec![Box::new(TestForm::new(&people))]).await?;
        let description = json!({
            "issuer": issuer,
            "discovery": format!("{issuer}/.well-known/openid-configuration"),
            "metrics": format!("http://{}/metrics", operator.local_addr()?),
            "process": std::process::id(),
            "hsm_processes": workers.process_ids(),
            "element_ids": IDS.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            "people": people,
            "clients": clients,
        });
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        run(&mut tasks, &stop, "idp", listener, service.router());
        run(
            &mut tasks,
            &stop,
            "metrics",
            operator,
            metrics_router(options.metrics.clone()),
        );
        let mut jobs = service.jobs();
        jobs.push(Log::new(cx.clone(), "idp").job());
        tasks.spawn(Runner::new(cx.clone(), jobs).run(stop.clone()));
        Ok(Self {
            issuer,
            description,
            workers,
            cx,
            stop,
            tasks,
        })
    }

    /// Ends it and its worker processes.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        self.workers.stop().await;
        self.cx.db.close().await;
    }
}

fn run(tasks: &mut JoinSet<()>, stop: &CancellationToken, name: &'static str, listener: TcpListener, router: Router) {
    let stop = stop.clone();
    tasks.spawn(async move {
        if let Err(error) = serve(name, listener, router, stop.clone()).await {
            eprintln!("{name}: {error}");
            stop.cancel();
        }
    });
}

fn metrics_router(metrics: PrometheusHandle) -> Router {
    Router::new().route("/metrics", get(async move || metrics.render()))
}

async fn database(options: &Options) -> Result<Cx> {
    let address = match &options.database {
        Some(url) => DbUrl::try_from(url.clone()).map_err(anyhow::Error::msg)?,
        None => DbUrl::sqlite(&options.folder.join("idp.sqlite")),
    };
    let db = Db::open(&address).await?;
    db.migrate(CORE_MIGRATIONS).await?;
    db.migrate(signum_idp::MIGRATIONS).await?;
    Ok(Cx {
        db,
        clock: options.clock.clone(),
        random: Arc::new(OsRandom),
    })
}

async fn hsm(options: &Options, config: &Config) -> Result<Arc<Workers>> {
    let folder = &options.folder;
    let env = vec![("SOFTHSM2_CONF".to_owned(), softhsm_conf(folder)?.display().to_string())];
    let random: &dyn Random = &OsRandom;
    let pin = |name: &str| create_pin_file(&folder.join(name), |bytes| random.fill(bytes));
    let module = PathBuf::from("/usr/lib/softhsm/libsofthsm2.so");
    let new = NewToken {
        module: module.clone(),
        label: config.hsm_token.clone(),
        so_pin: pin("so.pin")?,
        user_pin: pin("user.pin")?,
    };
    let worker = worker_executable()?;
    init_token_apart(&worker, &env, &new).await?;
    let token = TokenConfig {
        module,
        token: config.hsm_token.clone(),
        pin: new.user_pin,
        sessions: 1,
    };
    let config = WorkersConfig {
        count: options.workers,
        deadline: Duration::from_secs(30),
        allow: signum_idp::key_use().into(),
        ..WorkersConfig::new(&worker, &env, token, &folder.join("run"))
    };
    Ok(Arc::new(Workers::start(config).await?))
}

/// `signum-hsm-worker` lies beside this executable.
fn worker_executable() -> Result<PathBuf> {
    let executable = std::env::current_exe()?;
    let folder = executable.parent().context("no folder")?;
    let near = [Some(folder), folder.parent()];
    let near = near
        .into_iter()
        .flatten()
        .map(|folder: &Path| folder.join("signum-hsm-worker"));
    near.into_iter()
        .find(|path| path.exists())
        .context("signum-hsm-worker is not built: cargo build -p signum-hsm-shim")
}
