//! A provider in a process of its own, and what it printed of itself when it served.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value as Json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use super::wire::Wire;
use super::work::Work;
use crate::ca::{Engine, cost, stand};
use crate::census;

pub struct Provider {
    pub name: String,
    pub issuer: String,
    pub address: SocketAddr,
    /// Paths of the endpoints, by their names in the metadata; `person` and `client` as printed.
    pub metadata: Json,
    pub described: Json,
    processes: Vec<u32>,
    process: Child,
    /// SQLite's file; it goes away with this.
    _disk: Option<tempfile::TempDir>,
}

/// All of a provider's processes on the first processor, where each is to have one.
fn on_a_cpu(program: &Path, one_cpu: bool) -> Command {
    if !one_cpu {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", "0"]).arg(program);
    command
}

impl Provider {
    /// `signum-conformance`, which lies beside this executable.
    pub async fn ours(engine: Engine, people: usize, one_cpu: bool) -> Result<Self> {
        let executable = std::env::current_exe()?;
        let folder = executable.parent().context("no folder")?;
        // Not in /tmp, which may be memory: what is measured is durable.
        let disk = tempfile::tempdir_in(folder)?;
        let mut command = on_a_cpu(&folder.join("signum-conformance"), one_cpu);
        command
            .arg("--folder")
            .arg(disk.path())
            .args(["--people", &people.to_string()]);
        if engine == Engine::Postgres {
            command.args(["--database", &stand::fresh_database("load_idp").await?]);
        }
        let mut provider = Self::start(engine.name(), command, Some(disk)).await?;
        if engine == Engine::Postgres {
            provider.processes.extend(cost::postgres());
        }
        Ok(provider)
    }

    /// npm `oidc-provider`, as tests/peers/oidc/install.sh left it in `folder`.
    pub async fn node(folder: &Path, people: usize, one_cpu: bool) -> Result<Self> {
        let mut command = on_a_cpu(Path::new("node"), one_cpu);
        command.arg(folder.join("server.mjs")).arg(people.to_string());
        Self::start("oidc-provider", command, None).await
    }

    async fn start(name: &str, mut command: Command, disk: Option<tempfile::TempDir>) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().with_context(|| format!("{name} does not start"))?;
        let output = process.stdout.take().context("no output")?;
        let mut line = String::new();
        let mut output = BufReader::new(output);
        output.read_line(&mut line).await?;
        // What it says later goes nowhere, but may be said.
        tokio::spawn(async move { tokio::io::copy(&mut output, &mut tokio::io::sink()).await });
        let described: Json = serde_json::from_str(&line).with_context(|| format!("{name} did not start"))?;
        let issuer = described
            .get("issuer")
            .and_then(Json::as_str)
            .context("no issuer")?
            .to_owned();
        let port = issuer.rsplit(':').next().unwrap_or_default().parse()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let number = |value: &Json| value.as_u64().and_then(|id| u32::try_from(id).ok());
        let mut processes: Vec<u32> = described.get("process").and_then(number).into_iter().collect();
        processes.extend(
            described
                .get("hsm_processes")
                .and_then(Json::as_array)
                .into_iter()
                .flatten()
                .filter_map(number),
        );
        let request = format!("GET /.well-known/openid-configuration HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
        let metadata = Wire::open(address).await?.ask(&request).await?.expect(200)?.body;
        Ok(Self {
            name: name.to_owned(),
            issuer,
            address,
            metadata: serde_json::from_str(&metadata)?,
            described,
            processes,
            process,
            _disk: disk,
        })
    }

    /// The path of an endpoint.
    pub fn path(&self, endpoint: &str) -> Option<&str> {
        self.metadata.get(endpoint)?.as_str()?.strip_prefix(&self.issuer)
    }

    pub fn offers(&self, work: Work) -> bool {
        let grants = self.metadata.get("grant_types_supported").and_then(Json::as_array);
        let granted = |grant: &str| grants.is_some_and(|all| all.iter().any(|known| known == grant));
        match work {
            Work::Discovery | Work::Jwks | Work::Sso | Work::SsoUserinfo | Work::LogIn => true,
            Work::Refresh => granted("refresh_token"),
            Work::ClientCredentials => granted("client_credentials"),
            Work::Introspection => self.path("introspection_endpoint").is_some(),
        }
    }

    pub fn processor(&self) -> Result<Duration> {
        census::processor(&self.processes)
    }

    pub fn memory(&self) -> Result<u64> {
        Ok(census::of(&self.processes)?.memory)
    }

    /// Write transactions and signatures so far, where the provider counts.
    pub async fn counted(&self) -> Result<Option<(f64, f64)>> {
        let Some(address) = self.described.get("metrics").and_then(Json::as_str) else {
            return Ok(None);
        };
        let host = address
            .trim_start_matches("http://")
            .split('/')
            .next()
            .unwrap_or_default();
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let text = Wire::open(host.parse()?).await?.ask(&request).await?.expect(200)?.body;
        let sum = |name: &str| -> f64 {
            let lines = text.lines().filter(|line| line.starts_with(name));
            lines
                .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
                .sum()
        };
        Ok(Some((sum("db_transactions_total"), sum("hsm_signatures_total"))))
    }

    pub async fn stop(mut self) {
        if let Some(mut input) = self.process.stdin.take() {
            let _closed = input.shutdown().await;
        }
        let _ended = tokio::time::timeout(Duration::from_secs(30), self.process.wait()).await;
    }
}
