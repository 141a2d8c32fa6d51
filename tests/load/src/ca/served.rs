//! The CA's router behind a loopback port, asked by a process of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use signum_ca::Service;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::cost::{self, Meter};
use super::stand::Stand;
use crate::asker::{self, Got};
use crate::child::{Order, Running};

/// Connections that are kept.
pub const CONNECTIONS: usize = 64;

/// A serving CA and its clients.
pub struct Served {
    server: JoinHandle<()>,
    clients: Running,
    requests: PathBuf,
}

/// What came of one round.
pub struct Row {
    pub got: Got,
    pub per_second: f64,
    /// Microseconds of processor time of the server's side for one answer, and of the clients'.
    pub cost: f64,
    pub clients: f64,
}

impl Served {
    /// Serves `ca`, with clients that ask `requests` in turn.
    pub async fn start(ca: &Arc<Service>, requests: &[Vec<u8>], each: Duration) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = ca.router();
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("{error}");
            }
        });
        let mut name = [0; 8];
        getrandom::fill(&mut name)?;
        let requests_file = std::env::temp_dir().join(format!("signum-load-{}", u64::from_le_bytes(name)));
        asker::write_requests(&requests_file, requests)?;
        let order = Order::Ask {
            address,
            requests: requests_file.clone(),
            connections: CONNECTIONS,
            each,
        };
        let mut clients = Running::start(&[], &order).await?;
        let () = clients.hear().await?;
        Ok(Self {
            server,
            clients,
            requests: requests_file,
        })
    }

    pub async fn round(&mut self, stand: &Stand) -> Result<Row> {
        let meter = Meter::start(stand)?;
        self.clients.tell(&()).await?;
        let got: Got = self.clients.hear().await?;
        Ok(Row {
            per_second: got.answers as f64 / got.took.as_secs_f64(),
            cost: cost::each(meter.used()?, got.answers),
            clients: cost::each(got.processor, got.answers),
            got,
        })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
        let _gone = std::fs::remove_file(&self.requests);
    }
}

pub const HEADINGS: &str = "                                    per second   p50 us    p99 us   server us   clients us";

impl Row {
    pub fn print(&self, name: &str) {
        println!(
            "  {name:34} {:10.0} {:8} {:9} {:11.1} {:12.1}",
            self.per_second,
            self.got.p50.as_micros(),
            self.got.p99.as_micros(),
            self.cost,
            self.clients
        );
    }
}
