//! The process that is killed: a whole CA on its workers, seen through a shim that writes down every signature.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use signum_ca::{Config, Deps, MIGRATIONS, Point, Replica, Service, Watch};
use signum_core::contract::{CertificateAuthority, CertificateRequest, KeyOrigin, LeafProfile};
use signum_core::db::CORE_MIGRATIONS;
use signum_core::{Cx, Db, OsRandom, Random, SystemClock};
use signum_hsm_shim::init::{NewToken, create_pin_file};
use signum_hsm_shim::token::{PinSource, TokenConfig};
use signum_hsm_shim::worker::{AllowList, Operation};
use signum_hsm_shim::workers::{Workers, WorkersConfig, init_token_apart};
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri, PublicKey, SignRequest, SignatureAlgorithm};

use super::books;
use super::ledger::Ledger;
use crate::house::{self, key, pkcs10, request};

/// Requests of a round, from as many tasks as there are certificates before the kill.
const TASKS: u8 = 4;
const EACH: u8 = 3;
/// The replica that crashes and comes back.
const REPLICA: [u8; 16] = [7; 16];
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// What the shim saw of the HSM.
#[derive(Serialize, Deserialize)]
pub struct Seen {
    pub key: String,
    pub digest: Vec<u8>,
}

/// A certificate that a caller was given.
#[derive(Serialize, Deserialize)]
pub struct Acknowledged {
    pub idempotency_key: [u8; 16],
    pub certificate: Vec<u8>,
}

#[tokio::main]
pub async fn run(directory: &Path, point: Option<Point>) {
    let workers = workers(directory).await;
    let cx = Cx {
        db: database(directory).await,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
    };
    cx.db.migrate(CORE_MIGRATIONS).await.unwrap();
    cx.db.migrate(MIGRATIONS).await.unwrap();
    let executioner = Arc::new(Executioner {
        point,
        // Several intents are under way by then.
        left: AtomicUsize::new(usize::MAX),
    });
    let deps = Deps {
        cx: cx.clone(),
        hsm: Arc::new(Witness {
            workers: workers.clone(),
            seen: Ledger::open(directory, "seen"),
        }),
    };
    let replica = Replica {
        id: REPLICA,
        watch: executioner.clone(),
    };
    let service = Service::replica(config(directory), deps, replica).unwrap();
    let closed = service.close_left_intents().await.unwrap();
    service.ceremony().await.unwrap();
    books::check(directory, &cx, closed).await;
    repeat_what_was_not_answered(directory, &cx, &service).await;
    executioner.left.store(5, Ordering::SeqCst);
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (service, directory) = (service.clone(), directory.to_owned());
            tokio::spawn(async move {
                for _ in 0..EACH {
                    ask(&directory, &service, fresh()).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(point.is_none(), "{point:?} was never reached");
    workers.stop().await;
}

async fn ask(directory: &Path, service: &Service, request: CertificateRequest) {
    Ledger::open(directory, "asked").add(&request);
    let idempotency_key = request.idempotency_key;
    let issued = service.issue(request).await.unwrap();
    Ledger::open(directory, "acknowledged").add(&Acknowledged {
        idempotency_key,
        certificate: issued.certificate,
    });
}

/// What was stored before the kill is the answer still; everything else is issued anew, under another serial number.
async fn repeat_what_was_not_answered(directory: &Path, cx: &Cx, service: &Service) {
    let answered: Vec<Acknowledged> = Ledger::open(directory, "acknowledged").read();
    let asked: Vec<CertificateRequest> = Ledger::open(directory, "asked").read();
    for request in asked {
        if answered.iter().any(|a| a.idempotency_key == request.idempotency_key) {
            continue;
        }
        let before = books::rows(cx, &request.idempotency_key).await;
        let idempotency_key = request.idempotency_key;
        let issued = service.issue(request).await.unwrap();
        let serial = crate::issuance::serial(&issued.certificate);
        let known = before.iter().find(|row| row.serial == serial);
        assert_eq!(known.is_some(), before.iter().any(|row| row.is_issued), "a repeat");
        assert!(
            known.is_none_or(|row| row.is_issued),
            "an abandoned serial number came again"
        );
        Ledger::open(directory, "acknowledged").add(&Acknowledged {
            idempotency_key,
            certificate: issued.certificate,
        });
    }
}

fn fresh() -> CertificateRequest {
    let random: &dyn Random = &OsRandom;
    CertificateRequest {
        idempotency_key: random.bytes(),
        key_origin: KeyOrigin::Unknown,
        ..request(0, LeafProfile::CitizenSignature, pkcs10(&key()))
    }
}

fn config(directory: &Path) -> Config {
    Config {
        public_url: "http://pki.example.org".to_owned(),
        statement_key_file: directory.join("statement-key.der"),
        signature_keys_of_unknown_origin: true,
        ..Config::default()
    }
}

/// Kills this process at the fifth issuance that reaches the point.
struct Executioner {
    point: Option<Point>,
    left: AtomicUsize,
}

impl Watch for Executioner {
    fn reached(&self, point: Point) {
        let counts = self.point == Some(point) && self.left.load(Ordering::SeqCst) != usize::MAX;
        if counts && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let own = rustix::process::getpid();
            rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
        }
    }
}

/// The workers, and a line for every digest before they see it.
struct Witness {
    workers: Arc<Workers>,
    seen: Ledger,
}

#[async_trait]
impl Hsm for Witness {
    async fn sign(&self, key: &KeyUri, how: SignatureAlgorithm, inputs: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, HsmError> {
        self.sign_request(SignRequest::new(key, how, inputs)).await
    }
    async fn sign_request(&self, request: SignRequest<'_>) -> Result<Vec<Vec<u8>>, HsmError> {
        for digest in request.inputs {
            self.seen.add(&Seen {
                key: request.key.object.clone(),
                digest: digest.clone(),
            });
        }
        self.workers.sign_request(request).await
    }
    async fn public_key(&self, key: &KeyUri) -> Result<PublicKey, HsmError> {
        self.workers.public_key(key).await
    }
    async fn generate(&self, key: &KeyUri, algorithm: KeyAlgorithm) -> Result<PublicKey, HsmError> {
        self.workers.generate(key, algorithm).await
    }
    async fn health(&self) -> Result<(), HsmError> {
        self.workers.health().await
    }
}

/// The token's worker process; both are made in the first round.
async fn workers(directory: &Path) -> Arc<Workers> {
    let conf = directory.join("softhsm2.conf");
    let env = vec![("SOFTHSM2_CONF".to_owned(), conf.display().to_string())];
    if !directory.join("user.pin").exists() {
        let random: &dyn Random = &OsRandom;
        let pin = |name: &str| create_pin_file(&directory.join(name), |bytes| random.fill(bytes)).unwrap();
        let new = NewToken {
            module: MODULE.into(),
            label: Config::default().token,
            so_pin: pin("so.pin"),
            user_pin: pin("user.pin"),
        };
        init_token_apart(&worker(), &env, &new).await.unwrap();
    }
    let token = TokenConfig {
        module: MODULE.into(),
        token: Config::default().token,
        pin: PinSource::File(directory.join("user.pin")),
        sessions: 1,
    };
    let sockets = tempfile::tempdir_in(directory).unwrap().keep();
    let config = WorkersConfig {
        deadline: Duration::from_secs(30),
        allow: AllowList::default().and("*", &[Operation::Generate]),
        ..WorkersConfig::new(&worker(), &env, token, &sockets)
    };
    Arc::new(Workers::start(config).await.unwrap())
}

/// Built by `cargo build`, beside the folder of this executable.
fn worker() -> PathBuf {
    let worker = std::env::current_exe()
        .unwrap()
        .parent()
        .unwrap()
        .join("../signum-hsm-worker");
    assert!(worker.exists(), "cargo build -p signum-hsm-shim first");
    worker
}

/// The same database in every round.
async fn database(directory: &Path) -> Db {
    let address = directory.join("address");
    if !address.exists() {
        std::fs::write(&address, house::new_database(directory).await).unwrap();
    }
    house::open_database(std::fs::read_to_string(address).unwrap()).await
}
