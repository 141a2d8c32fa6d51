//! A CA without a token, with certificates in its database and officers with software keys.

use std::ops::Range;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use signum_core::contract::{AskedBy, CertificateState, StatusAction, StatusChange};
use signum_core::db::{Insert, Row, Value};
use signum_core::{Clock, Cx, DbError, Id, ManualClock, Timestamp, params};
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};

use super::super::{Plan, Predicate, Prepared, State};
use crate::approval::{ApprovalRequest, Kind};
use crate::authority::AuthorityName;
use crate::officer::store::accept;
use crate::officer::test_context::context;
use crate::officer::test_people::People;
use crate::officer::{Gesture, Pin};
use crate::{Config, Deps, Service};

static CERTIFICATES: LazyLock<Insert> = LazyLock::new(|| {
    let head =
        "INSERT INTO certificate (issuer, serial, profile, shard, idempotency_key, fingerprint, spki_sha256, tbs,
         tbs_sha256, not_before, not_after, reserved_at, certificate, issued_at, desk, key_kind)";
    Insert::new(head, 16, "")
});

/// No bulk action needs a key of the CA's.
pub struct NoToken;

#[async_trait]
impl Hsm for NoToken {
    async fn sign(&self, _: &KeyUri, _: SignatureAlgorithm, _: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, HsmError> {
        Err(HsmError::down("test"))
    }
    async fn public_key(&self, _: &KeyUri) -> Result<PublicKey, HsmError> {
        Err(HsmError::down("test"))
    }
    async fn generate(&self, _: &KeyUri, _: KeyAlgorithm) -> Result<PublicKey, HsmError> {
        Err(HsmError::down("test"))
    }
    async fn health(&self) -> Result<(), HsmError> {
        Err(HsmError::down("test"))
    }
}

/// `desk-1` asks, `admin-1` agrees.
pub struct Desk {
    pub service: Arc<Service>,
    pub cx: Cx,
    pub clock: Arc<ManualClock>,
    pub start: Timestamp,
    people: People,
    pub folder: tempfile::TempDir,
}

pub fn of_issuer(name: &str) -> Predicate {
    Predicate {
        issuer: Some(name.to_owned()),
        ..Predicate::default()
    }
}

pub fn serial(number: u32) -> Vec<u8> {
    [&[1], &Sha256::digest(number.to_be_bytes())[..16]].concat()
}

impl Desk {
    pub async fn new() -> Self {
        let (cx, clock, folder) = context().await;
        let mut people = People::default();
        let (genesis, first, _) = people.in_force();
        let pin = Pin { genesis, at_least: 1 };
        accept(&cx, Some(&pin), &first).await.unwrap();
        let config = Config {
            officers_genesis: genesis.to_string(),
            ..Config::default()
        };
        let hsm = Arc::new(NoToken);
        let service = Service::new(config, Deps { cx: cx.clone(), hsm }).unwrap();
        let start = clock.now();
        Self {
            service,
            cx,
            clock,
            start,
            people,
            folder,
        }
    }

    /// Even numbers are of `qsig`, odd ones of `auth`; every fourth pair has an RSA key of `desk-a`, the next one of `desk-b`.
    pub async fn certificates(&self, numbers: Range<u32>) {
        let now = self.cx.now();
        self.store(numbers.map(|number| row(number, now)).collect()).await;
    }

    pub async fn certificate(&self, number: u32, issued_at: Timestamp) {
        self.store(vec![row(number, issued_at)]).await;
    }

    async fn store(&self, rows: Vec<Vec<Value>>) {
        let rows = &rows;
        let stored = self
            .cx
            .db
            .run("store", |tx| async move { CERTIFICATES.rows(&tx, rows.clone()).await });
        assert_eq!(stored.await.unwrap(), rows.len() as u64);
        // Issued before whatever comes next.
        self.clock.advance(Duration::from_micros(1));
    }

    pub async fn ask(&mut self, prepared: &Prepared, officer: &str) -> ApprovalRequest {
        let (times, random) = ((self.cx.now(), Duration::from_secs(3_600)), self.cx.random.as_ref());
        let request = ApprovalRequest::new(
            Kind::BulkAction,
            prepared.hash(),
            &prepared.summary(),
            officer,
            times,
            random,
        );
        let gesture = self.people.gesture(officer, &request.asked());
        self.service.ask_approval(&request, &gesture).await.unwrap();
        request
    }

    /// One officer asks, another one agrees.
    pub async fn agreed(&mut self, kind: Kind, subject: [u8; 32], [asks, agrees]: [&str; 2]) {
        let (times, random) = ((self.cx.now(), Duration::from_secs(3_600)), self.cx.random.as_ref());
        let request = ApprovalRequest::new(kind, subject, "TEST", asks, times, random);
        let gesture = self.people.gesture(asks, &request.asked());
        self.service.ask_approval(&request, &gesture).await.unwrap();
        let gesture = self.people.gesture(agrees, &request.approved());
        self.service.approve(&request.hash(), agrees, &gesture).await.unwrap();
    }

    pub fn gesture(&mut self, officer: &str, challenge: &[u8; 32]) -> Gesture {
        self.people.gesture(officer, challenge)
    }

    /// Prepared, approved by two officers, running.
    pub async fn begun(&mut self, plan: Plan) -> Id<Prepared> {
        let prepared = self.service.prepare_bulk(plan).await.unwrap().prepared;
        let request = self.ask(&prepared, "desk-1").await;
        let gesture = self.people.gesture("admin-1", &request.approved());
        self.service
            .approve(&request.hash(), "admin-1", &gesture)
            .await
            .unwrap();
        let id = Id::from_bytes(prepared.id);
        self.service.approve_bulk(id).await.unwrap();
        self.service.run_bulk(id).await.unwrap();
        id
    }

    /// The job, until it is done.
    pub async fn finish(&self, id: Id<Prepared>) {
        for _ in 0..100 {
            self.clock.advance(Duration::from_secs(5));
            self.service.bulk_step().await.unwrap();
            if self.service.bulk_progress(id).await.unwrap().state == State::Done {
                return;
            }
        }
        panic!("it never ends");
    }

    pub async fn change(&self, number: u32, issuer: &str, action: StatusAction) {
        assert!(AuthorityName::parse(issuer).is_some());
        let change = StatusChange::new(&serial(number), action, AskedBy::Operator);
        self.service.change(&change).await.unwrap();
    }

    pub async fn state(&self, number: u32, issuer: &str) -> CertificateState {
        let number = if issuer == "auth" { number * 2 + 1 } else { number };
        let issuer = AuthorityName::parse(issuer);
        let known = self.service.state_at(issuer, &serial(number), self.cx.now()).await;
        known.unwrap().state
    }

    /// The address of its database.
    pub async fn url(&self) -> String {
        let cluster = std::env::var("SIGNUM_TEST_POSTGRES").unwrap_or_default();
        let Some((server, _)) = cluster.rsplit_once('/') else {
            return format!("sqlite:{}", self.folder.path().join("ca.sqlite").display());
        };
        let name = self
            .rows("SELECT CAST(current_database() AS TEXT) AS name", vec![])
            .await;
        format!("{server}/{}", name[0].get::<String>("name").unwrap())
    }

    pub async fn rows(&self, sql: &'static str, params: Vec<Value>) -> Vec<Row> {
        self.cx.db.all(sql, params).await.unwrap()
    }

    pub async fn write(&self, sql: &'static str, params: Vec<Value>) -> Result<u64, DbError> {
        let params = &params;
        self.cx
            .db
            .run("test", |tx| async move { tx.exec(sql, params.clone()).await })
            .await
    }

    pub async fn audited(&self, kind: &str) -> usize {
        self.rows("SELECT id FROM audit_event WHERE kind = $1", params![kind])
            .await
            .len()
    }

    /// Each of so many certificates has one entry and one event.
    pub async fn each_once(&self, id: Id<Prepared>, certificates: usize) {
        let entries = self
            .rows("SELECT serial FROM certificate_status WHERE action = $1", params![id])
            .await;
        let distinct = "SELECT DISTINCT serial FROM certificate_status WHERE sequence = 1";
        assert_eq!(
            (entries.len(), self.rows(distinct, vec![]).await.len()),
            (certificates, certificates)
        );
        assert_eq!(self.audited("certificate.suspended").await, certificates);
        let subjects = "SELECT DISTINCT subject FROM audit_event WHERE kind = 'certificate.suspended'";
        assert_eq!(self.rows(subjects, vec![]).await.len(), certificates);
        let progress = self.service.bulk_progress(id).await.unwrap();
        assert_eq!((progress.state, progress.changed), (State::Done, certificates as u64));
    }
}

fn row(number: u32, issued_at: Timestamp) -> Vec<Value> {
    let (issuer, profile) = match number % 2 {
        0 => ("qsig", "citizen-signature"),
        _ => ("auth", "citizen-authentication"),
    };
    let (key_kind, desk) = match number / 2 % 4 {
        0 => ("rsa", Some("desk-a")),
        1 => ("p256", Some("desk-b")),
        2 => ("rsa", None),
        _ => ("p384", None),
    };
    let hash: [u8; 32] = Sha256::digest(number.to_be_bytes()).into();
    let year = Duration::from_secs(365 * 86_400);
    params![
        issuer,
        serial(number),
        profile,
        0i64,
        &hash[..16],
        hash,
        hash,
        b"tbs".to_vec(),
        hash,
        issued_at,
        issued_at.plus(year),
        issued_at,
        b"certificate".to_vec(),
        issued_at,
        desk,
        key_kind,
    ]
}
