//! The CA for a command beside a running platform: its databases and its token, with workers of the command's own.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use signum_ca::Service;
use signum_core::{OsRandom, SystemClock, telemetry};
use signum_hsm_shim::Hsm;
use signum_hsm_shim::workers::Workers;

use crate::app::{Databases, Surroundings, Tokens};
use crate::config::Config;
use crate::layout::Layout;

pub(in crate::commands) struct Opened {
    pub(in crate::commands) ca: Arc<Service>,
    pub(in crate::commands) databases: Databases,
    workers: Arc<Workers>,
    sockets: PathBuf,
}

impl Opened {
    pub(in crate::commands) async fn open(config: &Config, layout: &Layout) -> Result<Self> {
        let surroundings = Surroundings {
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            metrics: telemetry::install(&config.logging)?,
        };
        let databases = Databases::open(config, layout, &surroundings).await?;
        let sockets = layout.path(&format!("run/command-{}", std::process::id()));
        let workers = Tokens::start_ca(config, layout, &databases, &sockets).await?;
        let deps = signum_ca::Deps {
            cx: databases.ca.clone(),
            hsm: workers.clone() as Arc<dyn Hsm>,
        };
        let ca = Service::new(crate::app::ca_config(config, layout), deps)?;
        Ok(Self {
            ca,
            databases,
            workers,
            sockets,
        })
    }

    /// Settings that shape certificates are those in force, or two officers agreed to the change. `config` as operators wrote it.
    pub(in crate::commands) async fn settle_settings(&self, config: &Config, layout: &Layout) -> Result<()> {
        let deps = signum_ca::Deps {
            cx: self.databases.ca.clone(),
            hsm: self.workers.clone() as Arc<dyn Hsm>,
        };
        let written = Service::new(crate::app::ca_config(config, layout), deps)?;
        written.settle_settings().await?;
        Ok(())
    }

    /// To be called whatever the command's outcome is.
    pub(in crate::commands) async fn close(self) {
        self.workers.stop().await;
        std::fs::remove_dir_all(&self.sockets).ok();
        self.databases.close().await;
    }
}
