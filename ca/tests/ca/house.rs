//! A CA in an empty folder: token, database, manual clock. `SOFTHSM2_CONF` belongs to a whole process, so each test has one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock};

use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use openssl::x509::{X509NameBuilder, X509ReqBuilder};
use sha2::{Digest, Sha256};
use signum_ca::{Config, Deps, MIGRATIONS, Service};
use signum_core::contract::{CertificateRequest, KeyOrigin, LeafProfile, PersonName};
use signum_core::db::{CORE_MIGRATIONS, DbUrl};
use signum_core::{Cx, Db, ManualClock, OsRandom, Random, Timestamp};
use signum_hsm_shim::init::{NewToken, create_pin_file, init_token, softhsm_conf};
use signum_hsm_shim::local::Local;
use signum_hsm_shim::token::{PinSource, Token, TokenConfig};
use signum_pki::key_origin::{KeyOrigin as Stated, WRAPPED_P256, person_reference};

pub const DIRECTORY: &str = "SIGNUM_CA_TEST_DIRECTORY";
const TOKEN: &str = "signum-ca";

/// A CA whose clock the test moves.
pub struct House {
    pub service: Arc<Service>,
    pub clock: Arc<ManualClock>,
    pub cx: Cx,
    pub token: Arc<Token>,
}

/// Runs `test` in a child process whose SoftHSM configuration points into an empty folder.
pub fn in_own_process<Fut: Future<Output = ()>>(test: impl FnOnce(PathBuf) -> Fut) {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        return runtime.block_on(test(PathBuf::from(directory)));
    }
    let directory = tempfile::tempdir().unwrap();
    let conf = softhsm_conf(directory.path()).unwrap();
    let name = std::thread::current().name().unwrap().to_owned();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([&name, "--exact", "--nocapture"])
        .env(DIRECTORY, directory.path())
        .env("SOFTHSM2_CONF", conf)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}\n{errors}");
}

/// Settings of the golden set: the addresses are under a real top-level domain, as linters want them.
pub fn config() -> Config {
    let directory = PathBuf::from(std::env::var_os(DIRECTORY).unwrap());
    let statement_key_file = directory.join("statement-key.der");
    std::fs::write(&statement_key_file, STATEMENT_KEY.public_key_to_der().unwrap()).unwrap();
    Config {
        public_url: "http://pki.example.org".to_owned(),
        statement_key_file,
        ..Config::default()
    }
}

/// A new token and database under `dir`, the ceremony not yet held.
pub async fn empty(dir: &Path, config: Config) -> House {
    let database = new_database(dir).await;
    over(dir, config, database).await
}

/// The same over the empty database at that address.
pub async fn over(dir: &Path, config: Config, database: String) -> House {
    let pin = |name: &str| create_pin_file(&dir.join(name), |bytes| (&OsRandom as &dyn Random).fill(bytes)).unwrap();
    let new = NewToken {
        module: PathBuf::from("/usr/lib/softhsm/libsofthsm2.so"),
        label: TOKEN.to_owned(),
        so_pin: pin("so.pin"),
        user_pin: pin("user.pin"),
    };
    init_token(&new).unwrap();
    let token = Arc::new(Token::open(token_config(dir)).unwrap());
    let db = open_database(database).await;
    db.migrate(CORE_MIGRATIONS).await.unwrap();
    db.migrate(MIGRATIONS).await.unwrap();
    let clock = Arc::new(ManualClock::at(signum_core::Clock::now(&signum_core::SystemClock)));
    let cx = Cx {
        db,
        clock: clock.clone(),
        random: Arc::new(OsRandom),
    };
    let service = service(config, &cx, &token);
    House {
        service,
        clock,
        cx,
        token,
    }
}

pub async fn open_database(url: String) -> Db {
    Db::open(&DbUrl::try_from(url).unwrap()).await.unwrap()
}

/// The address of a new database: an SQLite file, or one of the PostgreSQL cluster that `SIGNUM_TEST_POSTGRES` names.
pub async fn new_database(dir: &Path) -> String {
    let cluster = std::env::var("SIGNUM_TEST_POSTGRES").unwrap_or_default();
    let Some((server, _)) = cluster.rsplit_once('/') else {
        return format!("sqlite:{}", dir.join("ca.sqlite").display());
    };
    let name = format!("signum_ca_{}", hex::encode((&OsRandom as &dyn Random).bytes::<8>()));
    // A test makes one: its statement may live as long as the process.
    let statement: &'static str = Box::leak(format!("CREATE DATABASE {name}").into_boxed_str());
    let maintenance = open_database(cluster.clone()).await;
    maintenance.all(statement, vec![]).await.unwrap();
    maintenance.close().await;
    format!("{server}/{name}")
}

/// A CA after its ceremony.
pub async fn open(dir: &Path, config: Config) -> House {
    let house = empty(dir, config).await;
    house.service.ceremony().await.unwrap();
    house
}

/// Another process's view of the same token and database.
pub fn service(config: Config, cx: &Cx, token: &Arc<Token>) -> Arc<Service> {
    let hsm = Arc::new(Local::new(Arc::clone(token)));
    Service::new(config, Deps { cx: cx.clone(), hsm }).unwrap()
}

pub fn token_config(dir: &Path) -> TokenConfig {
    TokenConfig {
        module: PathBuf::from("/usr/lib/softhsm/libsofthsm2.so"),
        token: TOKEN.to_owned(),
        pin: PinSource::File(dir.join("user.pin")),
        sessions: 4,
    }
}

impl House {
    pub fn now(&self) -> Timestamp {
        self.cx.now()
    }

    /// How many audit events of that kind there are.
    pub async fn audited(&self, kind: &str) -> usize {
        let rows = self
            .cx
            .db
            .all("SELECT id FROM audit_event WHERE kind = $1", signum_core::params![kind])
            .await;
        rows.unwrap().len()
    }
}

/// A person's key, as a card or the signing module would hold it.
pub fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

pub fn pkcs10(key: &PKey<Private>) -> Vec<u8> {
    pkcs10_signed_by(key, key)
}

/// A request for `key` signed with `signer`.
pub fn pkcs10_signed_by(key: &PKey<Private>, signer: &PKey<Private>) -> Vec<u8> {
    let mut request = X509ReqBuilder::new().unwrap();
    request.set_pubkey(key).unwrap();
    request
        .set_subject_name(&X509NameBuilder::new().unwrap().build())
        .unwrap();
    request.sign(signer, MessageDigest::sha256()).unwrap();
    request.build().to_der().unwrap()
}

/// The signing module's statement key, pinned by [`config`].
pub static STATEMENT_KEY: LazyLock<PKey<Private>> = LazyLock::new(key);

/// What the signing module would state about a key of [`request`]'s person.
pub fn origin(pkcs10: &[u8]) -> Stated {
    Stated {
        person: person_reference("PNOXK-1234567892"),
        credential: [1; 16],
        certificate_request: Sha256::digest(pkcs10).into(),
        vouchers: [2; 32],
        authenticators: [3; 32],
        attributes: WRAPPED_P256.to_owned(),
    }
}

/// The statement under a key.
pub fn stated(origin: &Stated, key: &PKey<Private>) -> KeyOrigin {
    let body = origin.to_be_signed().unwrap();
    let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
    let statement = Stated::assemble(&body, &signer.sign_oneshot_to_vec(&body).unwrap()).unwrap();
    KeyOrigin::SigningModule { statement }
}

pub fn request(number: u8, profile: LeafProfile, pkcs10: Vec<u8>) -> CertificateRequest {
    let key_origin = stated(&origin(&pkcs10), &STATEMENT_KEY);
    CertificateRequest {
        idempotency_key: [number; 16],
        profile,
        person: PersonName {
            given_name: "Ylbërë".to_owned(),
            surname: "Shembulli-Đorđević".to_owned(),
            personal_number: "1234567892".to_owned(),
        },
        pkcs10,
        key_origin,
    }
}
