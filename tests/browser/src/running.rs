//! A Signum of our own: `signum up` in a folder of its own on free ports.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// The folder cargo builds into, seen from the test executable in `debug/deps`.
pub fn target_folder() -> PathBuf {
    let own = std::env::current_exe().expect("a test executable has a path");
    own.ancestors().nth(3).expect("target/debug/deps/test").to_owned()
}

/// The file that people sign in the tests.
pub fn document() -> PathBuf {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("tests/browser lies two folders down")
        .join("tests/fixtures/pdf/vendim.pdf")
}

/// How many documents may wait for one person's signature here.
pub const OPEN_DOCUMENTS: u32 = 2;

/// Running until [`stop`](Self::stop); killed when dropped.
pub struct Signum {
    pub idp: String,
    pub signer: String,
    pub demo: String,
    /// `http://127.0.0.1:PORT` of the operator's page.
    pub operator: String,
    environment: Vec<(&'static str, String)>,
    folder: TempDir,
    child: Child,
}

impl Signum {
    /// Starts it and waits until it is ready.
    pub async fn start() -> Result<Self> {
        let folder = TempDir::with_prefix("signum-browser-var-")?;
        let [pki, idp, signer, demo, operator] = free_ports()?;
        let listen = |port: u16| format!("127.0.0.1:{port}");
        let (idp_url, signer_url) = (
            format!("http://idp.localhost:{idp}"),
            format!("http://sign.localhost:{signer}"),
        );
        let demo_url = format!("http://demo.localhost:{demo}");
        let environment = vec![
            ("SIGNUM__LISTEN__PKI", listen(pki)),
            ("SIGNUM__LISTEN__IDP", listen(idp)),
            ("SIGNUM__LISTEN__SIGNER", listen(signer)),
            ("SIGNUM__LISTEN__OPERATOR", listen(operator)),
            ("SIGNUM__DEMO__LISTEN", listen(demo)),
            ("SIGNUM__DEMO__PUBLIC_URL", demo_url.clone()),
            ("SIGNUM__CA__PUBLIC_URL", format!("http://localhost:{pki}")),
            ("SIGNUM__IDP__PUBLIC_URL", idp_url.clone()),
            ("SIGNUM__SIGNER__PUBLIC_URL", signer_url.clone()),
            ("SIGNUM__SIGNER__ISSUER", idp_url.clone()),
            ("SIGNUM__SIGNER__OPEN_DOCUMENTS", OPEN_DOCUMENTS.to_string()),
        ];
        let log = std::fs::File::create(folder.path().join("up.log"))?;
        let child = Command::new(executable())
            .arg("up")
            .arg("--var")
            .arg(folder.path().join("var"))
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start signum; ./test builds it")?;
        let mut signum = Self {
            idp: idp_url,
            signer: signer_url,
            demo: demo_url,
            operator: format!("http://{}", listen(operator)),
            environment,
            folder,
            child,
        };
        signum.wait_until_ready(operator, demo).await?;
        Ok(signum)
    }

    async fn wait_until_ready(&mut self, operator: u16, demo: u16) -> Result<()> {
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait()? {
                bail!("signum ended with {status}:\n{}", self.log());
            }
            if answers(operator, "/readyz").await && answers(demo, "/healthz").await {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("signum did not become ready:\n{}", self.log())
    }

    /// What it said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("up.log")).unwrap_or_default()
    }

    /// Adds a fictional person; answers the address where they activate their account.
    pub async fn new_person(&self, given: &str, family: &str, number: &str) -> Result<String> {
        let output = Command::new(executable())
            .args([
                "person",
                "add",
                "--demo",
                "--given-name",
                given,
                "--family-name",
                family,
            ])
            .args(["--personal-number", number, "--birthdate", "1990-02-28"])
            .arg("--var")
            .arg(self.folder.path().join("var"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .await?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let address = said.split_whitespace().find(|word| word.contains("/activate/"));
        let complaint = || format!("signum person add: {said}{}", String::from_utf8_lossy(&output.stderr));
        Ok(address.with_context(complaint)?.to_owned())
    }

    /// Sends a signal to the demo officers' process: `STOP` lets enrolments wait, `CONT` goes on.
    pub async fn signal_officers(&self, signal: &str) -> Result<()> {
        let parent = self.child.id().context("signum runs")?.to_string();
        // The kernel keeps the first fifteen letters of a process's name.
        let found = Command::new("pgrep")
            .args(["-P", &parent, "-x", "signum-demo-des"])
            .output()
            .await?;
        let id = String::from_utf8(found.stdout)?.trim().to_owned();
        let sent = Command::new("kill").args([&format!("-{signal}"), &id]).status().await?;
        ensure!(sent.success(), "the demo officers' process ({id}) was not found");
        Ok(())
    }

    /// Runs a statement in the signer's database, for pages that no click leads to.
    pub async fn alter(&self, sql: &str) -> Result<()> {
        const SCRIPT: &str =
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=10); c.execute(sys.argv[2]); c.commit()";
        let file = self.folder.path().join("var/db/signer.sqlite");
        let ran = Command::new("python3")
            .args(["-c", SCRIPT])
            .arg(file)
            .arg(sql)
            .status()
            .await?;
        ensure!(ran.success(), "{sql}");
        Ok(())
    }

    /// Ends it as Ctrl-C would.
    pub async fn stop(mut self) -> Result<()> {
        if let Some(id) = self.child.id() {
            Command::new("kill").args(["-INT", &id.to_string()]).status().await?;
        }
        let ended = tokio::time::timeout(Duration::from_secs(20), self.child.wait()).await;
        match ended {
            Ok(status) if status.as_ref().is_ok_and(std::process::ExitStatus::success) => Ok(()),
            other => bail!("signum did not stop cleanly ({other:?}):\n{}", self.log()),
        }
    }
}

/// The program.
pub fn executable() -> PathBuf {
    target_folder().join("debug/signum")
}

/// Ports that are free now; each is let go just before it is taken.
fn free_ports() -> Result<[u16; 5]> {
    let listeners: Vec<_> = (0..5)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<Result<_, _>>()?;
    let ports: Vec<_> = listeners
        .iter()
        .map(|l| Ok(l.local_addr()?.port()))
        .collect::<Result<_>>()?;
    Ok(ports.try_into().expect("five ports"))
}

async fn answers(port: u16, path: &str) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream
            .write_all(format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").as_bytes())
            .await?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(answer.ends_with(b" 200"))
    };
    ask.await.unwrap_or(false)
}
