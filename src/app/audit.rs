//! The audit logs of the three services: their keys, all in a token of their own, so that neither the CA's nor the identity
//! provider's PIN signs what is written about them; their witnesses; the way in for readers.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use axum::Router;
use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::audit::{self, CheckpointSigner, Event, Log, SignerError, VerifierKey};
use signum_core::{Cx, DbError};
use signum_hsm_shim::worker::KeyUse;
use signum_hsm_shim::workers::Workers;
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri, SignatureAlgorithm};

use super::{Databases, Service, witness};
use crate::config::Config;
use crate::layout::{Layout, write_private};
use crate::operator::View;

/// One service's key.
struct HsmKey {
    hsm: Arc<dyn Hsm>,
    uri: KeyUri,
    verifier: VerifierKey,
}

#[async_trait]
impl CheckpointSigner for HsmKey {
    fn key(&self) -> &VerifierKey {
        &self.verifier
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        let signatures = self
            .hsm
            .sign(&self.uri, SignatureAlgorithm::Ed25519, &[message.to_vec()])
            .await
            .map_err(|error| SignerError(error.to_string()))?;
        match signatures.as_slice() {
            [one] => one.as_slice().try_into().ok(),
            _ => None,
        }
        .ok_or_else(|| SignerError("a signature of another length".to_owned()))
    }
}

/// Which keys of its token are used, and made since no auditor has a public half yet.
pub(super) fn key_use(services: &[Service], layout: &Layout) -> KeyUse {
    let labels = |services: &mut dyn Iterator<Item = &Service>| services.map(|service| label(service.name())).collect();
    let mut new = services
        .iter()
        .filter(|service| !layout.audit_key(service.name()).exists());
    KeyUse {
        signs: labels(&mut services.iter()),
        makes: labels(&mut new),
        macs: Vec::new(),
    }
}

fn label(service: &str) -> String {
    format!("checkpoint-{service}")
}

/// The three logs, signed and witnessed.
pub struct Logs {
    pub ca: Log,
    pub idp: Log,
    pub signer: Log,
}

impl Logs {
    pub(super) async fn start(
        config: &Config,
        layout: &Layout,
        hsm: &Arc<Workers>,
        databases: &Databases,
    ) -> Result<Self> {
        let of = |service, cx| log(service, cx, config, layout, hsm);
        let (ca, idp, signer) = tokio::try_join!(
            of(Service::Ca, &databases.ca),
            of(Service::Idp, &databases.idp),
            of(Service::Signer, &databases.signer)
        )?;
        Ok(Self { ca, idp, signer })
    }

    pub fn all(&self) -> [&Log; 3] {
        [&self.ca, &self.idp, &self.signer]
    }

    /// What operators see of them and of the CA.
    pub(super) fn view(&self, ca: &Cx, config: &Config) -> Result<View> {
        Ok(View {
            ca: ca.clone(),
            logs: self.all().into_iter().map(keyed).collect::<Result<_>>()?,
            limits: config.alarms.clone(),
            looks_up_caa: config.ca.caa_resolver().is_some(),
        })
    }

    /// Adds `/audit/{ca,idp,signer}` to what a listener serves.
    pub(super) fn beside(&self, router: Router, entries: bool) -> Router {
        self.all()
            .into_iter()
            .fold(router, |router, log| beside(log, router, entries))
    }
}

/// One service's log, signed and witnessed.
pub(super) async fn log(
    service: Service,
    cx: &Cx,
    config: &Config,
    layout: &Layout,
    hsm: &Arc<Workers>,
) -> Result<Log> {
    let every = Duration::from_secs(config.audit.checkpoint_seconds.into());
    let key = signer(service.name(), config, layout, hsm.clone()).await?;
    let log = Log::new(cx.clone(), service.name());
    Ok(log.signed(key, every).witnessed(witness::all(config)?))
}

/// A log with the key that its checkpoints must have.
pub(super) fn keyed(log: &Log) -> Result<(Log, VerifierKey)> {
    Ok((log.clone(), log.key().context("a log without a key")?.clone()))
}

/// Adds `/audit/SERVICE` to what a listener serves.
pub(super) fn beside(log: &Log, router: Router, entries: bool) -> Router {
    router.nest(&format!("/audit/{}", log.service()), log.router(entries))
}

pub(super) async fn record_start(config: &Config, databases: &Databases) -> Result<()> {
    for (service, cx) in [
        (Service::Ca, &databases.ca),
        (Service::Idp, &databases.idp),
        (Service::Signer, &databases.signer),
    ] {
        record_start_of(service, config, cx).await?;
    }
    Ok(())
}

/// A log says which program with which configuration writes it from here on: the hash is the one of `signum config show`,
/// where secrets are masked. What cannot be recorded does not start.
pub(super) async fn record_start_of(service: Service, config: &Config, cx: &Cx) -> Result<()> {
    let shown = signum_core::config::show(config);
    let detail = json!({
        "sha256": hex::encode(Sha256::digest(shown)),
        "version": env!("CARGO_PKG_VERSION"),
    });
    let event = &Event::new("configuration.loaded", service.name(), detail);
    cx.db
        .run("audit.start", |tx| async move { audit::record(&tx, cx, event).await })
        .await
        .map_err(|error: DbError| anyhow::anyhow!("audit log of {}: {error}", service.name()))
}

/// The key of `service`, made at its first start. Its public half then stands in a file for auditors; a token with another key,
/// or without one, is refused: nobody may begin a new history unnoticed.
async fn signer(
    service: &str,
    config: &Config,
    layout: &Layout,
    hsm: Arc<dyn Hsm>,
) -> Result<Arc<dyn CheckpointSigner>> {
    let uri = KeyUri::new(&config.audit.token, &label(service));
    let file = layout.audit_key(service);
    let known = match file.exists() {
        true => Some(crate::commands::audit::read_key(&file)?),
        false => None,
    };
    let found = match hsm.public_key(&uri).await {
        Err(HsmError::KeyNotFound(_)) if known.is_none() => hsm.generate(&uri, KeyAlgorithm::Ed25519).await,
        other => other,
    };
    let found = found.with_context(|| format!("key of the checkpoints of {service}"))?;
    // Ed25519 keys are the last 32 octets of their SubjectPublicKeyInfo (RFC 8410 section 4).
    let public = found.spki.last_chunk::<32>().context("not an Ed25519 key")?;
    let verifier = VerifierKey::new(&format!("{}/{service}", config.audit.origin), *public)
        .with_context(|| format!("audit.origin: {}", config.audit.origin))?;
    match known {
        None => write_private(&file, format!("{verifier}\n").as_bytes())?,
        Some(known) if known == verifier => {}
        Some(known) => bail!(
            "{} names {known}, the token and audit.origin give {verifier}; put the right token back",
            file.display()
        ),
    }
    Ok(Arc::new(HsmKey { hsm, uri, verifier }))
}
