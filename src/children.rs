//! Child processes: executables that lie beside `signum`, ended by closing their standard input.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};

/// How long a child may take to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(3);

/// A running child. Dropped, it ends by itself as its standard input closes: one that was killed while it logged in would leave
/// SoftHSM's token empty. [`stop`](Self::stop) waits for its end.
pub struct ChildProcess {
    name: String,
    child: Child,
}

/// The path of one of our executables.
pub fn executable(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where signum itself lies")?;
    // Test binaries lie in `deps/`, one folder below the executables.
    let folders = own.ancestors().skip(1).take(2);
    for folder in folders {
        let path = folder.join(name);
        if path.is_file() {
            return Ok(path);
        }
    }
    bail!(
        "{name} is not beside {}; build the whole workspace (`cargo build`)",
        own.display()
    )
}

impl ChildProcess {
    /// Starts `name` with a pipe as its standard input: when we die, however we die, the pipe closes and so the child ends.
    pub fn start(name: &str, arguments: &[&str], environment: &[(&str, &Path)]) -> Result<Self> {
        let mut command = Command::new(executable(name)?);
        command
            .args(arguments)
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::piped());
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
        })
    }

    /// Runs `name` to its end; its failure is ours.
    pub async fn run(name: &str, arguments: &[&str], environment: &[(&str, &Path)]) -> Result<()> {
        let mut command = Command::new(executable(name)?);
        command
            .args(arguments)
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::null());
        let status = command.status().await.with_context(|| format!("cannot start {name}"))?;
        if !status.success() {
            bail!("{name} {} ended with {status}", arguments.first().unwrap_or(&""));
        }
        Ok(())
    }

    /// `Some(status)` when it has ended.
    pub fn ended(&mut self) -> Option<String> {
        self.child
            .try_wait()
            .ok()
            .flatten()
            .map(|status| format!("{} ended with {status}", self.name))
    }

    /// Closes its standard input and waits; kills it when it does not end.
    pub async fn stop(mut self) {
        drop(self.child.stdin.take());
        if tokio::time::timeout(GRACE, self.child.wait()).await.is_err() {
            tracing::warn!(child = self.name, "did not end by itself and is killed");
            let _ = self.child.kill().await;
        }
    }
}
