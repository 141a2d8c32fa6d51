//! A chromedriver process of our own on a free loopback port, ended by its process id.

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Running until dropped.
pub struct Chromedriver {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    _child: Child,
}

impl Chromedriver {
    /// Starts it with `environment` added; `home` becomes the home of the browsers it starts, so that nobody's own profile is touched.
    pub async fn start(home: &Path, environment: &[(String, OsString)]) -> Result<Self> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start chromedriver; ./test installs it (Debian package chromium-driver)")?;
        let stdout = child.stdout.take().context("chromedriver has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                let url = format!("http://127.0.0.1:{}", port.trim().trim_end_matches('.'));
                // Whatever it says later must not fill the pipe and stop it.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok(Self { url, _child: child });
            }
        }
        bail!("chromedriver ended before it was ready")
    }
}
