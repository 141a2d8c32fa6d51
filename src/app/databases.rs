//! Each service's own database, the core tables in it included.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use signum_core::Cx;
use signum_core::config::Secret;
use signum_core::db::{CORE_MIGRATIONS, Db, DbUrl};

use super::{Service, Surroundings};
use crate::config::Config;
use crate::layout::Layout;

/// The contexts that the services' flows run in.
#[derive(Clone)]
pub struct Databases {
    pub ca: Cx,
    pub idp: Cx,
    pub signer: Cx,
}

impl Databases {
    /// Opens all three and applies the migrations that are missing.
    pub async fn open(config: &Config, layout: &Layout, surroundings: &Surroundings) -> Result<Self> {
        let open = |service| Self::migrated(service, config, layout, surroundings);
        Ok(Self {
            ca: open(Service::Ca).await?,
            idp: open(Service::Idp).await?,
            signer: open(Service::Signer).await?,
        })
    }

    /// Opens one service's and applies the migrations that are missing.
    pub async fn migrated(
        service: Service,
        config: &Config,
        layout: &Layout,
        surroundings: &Surroundings,
    ) -> Result<Cx> {
        let own = match service {
            Service::Ca => signum_ca::MIGRATIONS,
            Service::Idp => signum_idp::MIGRATIONS,
            Service::Signer => signum_signer::MIGRATIONS,
        };
        let db = open_one(service.name(), configured(config, service), layout).await?;
        for migrations in [CORE_MIGRATIONS, own] {
            db.migrate(migrations)
                .await
                .with_context(|| format!("database of {}", service.name()))?;
        }
        Ok(Cx {
            db,
            clock: surroundings.clock.clone(),
            random: surroundings.random.clone(),
        })
    }

    /// One service's database as it is, for a command that only looks at it; SQLite's must be there.
    pub async fn one(config: &Config, layout: &Layout, service: &'static str) -> Result<Db> {
        let address = match service {
            "ca" => &config.database.ca,
            "idp" => &config.database.idp,
            _ => &config.database.signer,
        };
        if address.expose().is_empty() && !file(service, layout).exists() {
            bail!("{} is not there", file(service, layout).display());
        }
        open_one(service, address, layout).await
    }

    /// Where one service's database is.
    pub fn address(config: &Config, layout: &Layout, service: Service) -> Result<DbUrl> {
        url(service.name(), configured(config, service), layout)
    }

    /// Whether it is this machine's: configured, or a file of the data folder.
    pub fn is_there(config: &Config, layout: &Layout, service: Service) -> bool {
        !configured(config, service).expose().is_empty() || file(service.name(), layout).exists()
    }

    /// Closes the connections.
    pub async fn close(&self) {
        for cx in [&self.ca, &self.idp, &self.signer] {
            cx.db.close().await;
        }
    }
}

fn file(service: &str, layout: &Layout) -> PathBuf {
    layout.path(&format!("db/{service}.sqlite"))
}

fn configured(config: &Config, service: Service) -> &Secret {
    match service {
        Service::Ca => &config.database.ca,
        Service::Idp => &config.database.idp,
        Service::Signer => &config.database.signer,
    }
}

fn url(service: &str, address: &Secret, layout: &Layout) -> Result<DbUrl> {
    let address = match address.expose() {
        "" => format!("sqlite:{}", file(service, layout).display()),
        given => given.to_owned(),
    };
    DbUrl::try_from(address).map_err(|problem| anyhow::anyhow!("database.{service}: {problem}"))
}

async fn open_one(service: &str, address: &Secret, layout: &Layout) -> Result<Db> {
    let url = url(service, address, layout)?;
    Db::open(&url)
        .await
        .with_context(|| format!("database of {service} ({url:?})"))
}
