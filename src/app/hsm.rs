//! The tokens of the CA, of the identity provider and of the audit log, each with its own PIN and worker processes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use signum_core::{OsRandom, Random};
use signum_hsm_shim::HsmError;
use signum_hsm_shim::init::{NewToken, create_pin_file};
use signum_hsm_shim::token::{PinSource, TokenConfig};
use signum_hsm_shim::worker::KeyUse;
use signum_hsm_shim::workers::{Workers, WorkersConfig, init_token_apart};

use super::{Databases, Service};
use crate::children::executable;
use crate::config::Config;
use crate::layout::{Layout, write_private};

/// The executable that alone loads the PKCS#11 module for these tokens.
const WORKER: &str = "signum-hsm-worker";

/// The running workers.
#[derive(Clone)]
pub struct Tokens {
    pub ca: Arc<Workers>,
    pub idp: Arc<Workers>,
    /// Signs checkpoints of the audit logs and nothing else.
    pub audit: Arc<Workers>,
}

impl Tokens {
    /// Makes the tokens where they are missing, starts their workers, and returns when each has signed.
    ///
    /// What the workers do for a service ends with what it needs: keys of known labels to sign with, and to make those that are
    /// missing, which after the first start are only those that are replaced in time.
    pub async fn start(config: &Config, layout: &Layout, databases: &Databases, random: &dyn Random) -> Result<Self> {
        let ca = Source::make("ca", &config.ca.token, config, layout, random).await?;
        let idp = Source::make("idp", &config.idp.hsm_token, config, layout, random).await?;
        let audit = Source::make("audit", &config.audit.token, config, layout, random).await?;
        let keys = (
            signum_ca::key_use(&databases.ca, &config.ca).await?,
            signum_idp::key_use(),
            super::audit::key_use(&Service::ALL, layout),
        );
        let sockets = layout.path("run");
        // One after the other: a start that fails interrupts no other, and none reads what another's login is writing.
        let ca = ca.open(config, layout, keys.0, &sockets).await?;
        let idp = idp.open(config, layout, keys.1, &sockets).await?;
        let audit = audit.open(config, layout, keys.2, &sockets).await?;
        Ok(Self { ca, idp, audit })
    }

    /// One service's token alone, made where it is missing.
    pub(super) async fn open(
        service: Service,
        label: &str,
        config: &Config,
        layout: &Layout,
        keys: KeyUse,
        random: &dyn Random,
    ) -> Result<Arc<Workers>> {
        Source::make(service.name(), label, config, layout, random)
            .await?
            .open(config, layout, keys, &layout.path("run"))
            .await
    }

    /// The token of one service's audit log, made where it is missing.
    pub(super) async fn open_audit(
        service: Service,
        config: &Config,
        layout: &Layout,
        random: &dyn Random,
    ) -> Result<Arc<Workers>> {
        let keys = super::audit::key_use(&[service], layout);
        Source::make("audit", &config.audit.token, config, layout, random)
            .await?
            .open(config, layout, keys, &layout.path("run"))
            .await
    }

    /// The CA's token alone, for a command beside a running platform that makes no key; `sockets` is the command's own folder.
    pub async fn start_ca(
        config: &Config,
        layout: &Layout,
        databases: &Databases,
        sockets: &Path,
    ) -> Result<Arc<Workers>> {
        let mut keys = signum_ca::key_use(&databases.ca, &config.ca).await?;
        keys.makes.clear();
        let random = &*databases.ca.random;
        Source::make("ca", &config.ca.token, config, layout, random)
            .await?
            .open(config, layout, keys, sockets)
            .await
    }

    /// The identity provider's token alone, in the same way: for the keys of people's data.
    pub async fn start_idp(
        config: &Config,
        layout: &Layout,
        random: &dyn Random,
        sockets: &Path,
    ) -> Result<Arc<Workers>> {
        let keys = KeyUse {
            macs: signum_idp::key_use().macs,
            ..KeyUse::default()
        };
        Source::make("idp", &config.idp.hsm_token, config, layout, random)
            .await?
            .open(config, layout, keys, sockets)
            .await
    }

    /// The audit log's token alone, in the same way.
    pub async fn start_audit(
        config: &Config,
        layout: &Layout,
        random: &dyn Random,
        sockets: &Path,
    ) -> Result<Arc<Workers>> {
        let mut keys = super::audit::key_use(&Service::ALL, layout);
        keys.makes.clear();
        Source::make("audit", &config.audit.token, config, layout, random)
            .await?
            .open(config, layout, keys, sockets)
            .await
    }

    /// Lets the workers finish and ends them.
    pub async fn stop(&self) {
        tokio::join!(self.ca.stop(), self.idp.stop(), self.audit.stop());
    }
}

/// The environment of every process that opens the module; SoftHSM finds its tokens by it, other modules ignore it.
pub(super) fn environment(layout: &Layout) -> Result<PathBuf> {
    signum_hsm_shim::init::softhsm_conf(layout.root()).context("cannot write softhsm2.conf")
}

/// A token that exists.
struct Source {
    worker: PathBuf,
    environment: Vec<(String, String)>,
    token: TokenConfig,
}

impl Source {
    async fn make(service: &str, label: &str, config: &Config, layout: &Layout, random: &dyn Random) -> Result<Self> {
        let softhsm = environment(layout)?;
        let environment = vec![("SOFTHSM2_CONF".to_owned(), softhsm.display().to_string())];
        let worker = executable(WORKER)?;
        let pin = match set_source(config, service)? {
            Some(source) => source,
            None => pin_file(&layout.pin(service), random)?,
        };
        let so_pin = pin_file(&layout.pin(&format!("{service}-so")), random)?;
        let (module, label) = (config.hsm.module.clone(), label.to_owned());
        let new = NewToken {
            module: module.clone(),
            label: label.clone(),
            so_pin,
            user_pin: pin.clone(),
        };
        // Made once: a token that is gone has taken its keys along, and a new one in its place would hide that.
        let made = layout.path(&format!("secrets/{service}.token"));
        if !std::fs::read(&made).is_ok_and(|known| known == label.as_bytes()) {
            match init_token_apart(&worker, &environment, &new).await {
                Ok(()) => tracing::info!(token = label, "made"),
                Err(HsmError::AlreadyExists(_)) => {}
                Err(error) => return Err(error).with_context(|| format!("token {label}")),
            }
            write_private(&made, label.as_bytes())?;
        }
        let token = TokenConfig {
            module,
            token: label,
            pin,
            sessions: config.hsm.sessions,
        };
        Ok(Self {
            worker,
            environment,
            token,
        })
    }

    async fn open(self, config: &Config, layout: &Layout, keys: KeyUse, sockets: &Path) -> Result<Arc<Workers>> {
        let label = self.token.token.clone();
        let latch = layout.pin_latch(&label);
        let workers = Workers::start(WorkersConfig {
            count: config.hsm.workers,
            deadline: Duration::from_millis(config.hsm.deadline_ms),
            queue: config.hsm.queue,
            recycle_after: config.hsm.recycle_after,
            allow: keys.into(),
            officers: (!config.hsm.officers.is_empty()).then(|| layout.path(&config.hsm.officers)),
            latch,
            random: |buffer| OsRandom.fill(buffer),
            ..WorkersConfig::new(&self.worker, &self.environment, self.token, sockets)
        });
        Ok(Arc::new(
            workers.await.with_context(|| format!("workers of token {label}"))?,
        ))
    }
}

/// Where a service's PIN comes from, for whoever opens its token and makes none; `usual` is the file of the data folder.
pub fn pin_source(config: &Config, service: &str, usual: PathBuf) -> Result<PinSource> {
    Ok(set_source(config, service)?.unwrap_or(PinSource::File(usual)))
}

/// The source that is set, as processes without our environment read it.
fn set_source(config: &Config, service: &str) -> Result<Option<PinSource>> {
    let pins = &config.hsm.pins;
    let set = match service {
        "ca" => &pins.ca,
        "idp" => &pins.idp,
        _ => &pins.audit,
    };
    if set.is_empty() {
        return Ok(None);
    }
    let source = PinSource::of_uri(set).and_then(PinSource::without_environment);
    source.map(Some).with_context(|| format!("hsm.pins.{service}"))
}

fn pin_file(path: &Path, random: &dyn Random) -> Result<PinSource> {
    match create_pin_file(path, |buffer| random.fill(buffer)) {
        Ok(source) => Ok(source),
        Err(HsmError::AlreadyExists(_)) => Ok(PinSource::File(path.to_owned())),
        Err(error) => Err(error).context("PIN file"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn source(set: &str) -> Result<PinSource> {
        let mut config = Config::default();
        config.hsm.pins.idp = set.to_owned();
        pin_source(&config, "idp", "/data/secrets/idp.pin".into())
    }

    #[test]
    fn a_pin_comes_from_the_data_folder_unless_a_source_is_set() {
        assert_eq!(source("").unwrap(), PinSource::File("/data/secrets/idp.pin".into()));
        assert_eq!(
            source("file:/etc/idp.pin").unwrap(),
            PinSource::File("/etc/idp.pin".into())
        );
        let shares = PinSource::Shares(vec!["/a".into(), "/b".into()]);
        assert_eq!(source("shares:/a,/b").unwrap(), shares);
    }

    #[test]
    fn a_wrong_source_is_named_by_its_setting_and_a_pin_in_its_place_is_not_repeated() {
        for wrong in ["1234", "shares:/a", "credential:../pin"] {
            let error = format!("{:#}", source(wrong).unwrap_err());
            assert!(error.starts_with("hsm.pins.idp: "), "{error}");
            assert!(!error.contains("1234"), "{error}");
        }
    }
}
