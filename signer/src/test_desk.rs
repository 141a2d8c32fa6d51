//! Tests only: a signer with a real database, software authenticators, and stand-ins for its neighbours.
//!
//! The stand-in module checks the gesture over the commitment and counts its signatures; the real one, its HSM and the real CA
//! are exercised in tests/it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use openssl::hash::MessageDigest;
use openssl::x509::{X509, X509Req, X509ReqBuilder};
use serde_json::Value as Json;
use signum_activation::protocol::{Activation, DocumentSignature, Refusal, SealedSet, StoredKey, Ticket, Voucher};
use signum_core::contract::{
    CertificateAuthority, CertificateRequest, CertificateStatus, ContractError, IssuedCertificate, PersonName,
    TimeStamping,
};
use signum_core::db::{CORE_MIGRATIONS, DbUrl};
use signum_core::http::{CookieKit, Csrf};
use signum_core::{Clock, Cx, Db, ManualClock, OsRandom, SystemClock, params};
use signum_gesture::{Authenticator, RelyingParty, assertion};
use signum_softauth::SoftAuthenticator;
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::enrol::{self, Certified, Stage};
use crate::module::{Activated, ModuleError, SigningModule};
use crate::officers::Officers;
use crate::person::{self, Person};
use crate::provider::Provider;
use crate::service::Signer;
use crate::test_key::{Role, TestKey};

pub(crate) const ORIGIN: &str = "http://sign.localhost:8082";
const TICKET_SECONDS: i64 = 300;

/// Stand-ins for module, CA, status and time stamps, with switches.
pub(crate) struct Neighbours {
    root: TestKey,
    tsa: TestKey,
    key: TestKey,
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    tickets: Mutex<u8>,
    pub signatures: AtomicU32,
    pub ca_calls: Mutex<Vec<[u8; 16]>>,
    pub ca_away: AtomicBool,
    pub tsa_away: AtomicBool,
}

/// A signer and one person.
pub(crate) struct Desk {
    pub signer: Arc<Signer>,
    pub neighbours: Arc<Neighbours>,
    pub clock: Arc<ManualClock>,
    pub person: Person,
    pub authenticator: SoftAuthenticator,
    pub officers: [SoftAuthenticator; 2],
    _folder: tempfile::TempDir,
}

impl Desk {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&DbUrl::sqlite(&folder.path().join("signer.sqlite")))
            .await
            .unwrap();
        db.migrate(CORE_MIGRATIONS).await.unwrap();
        db.migrate(crate::MIGRATIONS).await.unwrap();
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let cx = Cx {
            db,
            clock: clock.clone(),
            random: Arc::new(OsRandom),
        };
        let neighbours = Arc::new(Neighbours::new(clock.clone()));
        let officers = [officer(), officer()];
        let file = folder.path().join("officers.json");
        std::fs::write(&file, officers_file(&officers)).unwrap();
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
            csrf: Csrf::new([1; 32]),
            cookies: CookieKit::new(&url),
            readers: Semaphore::new(2),
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
        let pending = enrol::pending(&self.signer.cx).await.unwrap();
        let challenge = pending
            .iter()
            .find(|one| one.enrolment.id == id)
            .map_or([0; 32], |one| one.challenge);
        let ids = [officer.authenticator.credential_id.clone()];
        let options = signum_gesture::options::request_options(&challenge, &officer.rp, &ids);
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

/// An officer's authenticator with its passkey.
fn officer() -> SoftAuthenticator {
    let mut authenticator = SoftAuthenticator::new();
    let rp = RelyingParty {
        id: "sign.localhost".to_owned(),
        origin: ORIGIN.to_owned(),
    };
    let user = signum_gesture::options::User {
        handle: b"officer",
        name: "TEST",
        display_name: "TEST",
    };
    let options = signum_gesture::options::creation_options(&[1; 32], &rp, "TEST", user, &[]);
    authenticator.create(&options, ORIGIN).unwrap();
    authenticator
}

fn officers_file(officers: &[SoftAuthenticator; 2]) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let one = |number: usize| {
        let credential = &officers[number].credentials[0];
        serde_json::json!({
            "id": format!("officer-{number}"), "name": "TEST",
            "rp": { "id": "sign.localhost", "origin": ORIGIN },
            "authenticator": {
                "credential_id": URL_SAFE_NO_PAD.encode(&credential.id),
                "cose_key": URL_SAFE_NO_PAD.encode(credential.cose_key().unwrap()),
                "aaguid": hex::encode([0; 16]), "backup_eligible": false, "counter": 0,
            },
        })
    };
    Json::Array(vec![one(0), one(1)]).to_string()
}

impl Neighbours {
    fn new(clock: Arc<ManualClock>) -> Self {
        let root = TestKey::new("TEST Root", &Role::Authority, 1, None);
        Self {
            tsa: TestKey::new("TEST TSA", &Role::TimeStamping, 3, Some(&root)),
            key: TestKey::new("TEST Signer", &Role::Signer, 2, Some(&root)),
            root,
            folder: tempfile::tempdir().unwrap(),
            clock,
            tickets: Mutex::new(0),
            signatures: AtomicU32::new(0),
            ca_calls: Mutex::new(Vec::new()),
            ca_away: AtomicBool::new(false),
            tsa_away: AtomicBool::new(false),
        }
    }

    /// DER of a certificate of another key.
    pub fn another_certificate(&self) -> Vec<u8> {
        self.tsa.der()
    }
}

#[async_trait]
impl SigningModule for Neighbours {
    async fn ready(&self) -> Result<(), ModuleError> {
        Ok(())
    }

    async fn create_key(&self, credential: [u8; 16], person: [u8; 32]) -> Result<(StoredKey, Vec<u8>), ModuleError> {
        let mut request: X509ReqBuilder = X509Req::builder().unwrap();
        request.set_pubkey(&self.key.key).unwrap();
        request.sign(&self.key.key, MessageDigest::sha256()).unwrap();
        let key = StoredKey {
            credential,
            person,
            epoch: 1,
            spki: self.key.key.public_key_to_der().unwrap(),
            blob: vec![1],
            binding: vec![2],
        };
        Ok((key, request.build().to_der().unwrap()))
    }

    async fn seal(
        &self,
        key: StoredKey,
        _: Vec<u8>,
        authenticator: Authenticator,
        vouchers: Vec<Voucher>,
    ) -> Result<SealedSet, ModuleError> {
        if vouchers.len() != 2 {
            return Err(ModuleError::Refused(Refusal::Voucher("two are needed".to_owned())));
        }
        Ok(SealedSet {
            credential: key.credential,
            person: key.person,
            version: 1,
            authenticators: vec![authenticator],
            certificate_request: [0; 32],
            vouchers: [0; 32],
            seal: vec![3],
        })
    }

    async fn begin(&self) -> Result<Ticket, ModuleError> {
        let mut tickets = self.tickets.lock().unwrap();
        *tickets += 1;
        let deadline = self.clock.now().seconds() + TICKET_SECONDS;
        Ok(Ticket {
            nonce: [*tickets; 32],
            deadline,
            mac: [0; 32],
        })
    }

    async fn activate(&self, activation: Activation) -> Result<Activated, ModuleError> {
        let rp = RelyingParty {
            id: "sign.localhost".to_owned(),
            origin: ORIGIN.to_owned(),
        };
        let challenge = activation.commitment.hash();
        let authenticator = &activation.set.authenticators[0];
        let verified = assertion::verify(
            &activation.assertion,
            authenticator,
            &rp,
            &challenge,
            activation.last_counter,
        )
        .map_err(|error| ModuleError::Refused(Refusal::Gesture(error.to_string())))?;
        self.signatures.fetch_add(1, Ordering::SeqCst);
        let signed_attributes = self.key.attributes(&activation.commitment.documents[0].byte_range);
        let signature = self.key.sign(&signed_attributes);
        Ok(Activated {
            signatures: vec![DocumentSignature {
                signed_attributes,
                signature,
            }],
            counter: verified.counter,
        })
    }
}

#[async_trait]
impl CertificateAuthority for Neighbours {
    async fn issue(&self, request: CertificateRequest) -> Result<IssuedCertificate, ContractError> {
        self.ca_calls.lock().unwrap().push(request.idempotency_key);
        if self.ca_away.load(Ordering::SeqCst) {
            return Err(ContractError::Unavailable("test".to_owned()));
        }
        X509Req::from_der(&request.pkcs10).unwrap();
        Ok(IssuedCertificate {
            certificate: self.key.der(),
            chain: vec![self.root.der()],
        })
    }

    async fn revoke(&self, _: &[u8], _: u8) -> Result<(), ContractError> {
        Err(ContractError::NotFound)
    }
}

#[async_trait]
impl CertificateStatus for Neighbours {
    async fn ocsp(&self, certificate: &[u8], issuer: &[u8]) -> Result<Vec<u8>, ContractError> {
        X509::from_der(certificate).unwrap();
        X509::from_der(issuer).unwrap();
        Ok(vec![4])
    }
}

#[async_trait]
impl TimeStamping for Neighbours {
    async fn time_stamp(&self, request: &[u8]) -> Result<Vec<u8>, ContractError> {
        match self.tsa_away.load(Ordering::SeqCst) {
            true => Err(ContractError::Unavailable("test".to_owned())),
            false => Ok(self.tsa.time_stamp(self.folder.path(), request)),
        }
    }
}
