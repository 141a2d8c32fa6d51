//! Tests only: a signer with a real database, software authenticators, and stand-ins for its neighbours.
//!
//! The stand-in module checks the gesture over the commitment and counts its signatures; the real one, its HSM and the real CA
//! are exercised in tests/it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod neighbours;

use std::sync::Arc;

use serde_json::Value as Json;
use signum_core::contract::PersonName;
use signum_core::db::{CORE_MIGRATIONS, DbUrl};
use signum_core::http::{CookieKit, Csrf, CsrfKey};
use signum_core::{Clock, Cx, Db, ManualClock, OsRandom, Random, SystemClock, params};
use signum_gesture::RelyingParty;
use signum_softauth::SoftAuthenticator;
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::enrol::{self, Certified, Stage};
use crate::officers::Officers;
use crate::person::{self, Person};
use crate::provider::Provider;
use crate::service::Signer;

pub(crate) use neighbours::{Behaviour as ModuleBehaviour, Neighbours};

pub(crate) const ORIGIN: &str = "http://sign.localhost:8082";
/// Where officers log in.
pub(crate) const DESK_ORIGIN: &str = "http://desk.sign.localhost:8082";

/// A signer and one person.
pub(crate) struct Desk {
    pub signer: Arc<Signer>,
    pub neighbours: Arc<Neighbours>,
    pub clock: Arc<ManualClock>,
    pub person: Person,
    pub authenticator: SoftAuthenticator,
    /// What the officers vouch with.
    pub officers: [SoftAuthenticator; 2],
    /// What they log in with, on the desk's own origin.
    pub log_ins: [SoftAuthenticator; 2],
    _folder: tempfile::TempDir,
}

impl Desk {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&database(&folder).await).await.unwrap();
        db.migrate(CORE_MIGRATIONS).await.unwrap();
        db.migrate(crate::MIGRATIONS).await.unwrap();
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let cx = Cx {
            db,
            clock: clock.clone(),
            random: Arc::new(OsRandom),
        };
        let neighbours = Arc::new(Neighbours::new(clock.clone()));
        let officers = [(); 2].map(|()| officer("sign.localhost", ORIGIN));
        let log_ins = [(); 2].map(|()| officer("desk.sign.localhost", DESK_ORIGIN));
        let file = folder.path().join("officers.json");
        std::fs::write(&file, officers_file(&officers, &log_ins)).unwrap();
        let name = PersonName {
            given_name: "Testa".to_owned(),
            surname: "Shembulli".to_owned(),
            personal_number: "1234567892".to_owned(),
        };
        let person = Person::new("XK", name);
        let (context, stored) = (&cx, &person);
        cx.db
            .run::<_, signum_core::DbError, _, _>("test", |tx| async move { person::keep(&tx, context, stored).await })
            .await
            .unwrap();
        let config = Config {
            public_url: ORIGIN.to_owned(),
            ..Config::default()
        };
        let url = config.origin().unwrap();
        let client = crate::client().unwrap();
        let provider = Provider::new(&config, "secret".to_owned().into(), client, clock.clone());
        let signer = Signer {
            csrf: Csrf::new(CsrfKey::random(&OsRandom)),
            cookies: CookieKit::new(&url),
            readers: Arc::new(Semaphore::new(2)),
            unbroken: crate::unbroken::Unbroken::default(),
            rp: RelyingParty {
                id: "sign.localhost".to_owned(),
                origin: ORIGIN.to_owned(),
            },
            officers: Officers::read(&file).unwrap(),
            provider,
            ca: neighbours.clone(),
            status: neighbours.clone(),
            tsa: neighbours.clone(),
            module: neighbours.clone(),
            cx,
            config,
            url,
        };
        Self {
            signer: Arc::new(signer),
            neighbours,
            clock,
            person,
            authenticator: SoftAuthenticator::new(),
            officers,
            log_ins,
            _folder: folder,
        }
    }

    /// One who may sign.
    pub async fn enrolled() -> Self {
        let mut desk = Self::new().await;
        let id = desk.with_passkey().await;
        for number in [0, 1] {
            desk.vouch(id, number).await.unwrap();
        }
        desk
    }

    /// Begins an enrolment and makes the signing passkey.
    pub async fn with_passkey(&mut self) -> signum_core::Id<enrol::Enrolment> {
        let enrolment = enrol::begin(&self.signer, &self.person.reference).await.unwrap();
        let options = enrol::options(&self.signer, enrolment.id, &self.person).await.unwrap();
        let credential = self.authenticator.create(&options, ORIGIN).unwrap();
        enrol::register(&self.signer, enrolment.id, &self.person, &credential)
            .await
            .unwrap();
        enrolment.id
    }

    pub async fn vouch(
        &mut self,
        id: signum_core::Id<enrol::Enrolment>,
        number: usize,
    ) -> Result<enrol::Enrolment, enrol::EnrolError> {
        let officer = self.signer.officers.find(&format!("officer-{number}")).unwrap().clone();
        let pending = enrol::pending(&self.signer, &officer).await.unwrap();
        let challenge = pending
            .iter()
            .find(|one| one.enrolment.id == id)
            .map_or([0; 32], |one| one.challenge);
        let ids = [officer.vouching.authenticator.credential_id.clone()];
        let options = signum_gesture::options::request_options(&challenge, &officer.vouching.rp, &ids);
        let credential = self.officers[number].get(&options, ORIGIN).unwrap();
        enrol::vouch(&self.signer, id, &officer, &credential).await
    }

    pub async fn stage(&self) -> Option<Stage> {
        let enrolment = enrol::of_person(&self.signer.cx, &self.person.reference).await.unwrap();
        enrolment.map(|enrolment| enrolment.stage)
    }

    pub async fn certified(&self) -> Certified {
        match self.stage().await {
            Some(Stage::Ready(certified)) => *certified,
            other => panic!("{other:?}"),
        }
    }

    /// How many audit events of this kind have this in their detail.
    pub async fn audited(&self, kind: &'static str, detail: &str) -> usize {
        let rows = self
            .signer
            .cx
            .db
            .all("SELECT detail FROM audit_event WHERE kind = $1", params![kind])
            .await
            .unwrap();
        rows.iter()
            .filter(|row| row.get::<String>("detail").unwrap().contains(detail))
            .count()
    }

    /// Runs a statement as somebody with the database's password would.
    pub async fn tamper(&self, sql: &'static str, values: Vec<signum_core::db::Value>) {
        let values = &values;
        let changed = self
            .signer
            .cx
            .db
            .run::<_, signum_core::DbError, _, _>("test", |tx| async move { tx.exec(sql, values.clone()).await })
            .await;
        assert_eq!(changed.unwrap(), 1);
    }
}

/// An officer's authenticator with its passkey for `host`.
fn officer(host: &str, origin: &str) -> SoftAuthenticator {
    let mut authenticator = SoftAuthenticator::new();
    let rp = RelyingParty {
        id: host.to_owned(),
        origin: origin.to_owned(),
    };
    let user = signum_gesture::options::User {
        handle: b"officer",
        name: "TEST",
        display_name: "TEST",
    };
    let options = signum_gesture::options::creation_options(&[1; 32], &rp, "TEST", user, &[]);
    authenticator.create(&options, origin).unwrap();
    authenticator
}

fn officers_file(officers: &[SoftAuthenticator; 2], log_ins: &[SoftAuthenticator; 2]) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let key = |authenticator: &SoftAuthenticator| {
        let credential = &authenticator.credentials[0];
        serde_json::json!({
            "credential_id": URL_SAFE_NO_PAD.encode(&credential.id),
            "cose_key": URL_SAFE_NO_PAD.encode(credential.cose_key().unwrap()),
            "aaguid": hex::encode([0; 16]), "backup_eligible": false, "counter": 0,
        })
    };
    let one = |number: usize| {
        serde_json::json!({
            "id": format!("officer-{number}"), "name": "TEST",
            "rp": { "id": "sign.localhost", "origin": ORIGIN },
            "authenticator": key(&officers[number]),
            "log_in": {
                "rp": { "id": "desk.sign.localhost", "origin": DESK_ORIGIN },
                "authenticator": key(&log_ins[number]),
            },
        })
    };
    Json::Array(vec![one(0), one(1)]).to_string()
}

/// PostgreSQL when `SIGNUM_TEST_POSTGRES` names a cluster, else SQLite.
async fn database(folder: &tempfile::TempDir) -> DbUrl {
    let cluster = std::env::var("SIGNUM_TEST_POSTGRES").unwrap_or_default();
    if cluster.is_empty() {
        return DbUrl::sqlite(&folder.path().join("signer.sqlite"));
    }
    let random: &dyn Random = &OsRandom;
    let name = format!("signer_{}", hex::encode(random.bytes::<8>()));
    let maintenance = Db::open(&cluster.clone().try_into().unwrap()).await.unwrap();
    let create: &'static str = Box::leak(format!("CREATE DATABASE {name}").into_boxed_str());
    maintenance.opt(create, vec![]).await.unwrap();
    maintenance.close().await;
    let (server, _) = cluster.rsplit_once('/').unwrap();
    format!("{server}/{name}").try_into().unwrap()
}
