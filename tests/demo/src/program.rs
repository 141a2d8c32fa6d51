//! Runs a judge: a program nobody here wrote, with a plain environment and a bound on its time.

use crate::report::NotInstalled;
use anyhow::{Result, bail};
use std::{ffi::OsStr, io::ErrorKind, path::Path, process::Stdio};
use tokio::process::Command;

/// What a program said.
pub(crate) struct Said {
    pub(crate) success: bool,
    /// Standard output, then standard error.
    pub(crate) text: String,
}

impl Said {
    /// Succeeds when the program did and said all of these.
    pub(crate) fn expect(&self, program: &str, phrases: &[&str]) -> Result<()> {
        let missing: Vec<&&str> = phrases.iter().filter(|phrase| !self.text.contains(**phrase)).collect();
        if self.success && missing.is_empty() {
            return Ok(());
        }
        let said: String = self.text.trim().chars().take(1500).collect();
        bail!("{program} did not agree (expected {missing:?}): {said}")
    }
}

/// Runs a program in a folder. The caller's step bounds its time; it dies with the step.
pub(crate) async fn run<S: AsRef<OsStr>>(folder: &Path, program: impl AsRef<OsStr>, arguments: &[S]) -> Result<Said> {
    let program = program.as_ref();
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .env("LC_ALL", "C.UTF-8");
    for proxy in [
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ] {
        command.env_remove(proxy);
    }
    match command.output().await {
        Ok(output) => {
            let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.push_str(&String::from_utf8_lossy(&output.stderr));
            Ok(Said {
                success: output.status.success(),
                text,
            })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(NotInstalled(program.to_string_lossy().into_owned()).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Runs a program without which the demo proves nothing: its absence is a failure, never a skipped check.
pub(crate) async fn must_run(folder: &Path, program: &str, arguments: &[&str]) -> Result<Said> {
    run(folder, program, arguments)
        .await
        .map_err(|error| match error.downcast::<NotInstalled>() {
            Ok(NotInstalled(name)) => anyhow::anyhow!("{name} is not installed, and the demo needs it"),
            Err(error) => error,
        })
}
