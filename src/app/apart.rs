//! One service alone in its process, with its own data folder, database, tokens and audit log (`signum serve`).

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use axum::Router;
use signum_core::Cx;
use signum_core::audit::Log;
use signum_core::http::{self, Health};
use signum_hsm_shim::workers::Workers;
use signum_idp::people::Register;
use tokio::net::TcpListener;

use super::work::Work;
use super::{Databases, Service, Surroundings, Tokens, audit, module, services};
use crate::children::ChildProcess;
use crate::config::Config;
use crate::first_start;
use crate::layout::Layout;
use crate::operator;
use crate::remote::{self, Authority, Machine};

/// One running service.
pub struct Apart {
    pub service: Service,
    pub cx: Cx,
    /// What the operator endpoint answers with.
    pub instance: String,
    /// Of the identity provider.
    pub people: Option<Register>,
    module: Option<ChildProcess>,
    signer: Option<signum_signer::Service>,
    tokens: Vec<Arc<Workers>>,
    work: Work,
}

/// What every service starts with.
struct Ground<'a> {
    config: &'a Config,
    layout: &'a Layout,
    surroundings: Surroundings,
    cx: Cx,
    log: Log,
    audit: Arc<Workers>,
}

impl Apart {
    /// Starts `service`; returns when it answers.
    pub async fn start(
        service: Service,
        config: &Config,
        layout: &Layout,
        surroundings: Surroundings,
        progress: impl Fn(&str),
    ) -> Result<Self> {
        progress("database");
        let cx = Databases::migrated(service, config, layout, &surroundings).await?;
        audit::record_start_of(service, config, &cx).await?;
        progress("HSM token of the audit log and its workers");
        let random = &*surroundings.random.clone();
        let audit = Tokens::open_audit(service, config, layout, random).await?;
        let log = audit::log(service, &cx, config, layout, &audit).await?;
        let ground = Ground {
            config,
            layout,
            surroundings,
            cx,
            log,
            audit,
        };
        progress(service.name());
        match service {
            Service::Ca => ca(ground).await,
            Service::Idp => idp(ground).await,
            Service::Signer => signer(ground).await,
        }
    }

    /// Waits until something that must run has ended by itself; says what.
    pub async fn failed(&mut self) -> String {
        self.work.failed(self.module.as_mut()).await
    }

    /// Finishes what is under way, then ends listeners, module and workers.
    pub async fn stop(mut self) {
        self.work.end().await;
        if let Some(signer) = &self.signer {
            signer.drain().await;
        }
        self.work.close_logs().await;
        if let Some(module) = self.module {
            module.stop().await;
        }
        for workers in &self.tokens {
            workers.stop().await;
        }
        self.cx.db.close().await;
    }
}

async fn ca(ground: Ground<'_>) -> Result<Apart> {
    let (config, layout) = (ground.config, ground.layout);
    let random = &*ground.surroundings.random;
    let machine = Machine::read(&config.contract, layout)?;
    let pki = bind(config, config.listen.pki, "listen.pki").await?;
    let contract = machine.listen(bind(config, config.listen.contract, "listen.contract").await?)?;
    let keys = signum_ca::key_use(&ground.cx, &config.ca).await?;
    let workers = Tokens::open(Service::Ca, &config.ca.token, config, layout, keys, random).await?;
    let (ca, _) = services::ca(config, layout, &ground.cx, &workers, random).await?;
    let mut work = Work::default();
    let public = match config.audit.publish {
        true => audit::beside(&ground.log, ca.router(), config.audit.publish_entries),
        false => ca.router(),
    };
    work.serve("pki", pki, public);
    let authority = Authority::of(Arc::clone(&ca));
    work.serve_tls(
        "contract",
        contract,
        remote::router(authority, ground.surroundings.random.clone()),
    );
    if config.ca.officers().is_some() {
        let desks = bind(config, config.listen.registration, "listen.registration").await?;
        let address = format!("http://{}", desks.local_addr()?).parse()?;
        work.serve("registration", desks, ca.registration_router(address));
    }
    let view = operator::View {
        ca: ground.cx.clone(),
        logs: vec![audit::keyed(&ground.log)?],
        limits: config.alarms.clone(),
        looks_up_caa: config.ca.caa_resolver().is_some(),
    };
    work.spawn(|stop| operator::watch(view.clone(), stop));
    let clock = Arc::clone(&ca);
    work.spawn(|stop| clock.watch_clock(stop.cancelled_owned()));
    let pages = operator::router(view, format!("http://{}", config.listen.operator).parse()?);
    let jobs = ca.jobs();
    let health = services::token(Health::default(), "ca", &workers);
    ground
        .finish(Service::Ca, work, pages, health, jobs, vec![workers])
        .await
}

async fn idp(ground: Ground<'_>) -> Result<Apart> {
    let (config, layout) = (ground.config, ground.layout);
    let random = &*ground.surroundings.random;
    let listener = bind(config, config.listen.idp, "listen.idp").await?;
    let keys = signum_idp::key_use();
    let workers = Tokens::open(Service::Idp, &config.idp.hsm_token, config, layout, keys, random).await?;
    let idp = services::idp(config, layout, &ground.cx, &workers, random).await?;
    let mut work = Work::default();
    work.serve("idp", listener, idp.router());
    if !config.idp.mtls.public_url.is_empty() {
        let listener = bind(config, config.listen.idp_mtls, "listen.idp_mtls").await?;
        let (listener, router) = services::idp_mtls(config, layout, &idp, listener)?;
        work.serve_tls("idp-mtls", listener, router);
    }
    if !config.idp.card.public_url.is_empty() {
        let listener = bind(config, config.listen.idp_card, "listen.idp_card").await?;
        let (listener, router) = services::idp_card(config, layout, &idp, listener)?;
        work.serve_tls("idp-card", listener, router);
    }
    let health = services::token(Health::default(), "idp", &workers);
    let jobs = idp.jobs();
    let mut apart = ground
        .finish(Service::Idp, work, Router::new(), health, jobs, vec![workers])
        .await?;
    apart.people = Some(idp.people().clone());
    Ok(apart)
}

async fn signer(ground: Ground<'_>) -> Result<Apart> {
    let (config, layout) = (ground.config, ground.layout);
    let random = &*ground.surroundings.random;
    let secret = layout.root().join(&config.signer.client_secret_file);
    if !secret.exists() {
        bail!(
            "{} is missing: the identity provider's machine has it at the same place in its data folder",
            secret.display()
        );
    }
    let address = config.contract.ca.parse().context("contract.ca")?;
    let authority = Authority::of(Arc::new(Machine::read(&config.contract, layout)?.authority(&address)?));
    let listener = bind(config, config.listen.signer, "listen.signer").await?;
    first_start::officers(config, layout).await?;
    let (process, module) = module::start(config, layout).await?;
    let module = Arc::new(module);
    let signer = services::signer(config, layout, &ground.cx, authority, module.clone(), random).await?;
    let mut work = Work::default();
    work.serve("signer", listener, signer.router());
    let (health, jobs) = (services::module(Health::default(), module), signer.jobs());
    let mut apart = ground
        .finish(Service::Signer, work, Router::new(), health, jobs, Vec::new())
        .await?;
    apart.module = process;
    apart.signer = Some(signer);
    Ok(apart)
}

impl Ground<'_> {
    /// The operator's endpoint, the jobs, and the hold on everything.
    async fn finish(
        self,
        service: Service,
        mut work: Work,
        pages: Router,
        health: Health,
        jobs: Vec<signum_core::jobs::Job>,
        mut tokens: Vec<Arc<Workers>>,
    ) -> Result<Apart> {
        let instance = hex::encode(self.surroundings.random.bytes::<16>());
        let health = services::token(health, "audit", &self.audit)
            .database(service.name(), &self.cx.db)
            .instance(&instance);
        let pages = pages.merge(health.router(self.surroundings.metrics));
        let operator = bind(self.config, self.config.listen.operator, "listen.operator").await?;
        work.serve("operator", operator, audit::beside(&self.log, pages, true));
        work.run_jobs(self.log, jobs);
        tokens.push(self.audit);
        Ok(Apart {
            service,
            cx: self.cx,
            instance,
            people: None,
            module: None,
            signer: None,
            tokens,
            work,
        })
    }
}

async fn bind(config: &Config, address: std::net::SocketAddr, setting: &'static str) -> Result<TcpListener> {
    Ok(http::bind(address, config.listen.allow_public, setting).await?)
}
