//! A CA after its ceremony: SoftHSM behind two worker processes, a durable database, everything in a folder that goes away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use signum_ca::{Algorithms, Config, Deps, Service};
use signum_core::db::{CORE_MIGRATIONS, DbUrl};
use signum_core::{Cx, Db, OsRandom, Random, SystemClock};
use signum_hsm_shim::Hsm;
use signum_hsm_shim::init::{NewToken, create_pin_file};
use signum_hsm_shim::token::{PinSource, TokenConfig};
use signum_hsm_shim::worker::{AllowList, Operation};
use signum_hsm_shim::workers::{Workers, WorkersConfig, init_token_apart};

use super::Engine;
use crate::module::{self, Module};
use crate::token::worker_executable;

/// As many worker processes as the limit has bare ones.
pub const PROCESSES: usize = 2;

pub struct Stand {
    pub ca: Arc<Service>,
    pub cx: Cx,
    pub workers: Arc<Workers>,
    pub engine: Engine,
    pub config: Config,
    address: DbUrl,
    /// Token and PINs, in memory; the database, on a disk.
    token: tempfile::TempDir,
    disk: tempfile::TempDir,
}

/// The maintenance database of a cluster that flushes what it commits.
pub fn cluster() -> Option<String> {
    std::env::var("SIGNUM_LOAD_POSTGRES").ok().filter(|url| !url.is_empty())
}

impl Stand {
    pub async fn open(engine: Engine, algorithms: Algorithms) -> Result<Self> {
        let token = module::folder()?;
        // Beside the executable: /tmp may be memory, and what is measured is durable.
        let executable = std::env::current_exe()?;
        let disk = tempfile::tempdir_in(executable.parent().context("no folder")?)?;
        let address = database(engine, &disk).await?;
        let config = Config {
            public_url: "http://pki.example.org".to_owned(),
            statement_key_file: token.path().join("statement-key.der"),
            // People's signature keys here come with no statement of a signing module.
            signature_keys_of_unknown_origin: true,
            algorithms,
            ..Config::default()
        };
        init_token_apart(
            &worker_executable()?,
            &Module::softhsm().configure(token.path())?,
            &new_token(&token)?,
        )
        .await?;
        Self::start(engine, config, address, token, disk).await
    }

    /// What a process of the CA does until it serves: workers, database, keys and certificates looked at, lists published.
    async fn start(
        engine: Engine,
        config: Config,
        address: DbUrl,
        token: tempfile::TempDir,
        disk: tempfile::TempDir,
    ) -> Result<Self> {
        let workers = workers(&token, PROCESSES).await?;
        let cx = Cx {
            db: Db::open(&address).await?,
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
        };
        cx.db.migrate(CORE_MIGRATIONS).await?;
        cx.db.migrate(signum_ca::MIGRATIONS).await?;
        let deps = Deps {
            cx: cx.clone(),
            hsm: Arc::clone(&workers) as Arc<dyn Hsm>,
        };
        let ca = Service::new(config.clone(), deps)?;
        ca.ceremony().await?;
        Ok(Self {
            ca,
            cx,
            workers,
            engine,
            config,
            address,
            token,
            disk,
        })
    }

    /// The same CA with other settings, as another process would be.
    pub fn beside(&self, config: Config) -> Result<Arc<Service>> {
        let deps = Deps {
            cx: self.cx.clone(),
            hsm: Arc::clone(&self.workers) as Arc<dyn Hsm>,
        };
        Ok(Service::new(config, deps)?)
    }

    /// Ends this CA and starts it anew on what it left; also how long the new one took to serve.
    pub async fn restart(self) -> Result<(Self, Duration)> {
        self.workers.stop().await;
        self.cx.db.close().await;
        let began = Instant::now();
        let next = Self::start(self.engine, self.config, self.address, self.token, self.disk).await?;
        Ok((next, began.elapsed()))
    }

    pub async fn close(self) {
        self.workers.stop().await;
        self.cx.db.close().await;
    }
}

/// The PINs are made once; later calls find them.
fn new_token(folder: &tempfile::TempDir) -> Result<NewToken> {
    let random: &dyn Random = &OsRandom;
    let pin = |name: &str| create_pin_file(&folder.path().join(name), |bytes| random.fill(bytes));
    Ok(NewToken {
        module: Module::softhsm().path,
        label: Config::default().token,
        so_pin: pin("so.pin")?,
        user_pin: pin("user.pin")?,
    })
}

async fn workers(folder: &tempfile::TempDir, count: usize) -> Result<Arc<Workers>> {
    let env = Module::softhsm().configure(folder.path())?;
    let token = TokenConfig {
        module: Module::softhsm().path,
        token: Config::default().token,
        pin: PinSource::File(folder.path().join("user.pin")),
        sessions: 1,
    };
    let config = WorkersConfig {
        count,
        deadline: Duration::from_secs(30),
        allow: AllowList::default().and("*", &[Operation::Generate]),
        ..WorkersConfig::new(&worker_executable()?, &env, token, &folder.path().join("run"))
    };
    Ok(Arc::new(Workers::start(config).await?))
}

/// The address of a new, empty database.
async fn database(engine: Engine, disk: &tempfile::TempDir) -> Result<DbUrl> {
    if engine == Engine::Sqlite {
        return Ok(DbUrl::sqlite(&disk.path().join("ca.sqlite")));
    }
    DbUrl::try_from(fresh_database("load_ca").await?).map_err(anyhow::Error::msg)
}

/// The address of a new, empty database of the cluster.
pub async fn fresh_database(prefix: &str) -> Result<String> {
    let cluster = cluster().context("SIGNUM_LOAD_POSTGRES names no cluster")?;
    let (server, _) = cluster.rsplit_once('/').context("postgres://.../database")?;
    let random: &dyn Random = &OsRandom;
    let name = format!("{prefix}_{}", u64::from_le_bytes(random.bytes()));
    // A run makes a few: each statement may live as long as the process.
    let statement: &'static str = Box::leak(format!("CREATE DATABASE {name}").into_boxed_str());
    let maintenance = DbUrl::try_from(cluster.clone()).map_err(anyhow::Error::msg)?;
    let maintenance = Db::open(&maintenance).await?;
    maintenance.all(statement, vec![]).await?;
    maintenance.close().await;
    Ok(format!("{server}/{name}"))
}
