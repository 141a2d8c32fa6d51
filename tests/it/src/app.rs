//! The whole app in this process, over real HTTP on free ports: real databases, real SoftHSM tokens in a folder of its own,
//! the real `signum-hsm-worker` and `signum-signing-module` processes. Only the clock can be moved.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use signum::app::{App, Databases, Listeners, Surroundings};
use signum::children::executable;
use signum::config::Config;
use signum::first_start;
use signum::layout::Layout;
use signum_core::config::Secret;
use signum_core::random::OsRandom;
use signum_core::{Clock, Db, SystemClock, Timestamp};
use signum_demo::desk::Desk;
use signum_demo::officers;
use signum_demo::people::People;
use signum_idp::people::{self, NewPerson};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::database;

/// The machine's clock, which a test moves forward. The processes that hold keys keep the machine's own time, so a clock that
/// stood still would soon be too old for them.
#[derive(Debug, Default)]
pub struct MovableClock(AtomicI64);

impl MovableClock {
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).expect("a test's lifetime");
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + self.0.load(Ordering::SeqCst))
    }
}

/// Running until [`stop`](Self::stop).
pub struct TestApp {
    /// `http://idp.localhost:PORT`, the issuer.
    pub idp: String,
    /// `http://sign.localhost:PORT`
    pub signer: String,
    /// `http://localhost:PORT` of OCSP, CRL and TSA.
    pub pki: String,
    /// `http://127.0.0.1:PORT` for registration desks, where the CA has officers.
    pub registration: Option<String>,
    /// `http://demo.localhost:PORT` of the demo relying party, which runs in this process too.
    pub demo: String,
    /// Of the client `demo-rp`.
    pub redirect_uri: String,
    pub client_secret: String,
    pub clock: Arc<MovableClock>,
    /// The desks of both demo officers.
    pub officers: Vec<Desk>,
    pub layout: Layout,
    app: App,
    demo_task: tokio::task::JoinHandle<()>,
    config: Config,
    folder: Arc<TempDir>,
}

/// What is left of a [`TestApp`] that was stopped.
#[derive(Clone)]
pub struct Stopped {
    pub config: Config,
    pub layout: Layout,
    folder: Arc<TempDir>,
}

impl Stopped {
    /// A platform that was never started: databases and addresses, an empty data folder.
    pub async fn never_started() -> Self {
        let folder = TempDir::with_prefix("signum-it-").expect("a folder");
        let layout = Layout::create(&folder.path().join("var")).expect("a data folder");
        let (config, ..) = configure(&layout).await;
        Self {
            config,
            layout,
            folder: Arc::new(folder),
        }
    }

    /// The same platform once more, on its addresses, with what was changed in `config` meanwhile.
    pub async fn start(self) -> anyhow::Result<TestApp> {
        let taken = async |url: &str| {
            let port: Option<u16> = url.rsplit(':').next().and_then(|port| port.parse().ok());
            TcpListener::bind(("127.0.0.1", port.unwrap_or(0))).await
        };
        let config = &self.config;
        let listeners = Listeners {
            pki: taken(&config.ca.public_url).await?,
            idp: taken(&config.idp.public_url).await?,
            signer: taken(&config.signer.public_url).await?,
            operator: taken("any").await?,
            registration: match config.ca.officers() {
                Some(_) => Some(taken("any").await?),
                None => None,
            },
            idp_mtls: match config.idp.mtls.public_url.is_empty() {
                true => None,
                false => Some(taken(&config.idp.mtls.public_url).await?),
            },
            idp_card: match config.idp.card.public_url.is_empty() {
                true => None,
                false => Some(taken(&config.idp.card.public_url).await?),
            },
        };
        let demo = taken(&config.demo.public_url).await?;
        TestApp::open(self.config, self.layout, self.folder, listeners, demo).await
    }

    /// The program itself, on this data folder and these databases.
    pub fn signum(&self, arguments: &[&str]) -> Said {
        signum(&self.config, &self.layout, arguments)
    }
}

fn signum(config: &Config, layout: &Layout, arguments: &[&str]) -> Said {
    let addresses = &config.database;
    let output = Command::new(executable("signum").expect("built"))
        .arg("--var")
        .arg(layout.root())
        .args(arguments)
        .env("SIGNUM__DATABASE__CA", addresses.ca.expose())
        .env("SIGNUM__DATABASE__IDP", addresses.idp.expose())
        .env("SIGNUM__DATABASE__SIGNER", addresses.signer.expose())
        .output()
        .expect("starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said {
        good: output.status.success(),
        text: text(&output.stdout) + &text(&output.stderr),
    }
}

/// How a command ended, and everything it said.
#[derive(Debug)]
pub struct Said {
    pub good: bool,
    pub text: String,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With another configuration than the development defaults.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = TempDir::with_prefix("signum-it-").expect("a folder");
        let layout = Layout::create(&folder.path().join("var")).expect("a data folder");
        let (mut config, listeners, demo) = configure(&layout).await;
        change(&mut config);
        Self::open(config, layout, Arc::new(folder), listeners, demo)
            .await
            .expect("the app starts")
    }

    async fn open(
        config: Config,
        layout: Layout,
        folder: Arc<TempDir>,
        listeners: Listeners,
        demo: TcpListener,
    ) -> anyhow::Result<Self> {
        let clock = Arc::new(MovableClock::default());
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let surroundings = Surroundings {
            clock: clock.clone(),
            random: Arc::new(OsRandom),
            metrics,
        };
        let desks = listeners
            .registration
            .as_ref()
            .map(TcpListener::local_addr)
            .transpose()?;
        let app = App::start(&config, &layout, listeners, surroundings, |_| {}).await?;
        let client_secret = text(&layout.client_secret("demo-rp"));
        let demo_task = serve_demo(&config, demo, &client_secret);
        let desk = |officer| {
            let signer = config.signer.public_url.parse().expect("an address");
            Desk::new(officer, &signer, People::at(layout.demo_people())).expect("a desk")
        };
        let officers = officers::load(&layout.path("demo/officers"))
            .expect("officers")
            .into_iter()
            .map(desk)
            .collect();
        Ok(Self {
            idp: config.idp.public_url.clone(),
            signer: config.signer.public_url.clone(),
            pki: config.ca.public_url.clone(),
            registration: desks.map(|address| format!("http://{address}")),
            demo: config.demo.public_url.clone(),
            redirect_uri: format!("{}/callback", config.demo.public_url),
            client_secret,
            clock,
            officers,
            layout,
            app,
            demo_task,
            config,
            folder,
        })
    }

    /// Ends everything as Ctrl-C would.
    pub async fn stop(self) {
        self.stop_and_keep().await;
    }

    /// As [`stop`](Self::stop); databases and data folder stay for who looks at them.
    pub async fn stop_and_keep(self) -> Stopped {
        self.demo_task.abort();
        self.app.stop().await;
        Stopped {
            config: self.config,
            layout: self.layout,
            folder: self.folder,
        }
    }

    /// The program itself beside it, on its data folder and databases.
    pub fn signum(&self, arguments: &[&str]) -> Said {
        signum(&self.config, &self.layout, arguments)
    }

    /// The platform as the program runs it.
    pub fn parts(&self) -> &App {
        &self.app
    }

    /// The readers and writers of the audit logs, as they run.
    pub fn logs(&self) -> &[signum_core::audit::Log] {
        self.app.logs()
    }

    pub fn databases(&self) -> &Databases {
        &self.app.databases
    }

    /// Adds a fictional person and answers their activation code.
    pub async fn new_person(&self) -> String {
        let cx = &self.app.databases.idp;
        let register = &self.app.people;
        let count = register.count().await.expect("people");
        let person = NewPerson {
            given_name: "Arta".to_owned(),
            family_name: "Shembulli".to_owned(),
            personal_number: format!("9{count:09}"),
            birthdate: "1990-02-28".to_owned(),
        };
        let person = register.add(person).await.expect("a new person");
        let config = Config::default();
        first_start::vouch_for(&config, &self.layout, &[&person.personal_number]).expect("a demo person");
        people::activation_code(cx, person.id)
            .await
            .expect("an activation code")
    }

    /// How many refusals a service's audit log holds.
    pub async fn refusals(&self, db: &Db) -> i64 {
        let sql = "SELECT COUNT(*) AS n FROM audit_event WHERE kind LIKE '%refused%' OR kind LIKE '%failed%'";
        db.opt(sql, vec![])
            .await
            .expect("the audit log")
            .expect("a count")
            .get("n")
            .expect("a number")
    }
}

/// Development defaults on free ports and fresh databases.
async fn configure(layout: &Layout) -> (Config, Listeners, TcpListener) {
    let free = async || TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let listeners = Listeners {
        pki: free().await,
        idp: free().await,
        signer: free().await,
        operator: free().await,
        registration: None,
        idp_mtls: None,
        idp_card: None,
    };
    let demo = free().await;
    let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
    let mut config = Config::default();
    config.ca.public_url = format!("http://localhost:{}", port(&listeners.pki));
    config.idp.public_url = format!("http://idp.localhost:{}", port(&listeners.idp));
    config.signer.public_url = format!("http://sign.localhost:{}", port(&listeners.signer));
    config.signer.issuer = config.idp.public_url.clone();
    config.demo.public_url = format!("http://demo.localhost:{}", port(&demo));
    let address = async |service| Secret::new(database::fresh(service, &layout.path("db")).await);
    config.database.ca = address("ca").await;
    config.database.idp = address("idp").await;
    config.database.signer = address("signer").await;
    (config, listeners, demo)
}

fn serve_demo(config: &Config, listener: TcpListener, secret: &str) -> tokio::task::JoinHandle<()> {
    let settings = signum_demo_rp::Settings {
        public_url: config.demo.public_url.parse().expect("an address"),
        issuer: config.idp.public_url.clone(),
        client_id: "demo-rp".to_owned(),
        client_secret: secret.to_owned(),
    };
    let app = signum_demo_rp::App::new(settings).expect("the demo relying party");
    tokio::spawn(async move {
        let _ = axum::serve(listener, signum_demo_rp::router(app)).await;
    })
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        .trim()
        .to_owned()
}
