//! A PostgreSQL cluster of one test, which may stop it and start it again: the others share theirs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Running until it is dropped.
pub struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Cluster {
    /// A new cluster on a free port; without passwords, since it listens on loopback and lives for one test.
    pub fn start() -> Self {
        let folder = TempDir::with_prefix("signum-postgres-").expect("a folder");
        let cluster = Self {
            programs: programs(),
            port: free(),
            folder,
        };
        if is_root() {
            let owned = Command::new("chown")
                .arg("postgres:")
                .arg(cluster.folder.path())
                .status();
            assert!(owned.expect("chown").success(), "the user postgres is there");
        }
        cluster.run(
            "initdb",
            &[
                "--username=signum",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
        );
        cluster.start_again();
        cluster
    }

    /// The address of the database `postgres`.
    pub fn url(&self) -> String {
        format!("postgres://signum@127.0.0.1:{}/postgres", self.port)
    }

    /// As a machine that loses its power: no connection is said good-bye to.
    pub fn stop(&self) {
        self.run("pg_ctl", &["--mode=immediate", "--wait", "stop"]);
    }

    /// On the same port; returns when it takes connections.
    pub fn start_again(&self) {
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories= -c fsync=off",
            self.port
        );
        let log = self.folder.path().join("log");
        self.run(
            "pg_ctl",
            &[
                "--wait",
                &format!("--log={}", log.display()),
                &format!("--options={options}"),
                "start",
            ],
        );
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = self.command(&self.programs.join(program));
        command
            .arg("--pgdata")
            .arg(self.folder.path().join("data"))
            .args(arguments);
        // The server that pg_ctl starts keeps what it is given: a pipe would never end.
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("programs"))
            .expect("a log");
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log);
        let status = command.status().expect("PostgreSQL's programs");
        let said = || std::fs::read_to_string(self.folder.path().join("programs")).unwrap_or_default();
        assert!(status.success(), "{program}: {}", said());
    }

    /// PostgreSQL refuses to run as root: then it runs as the user that Debian's package makes.
    fn command(&self, program: &Path) -> Command {
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"])
                .arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.folder.path().join("data/postmaster.pid").exists() {
            self.stop();
        }
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id");
    output.stdout.trim_ascii() == b"0"
}

/// Of the newest version that is installed.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed");
    let mut versions: Vec<u32> = versions
        .filter_map(|version| version.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable();
    let newest = versions.last().expect("PostgreSQL is installed");
    PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"))
}

fn free() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
