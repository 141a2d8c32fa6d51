//! A card stack of a test's own: pcscd and vpcd in their own network and mount namespace, cards put in and taken out.
//!
//! vpcd listens on every address, hence the network namespace: nothing listens outside. pcscd's socket has a fixed place,
//! hence the mount namespace: a pcscd of the machine is not touched, and stacks stand beside each other. Clients find the
//! socket by [`Stack::client`].

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
/// vpcd's port of the first reader; the second follows. Only the namespace knows it.
const PORT: u16 = 35963;
const PATIENCE: Duration = Duration::from_secs(15);

/// Two readers and no card.
pub struct Stack {
    folder: TempDir,
    daemon: Child,
}

/// A card in a reader: taken out when this is dropped.
pub struct Inserted(Child);

impl Stack {
    /// What this machine lacks, in words for whoever runs the tests.
    pub fn missing() -> Option<String> {
        let programs = ["unshare", "nsenter", "ip", "pcscd", "opensc-tool"];
        if let Some(name) = programs.into_iter().find(|name| !on_path(name)) {
            return Some(format!("{name} is not installed"));
        }
        if !Path::new(DRIVER).exists() {
            return Some("vsmartcard-vpcd is not installed".to_owned());
        }
        let mut probe = namespaces();
        probe.args(["sh", "-c", "mkdir -p /run/pcscd && mount -t tmpfs none /run/pcscd"]);
        match probe.stdout(Stdio::null()).stderr(Stdio::null()).status() {
            Ok(status) if status.success() => None,
            _ => Some("this user may make no network and mount namespaces".to_owned()),
        }
    }

    /// Starts the daemon; it is stopped when this is dropped.
    pub fn start() -> Result<Self> {
        let folder = TempDir::with_prefix("signum-pcsc-")?;
        let (socket, readers) = (folder.path().join("run"), folder.path().join("readers"));
        std::fs::create_dir(&socket)?;
        std::fs::create_dir(&readers)?;
        let reader = format!(
            "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:{PORT:#06X}\nLIBPATH {DRIVER}\nCHANNELID {PORT:#06X}\n"
        );
        std::fs::write(readers.join("vpcd"), reader)?;
        let script = "ip link set lo up && mkdir -p /run/pcscd && mount --bind \"$1\" /run/pcscd && \
                      exec pcscd --foreground --error --config \"$2\"";
        let log = std::fs::File::create(folder.path().join("pcscd.log"))?;
        let daemon = namespaces()
            .args(["sh", "-c", script, "sh"])
            .args([&socket, &readers])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("unshare")?;
        let mut stack = Self { folder, daemon };
        let begun = Instant::now();
        while !stack.readers()?.contains("Virtual PCD") {
            ensure!(stack.daemon.try_wait()?.is_none(), "pcscd ended: {}", stack.log());
            ensure!(begun.elapsed() < PATIENCE, "pcscd is not ready: {}", stack.log());
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(stack)
    }

    /// Puts the card in `folder` into the first (0) or second (1) reader. `program` is the executable `vcard`.
    pub fn insert(&self, program: &Path, folder: &Path, reader: u16) -> Result<Inserted> {
        let mut command = Command::new("nsenter");
        if !rustix::process::geteuid().is_root() {
            command.arg("--user").arg("--preserve-credentials");
        }
        let child = command
            .arg(format!("--target={}", self.daemon.id()))
            .arg("--net")
            .arg("--")
            .arg(program)
            .arg("run")
            .arg(folder)
            .arg(format!("--vpcd=127.0.0.1:{}", PORT + reader))
            .arg("--trace")
            .arg(folder.join("trace"))
            .stdin(Stdio::null())
            .spawn()
            .context("nsenter")?;
        let inserted = Inserted(child);
        self.wait(reader, "Yes")?;
        Ok(inserted)
    }

    /// Takes the card out and waits until pcscd has seen it.
    pub fn take_out(&self, card: Inserted, reader: u16) -> Result<()> {
        drop(card);
        self.wait(reader, "No")
    }

    /// A program that meets this stack as its PC/SC.
    pub fn client(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("PCSCLITE_CSOCK_NAME", self.socket()).stdin(Stdio::null());
        command
    }

    /// The value of `PCSCLITE_CSOCK_NAME` for this stack.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("run/pcscd.comm")
    }

    fn wait(&self, reader: u16, card: &str) -> Result<()> {
        let begun = Instant::now();
        loop {
            let readers = self.readers()?;
            let mut lines = readers
                .lines()
                .map(|line| line.split_whitespace().take(2).collect::<Vec<_>>());
            if lines.any(|line| line == [reader.to_string().as_str(), card]) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                bail!("reader {reader} does not say {card}:\n{readers}{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    fn readers(&self) -> Result<String> {
        let output = self.client("opensc-tool").arg("--list-readers").output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("pcscd.log")).unwrap_or_default()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        stop(&mut self.daemon);
    }
}

impl Drop for Inserted {
    fn drop(&mut self) {
        stop(&mut self.0);
    }
}

fn stop(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// `unshare` execs the program, which so has the pid of the child.
fn namespaces() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--net"]);
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.arg("--");
    command
}

fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(system)
        .any(|folder| folder.join(name).exists())
}
