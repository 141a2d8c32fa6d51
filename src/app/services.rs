//! Each service made from what it needs, the same way in one process and apart.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use signum_activation::client::ModuleClient;
use signum_ca::Transcript;
use signum_core::http::Health;
use signum_core::http::tls::{self, ClientCertificates, TlsListener};
use signum_core::{Cx, Random};
use signum_hsm_shim::Hsm;
use signum_hsm_shim::workers::Workers;
use tokio::net::TcpListener;

use super::{ca_config, idp_config, signer_config};
use crate::config::Config;
use crate::first_start;
use crate::layout::{Layout, write_private};
use crate::remote::Authority;

/// The CA with its keys and certificates; those are also written as files.
pub(super) async fn ca(
    config: &Config,
    layout: &Layout,
    cx: &Cx,
    workers: &Arc<Workers>,
    random: &dyn Random,
) -> Result<(Arc<signum_ca::Service>, Transcript)> {
    let deps = signum_ca::Deps {
        cx: cx.clone(),
        hsm: Arc::clone(workers) as Arc<dyn Hsm>,
    };
    let replica = signum_ca::Replica::new(first_start::replica(layout, random)?);
    let ca = signum_ca::Service::replica(ca_config(config, layout), deps, replica)?;
    ca.close_left_intents().await.context("intents that a crash left")?;
    ca.settle_settings()
        .await
        .context("settings of the certification authority")?;
    let ceremony = ca.ceremony().await.context("key ceremony")?;
    write_ceremony(layout, &ceremony)?;
    Ok((ca, ceremony))
}

/// The identity provider with its clients registered.
pub(super) async fn idp(
    config: &Config,
    layout: &Layout,
    cx: &Cx,
    workers: &Arc<Workers>,
    random: &dyn Random,
) -> Result<signum_idp::Service> {
    first_start::clients(config, layout, cx).await?;
    let deps = signum_idp::Deps {
        cx: cx.clone(),
        hsm: Arc::clone(workers) as Arc<dyn Hsm>,
        csrf: first_start::csrf_key(layout, "idp", random)?,
    };
    let idp = signum_idp::Service::new(idp_config(config, layout), deps).await?;
    // Until a register of mandates is connected, only the demonstration's people act for anybody.
    Ok(match config.demo.enabled {
        true => idp.with_registry(Arc::new(first_start::mandates())),
        false => idp,
    })
}

/// The identity provider's port on which clients show certificates (RFC 8705).
pub(super) fn idp_mtls(
    config: &Config,
    layout: &Layout,
    idp: &signum_idp::Service,
    listener: TcpListener,
) -> Result<(TlsListener, Router)> {
    let mtls = idp_config(config, layout).mtls;
    let identity = tls::Identity::read(Path::new(&mtls.certificate), Path::new(&mtls.private_key))
        .context("idp.mtls.certificate and idp.mtls.private_key: the port of idp.mtls.public_url needs both")?;
    let listener = TlsListener::new(listener, tls::server(identity, ClientCertificates::Asked)?)?;
    Ok((listener, idp.mtls_router()?))
}

/// The identity provider's port on which cards are shown in the TLS handshake.
pub(super) fn idp_card(
    config: &Config,
    layout: &Layout,
    idp: &signum_idp::Service,
    listener: TcpListener,
) -> Result<(TlsListener, Router)> {
    let card = idp_config(config, layout).card;
    let identity = tls::Identity::read(Path::new(&card.certificate), Path::new(&card.private_key))
        .context("idp.card.certificate and idp.card.private_key: the port of idp.card.public_url needs both")?;
    let listener = TlsListener::new(listener, tls::server(identity, ClientCertificates::Required)?)?;
    Ok((listener, idp.card_router()?))
}

/// The signer in front of its module.
pub(super) async fn signer(
    config: &Config,
    layout: &Layout,
    cx: &Cx,
    authority: Authority,
    module: Arc<ModuleClient>,
    random: &dyn Random,
) -> Result<signum_signer::Service> {
    let deps = signum_signer::Deps {
        cx: cx.clone(),
        ca: authority.ca,
        status: authority.status,
        tsa: authority.tsa,
        module,
        http: signum_signer::client()?,
        csrf: first_start::csrf_key(layout, "signer", random)?,
    };
    Ok(signum_signer::Service::new(signer_config(config, layout), deps).await?)
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

/// Adds the check of a token: its workers sign.
pub(super) fn token(health: Health, name: &str, workers: &Arc<Workers>) -> Health {
    let workers = Arc::clone(workers);
    health.check(format!("{name}.hsm"), move || {
        let workers = Arc::clone(&workers);
        async move { workers.health().await.map_err(|error| error.to_string()) }
    })
}

/// Adds the check of the signing module.
pub(super) fn module(health: Health, module: Arc<ModuleClient>) -> Health {
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
