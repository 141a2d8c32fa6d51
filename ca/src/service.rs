//! The service: configuration, what it needs of the world, and the authorities it has.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use signum_core::{Cx, DbError, params};
use signum_hsm_shim::Hsm;

use crate::authority::{Authority, AuthorityName};
use crate::caa::Caa;
use crate::config::{ClockSource, Config, ConfigError};
use crate::issue::{IssueError, Unwatched, Watch};
use crate::ocsp::Ocsp;
use crate::tsa::{Chrony, ClockCheck, Ledger, Unchecked, Units};

/// What the service needs: its database (migrated), time and randomness, and the token with its keys.
#[derive(Clone)]
pub struct Deps {
    pub cx: Cx,
    pub hsm: Arc<dyn Hsm>,
}

/// Which of several processes on one database this is.
pub struct Replica {
    /// The same before and after a restart, never the same for two that run at once: what the earlier process left, this one
    /// closes at its start.
    pub id: [u8; 16],
    /// Hears how far issuances are; nobody but tests listens.
    pub watch: Arc<dyn Watch>,
}

impl Replica {
    pub fn new(id: [u8; 16]) -> Self {
        let watch = Arc::new(Unwatched);
        Self { id, watch }
    }
}

/// The CA. Made once; answers nothing until the key ceremony was held, in this or an earlier process.
pub struct Service {
    pub(crate) config: Config,
    pub(crate) cx: Cx,
    pub(crate) hsm: Arc<dyn Hsm>,
    pub(crate) replica: Replica,
    /// The last certificate failed at the HSM.
    pub(crate) hsm_in_doubt: AtomicBool,
    /// Certificates of authorities never change once they are there.
    authorities: Mutex<BTreeMap<AuthorityName, Arc<Authority>>>,
    pub(crate) ocsp: Ocsp,
    pub(crate) clock_check: Arc<dyn ClockCheck>,
    pub(crate) ledger: Ledger,
    pub(crate) units: Units,
    /// None: nobody is asked for CAA records.
    pub(crate) caa: Option<Caa>,
}

impl Service {
    /// For a process that nothing follows; its intents, should it crash, are closed when they are overdue.
    pub fn new(config: Config, deps: Deps) -> Result<Arc<Self>, ConfigError> {
        let id = deps.cx.random.bytes();
        Self::replica(config, deps, Replica::new(id))
    }

    /// Refuses a configuration that would make wrong certificates.
    pub fn replica(config: Config, deps: Deps, replica: Replica) -> Result<Arc<Self>, ConfigError> {
        let check: Arc<dyn ClockCheck> = match config.clock {
            ClockSource::Chrony => Arc::new(Chrony::new(config.chronyc.clone(), Arc::clone(&deps.cx.clock))),
            ClockSource::Unchecked => {
                tracing::warn!(
                    "TEST ONLY: nothing checks this machine's clock, and it stamps times (ca.clock = \"unchecked\")"
                );
                Arc::new(Unchecked)
            }
        };
        Self::build(config, deps, replica, check)
    }

    /// As [`new`](Self::new), with another judge of the clock.
    pub fn with_clock_check(
        config: Config,
        deps: Deps,
        clock_check: Arc<dyn ClockCheck>,
    ) -> Result<Arc<Self>, ConfigError> {
        let id = deps.cx.random.bytes();
        Self::build(config, deps, Replica::new(id), clock_check)
    }

    fn build(
        config: Config,
        deps: Deps,
        replica: Replica,
        clock_check: Arc<dyn ClockCheck>,
    ) -> Result<Arc<Self>, ConfigError> {
        config.check()?;
        Ok(Arc::new(Self {
            clock_check,
            ledger: Ledger::default(),
            units: Units::default(),
            caa: Caa::new(&config)?,
            ocsp: Ocsp::new(config.ocsp_cache_megabytes),
            config,
            cx: deps.cx,
            hsm: deps.hsm,
            replica,
            hsm_in_doubt: AtomicBool::new(false),
            authorities: Mutex::new(BTreeMap::new()),
        }))
    }

    /// The HTTP interface; endpoints and caching as the protocols say.
    pub fn router(self: &Arc<Self>) -> axum::Router {
        crate::http::router(Arc::clone(self))
    }

    /// The authority with its certificate; [`IssueError::NoCeremony`] before the ceremony.
    pub(crate) async fn authority(&self, name: AuthorityName) -> Result<Arc<Authority>, IssueError> {
        self.find_authority(name).await?.ok_or(IssueError::NoCeremony)
    }

    pub(crate) async fn find_authority(&self, name: AuthorityName) -> Result<Option<Arc<Authority>>, IssueError> {
        if let Some(known) = self.lock().get(&name) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some((label, certificate)) = self.current_own(name.as_str()).await? else {
            return Ok(None);
        };
        let authority = Arc::new(Authority::from_stored(name, &self.config, &label, certificate)?);
        self.lock().insert(name, Arc::clone(&authority));
        Ok(Some(authority))
    }

    /// Key label and certificate (DER) of the newest of our own keys for `holder`.
    pub(crate) async fn current_own(&self, holder: &str) -> Result<Option<(String, Vec<u8>)>, DbError> {
        let row = self
            .cx
            .db
            .opt(
                "SELECT key_label, certificate FROM certificate WHERE holder = $1 AND certificate IS NOT NULL
                 ORDER BY not_before DESC, issued_at DESC LIMIT 1",
                params![holder],
            )
            .await?;
        row.map(|row| Ok((row.get("key_label")?, row.get("certificate")?)))
            .transpose()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<AuthorityName, Arc<Authority>>> {
        // The map is only ever added to: what a panicking thread left is whole.
        self.authorities.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
