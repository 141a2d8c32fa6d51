//! Identity providers as processes of their own on one database and one token, behind one address: which of them answers is
//! chosen by the test, as a load balancer would.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use signum::children::executable;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use crate::database;

/// How often readiness is asked for, and how many times.
const PAUSE: Duration = Duration::from_millis(100);
const ATTEMPTS: u32 = 600;

/// Two or more identity providers that are one to everybody outside.
pub struct Replicas {
    /// `http://idp.localhost:PORT` of all of them together.
    pub idp: String,
    /// `http://demo.localhost:PORT`, where nobody listens: answers to the client are looked at, not followed.
    pub demo: String,
    /// Of all of them.
    pub database: String,
    environment: Vec<(&'static str, String)>,
    front: Arc<Front>,
    children: Vec<(u16, Child)>,
    folder: TempDir,
}

impl Replicas {
    /// Starts `count` of them, one after the other; the first answers.
    pub async fn start(count: usize) -> Self {
        Self::start_with(count, &[]).await
    }

    /// With settings beside the development defaults: names and values of environment variables.
    pub async fn start_with(count: usize, settings: &[(&'static str, &str)]) -> Self {
        let folder = TempDir::with_prefix("signum-replicas-").expect("a folder");
        let database = folder.path().join("0/db");
        std::fs::create_dir_all(&database).expect("a folder");
        let url = database::fresh("idp", &database).await;
        Self::start_in(folder, count, url, settings).await
    }

    /// The same on this database.
    pub async fn start_on(count: usize, database: String) -> Self {
        let folder = TempDir::with_prefix("signum-replicas-").expect("a folder");
        Self::start_in(folder, count, database, &[]).await
    }

    async fn start_in(folder: TempDir, count: usize, database: String, settings: &[(&'static str, &str)]) -> Self {
        let (front, address) = front().await;
        let idp = format!("http://idp.localhost:{}", address.port());
        let demo = free().await;
        std::fs::create_dir_all(folder.path().join("0")).expect("a folder");
        let mut environment = vec![
            ("SIGNUM__IDP__PUBLIC_URL", idp.clone()),
            ("SIGNUM__DATABASE__IDP", database.clone()),
            ("SIGNUM__DEMO__PUBLIC_URL", format!("http://demo.localhost:{demo}")),
        ];
        environment.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let mut replicas = Self {
            idp,
            demo: format!("http://demo.localhost:{demo}"),
            database,
            environment,
            front,
            children: Vec::new(),
            folder,
        };
        for _ in 0..count {
            replicas.add().await;
        }
        replicas.answer(0);
        replicas
    }

    /// One more, with the secrets and tokens of the first and a name of its own.
    async fn add(&mut self) {
        let (own, first) = (self.var(self.children.len()), self.var(0));
        if own != first {
            std::fs::create_dir_all(&own).expect("a folder");
            for shared in ["secrets", "tokens", "ceremony", "softhsm2.conf"] {
                std::os::unix::fs::symlink(first.join(shared), own.join(shared)).expect("a link");
            }
        }
        let [listen, operator, demo] = [free().await, free().await, free().await];
        let log =
            std::fs::File::create(self.folder.path().join(format!("{}.log", self.children.len()))).expect("a log");
        let child = Command::new(executable("signum").expect("built"))
            .args(["serve", "idp", "--var"])
            .arg(&own)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("SIGNUM__LISTEN__IDP", format!("127.0.0.1:{listen}"))
            .env("SIGNUM__LISTEN__OPERATOR", format!("127.0.0.1:{operator}"))
            .env("SIGNUM__DEMO__LISTEN", format!("127.0.0.1:{demo}"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("starts");
        self.children.push((listen, child));
        for _ in 0..ATTEMPTS {
            // Written when it is ready.
            if own.join("run/up.toml").exists() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        let log = self.folder.path().join(format!("{}.log", self.children.len() - 1));
        panic!(
            "a replica does not start:\n{}",
            std::fs::read_to_string(log).unwrap_or_default()
        );
    }

    fn var(&self, replica: usize) -> PathBuf {
        self.folder.path().join(replica.to_string())
    }

    /// From now on this replica answers new connections.
    pub fn answer(&self, replica: usize) {
        self.front.only.store(self.children[replica].0, Ordering::SeqCst);
    }

    /// From now on all of them answer new connections in turn.
    pub fn answer_in_turn(&self) {
        let ports = self.children.iter().map(|(port, _)| *port).collect();
        *self.front.all.lock().unwrap_or_else(PoisonError::into_inner) = ports;
        self.front.only.store(0, Ordering::SeqCst);
    }

    /// Where one replica listens itself, for who asks several at the same moment.
    pub fn at(&self, replica: usize) -> String {
        format!("http://127.0.0.1:{}", self.children[replica].0)
    }

    /// SIGKILL.
    pub fn kill(&mut self, replica: usize) {
        let child = &mut self.children[replica].1;
        child.kill().expect("runs");
        child.wait().expect("ends");
    }

    /// Where a demo person activates their account.
    pub fn activation(&self) -> String {
        let links = read(&self.var(0).join("demo/activation-links.txt"));
        links.lines().next().expect("a link").to_owned()
    }

    pub fn client_secret(&self) -> String {
        read(&self.var(0).join("secrets/client-demo-rp")).trim().to_owned()
    }
}

impl Drop for Replicas {
    fn drop(&mut self) {
        for (_, child) in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

async fn free() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// Who answers a new connection.
#[derive(Default)]
struct Front {
    /// 0: all of them in turn.
    only: AtomicU16,
    all: Mutex<Vec<u16>>,
    turn: AtomicUsize,
}

impl Front {
    fn port(&self) -> u16 {
        let only = self.only.load(Ordering::SeqCst);
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if only != 0 || all.is_empty() {
            return only;
        }
        all[self.turn.fetch_add(1, Ordering::SeqCst) % all.len()]
    }
}

/// Hands each connection on to the port that is set when it comes.
async fn front() -> (Arc<Front>, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let to = Arc::new(Front::default());
    let front = to.clone();
    tokio::spawn(async move {
        while let Ok((mut outside, _)) = listener.accept().await {
            let port = front.port();
            tokio::spawn(async move {
                if let Ok(mut inside) = TcpStream::connect(("127.0.0.1", port)).await {
                    let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
                }
            });
        }
    });
    (to, address)
}
