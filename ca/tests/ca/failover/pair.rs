//! Two PostgreSQL clusters, one a synchronous standby of the other: a COMMIT is told when both have it. And the one address
//! in front of them, as a load balancer has it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use signum_core::{OsRandom, Random};
use tempfile::TempDir;

pub struct Pair {
    folder: TempDir,
    password: String,
    ports: [u16; 2],
}

impl Pair {
    /// Starts both; whoever writes waits for the standby from the first COMMIT on.
    pub fn start() -> Self {
        let folder = TempDir::with_prefix("signum-failover-").unwrap();
        let password = hex::encode((&OsRandom as &dyn Random).bytes::<16>());
        std::fs::write(folder.path().join("password"), &password).unwrap();
        if is_root() {
            run(Command::new("chown")
                .args(["-R", "postgres:postgres"])
                .arg(folder.path()));
        }
        let pair = Self {
            folder,
            password,
            ports: [free_port(), free_port()],
        };
        let [primary, standby] = pair.ports;
        let password = format!("--pwfile={}", pair.path("password").display());
        pair.program("initdb", "primary")
            .args([
                "--username=signum",
                &password,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
            ])
            .args(["--locale=C.UTF-8", "--no-sync"])
            .done();
        pair.serve("primary", primary, "-c synchronous_standby_names=standby");
        let from = format!("host=127.0.0.1 port={primary} user=signum password={}", pair.password);
        pair.program("pg_basebackup", "standby")
            .args([
                "--dbname",
                &from,
                "--write-recovery-conf",
                "--checkpoint=fast",
                "--no-sync",
            ])
            .done();
        pair.serve("standby", standby, "-c cluster_name=standby");
        pair
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, program: &str, cluster: &str) -> Program {
        let mut program = Program::new(program, self.folder.path());
        program.0.arg("--pgdata").arg(self.path(cluster));
        program
    }

    fn serve(&self, cluster: &str, port: u16, more: &str) {
        let settings = format!(
            "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off -c max_connections=100 {more}"
        );
        let log = format!("--log={}", self.path(&format!("{cluster}.log")).display());
        self.program("pg_ctl", cluster)
            .args(["--wait", &log, "--options", &settings, "start"])
            .done();
    }

    pub fn primary(&self) -> u16 {
        self.ports[0]
    }

    /// Through `port`.
    pub fn address(&self, port: u16) -> String {
        format!("postgres://signum:{}@127.0.0.1:{port}/postgres", self.password)
    }

    /// The primary is gone from one moment to the next; answers the port of the standby, which is none any more.
    pub fn fail_over(&self) -> u16 {
        self.program("pg_ctl", "primary")
            .args(["--mode=immediate", "stop"])
            .done();
        self.program("pg_ctl", "standby").args(["--wait", "promote"]).done();
        self.ports[1]
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for cluster in ["primary", "standby"] {
            if self.path(cluster).join("postmaster.pid").exists() {
                self.program("pg_ctl", cluster)
                    .args(["--mode=immediate", "stop"])
                    .0
                    .output()
                    .ok();
            }
        }
    }
}

/// One of PostgreSQL's programs. It refuses to run as root: then as the user that Debian's package makes.
struct Program(Command);

impl Program {
    fn new(name: &str, folder: &Path) -> Self {
        let file = programs().join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"])
                .arg(file);
            command
        } else {
            Command::new(file)
        };
        command.current_dir(folder).env("HOME", folder);
        Self(command)
    }

    fn args<const N: usize>(mut self, arguments: [&str; N]) -> Self {
        self.0.args(arguments);
        self
    }

    fn done(mut self) {
        run(&mut self.0);
    }
}

fn run(command: &mut Command) {
    // A server keeps what it inherits: its own output goes to its log, and nobody waits for ours to be closed.
    let status = command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success(), "{command:?}");
}

fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed");
    let mut versions: Vec<_> = versions.map(|version| version.unwrap().path().join("bin")).collect();
    versions.retain(|bin| bin.is_dir());
    versions.sort();
    versions.pop().expect("PostgreSQL's programs")
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Hands connections on to whichever server leads.
pub struct Front {
    pub port: u16,
    leads: Arc<AtomicU16>,
}

impl Front {
    pub fn lead_to(&self, port: u16) {
        self.leads.store(port, Ordering::SeqCst);
    }
}

pub async fn front(primary: u16) -> Front {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let leads = Arc::new(AtomicU16::new(primary));
    let to = Arc::clone(&leads);
    tokio::spawn(async move {
        while let Ok((mut outside, _)) = listener.accept().await {
            let port = to.load(Ordering::SeqCst);
            tokio::spawn(async move {
                if let Ok(mut inside) = tokio::net::TcpStream::connect(("127.0.0.1", port)).await {
                    let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
                }
            });
        }
    });
    Front { port, leads }
}
