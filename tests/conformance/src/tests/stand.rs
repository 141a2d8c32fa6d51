//! A provider for one test: its own database, token and processes, and a clock that the test moves.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusBuilder;
use signum_core::{Clock, ManualClock, SystemClock};
use tempfile::TempDir;

use crate::clients::Addresses;
use crate::target::{Options, Target};

pub const CALLBACK: &str = "https://localhost:8765/callback";
pub const LOGGED_OUT: &str = "https://localhost:8765/logged-out";

pub struct Stand {
    pub target: Target,
    pub clock: Arc<ManualClock>,
    _folder: TempDir,
}

impl Stand {
    pub async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let options = options(&folder, "127.0.0.1:0", clock.clone());
        Self {
            target: Target::start(&options).await.unwrap(),
            clock,
            _folder: folder,
        }
    }

    pub async fn stop(self) {
        self.target.stop().await;
    }
}

pub fn options(folder: &TempDir, listen: &str, clock: Arc<dyn Clock>) -> Options {
    Options {
        listen: listen.parse().unwrap(),
        issuer: None,
        folder: folder.path().to_owned(),
        database: None,
        addresses: Addresses {
            redirect_uris: vec![CALLBACK.to_owned()],
            post_logout_redirect_uris: vec![LOGGED_OUT.to_owned()],
            ..Addresses::default()
        },
        workers: 1,
        people: 0,
        metrics: PrometheusBuilder::new().build_recorder().handle(),
        clock,
    }
}
