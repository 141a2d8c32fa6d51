//! Tests only: stand-ins for the signing module, the CA, its status and its time stamps, with switches.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use openssl::hash::MessageDigest;
use openssl::x509::{X509, X509Req, X509ReqBuilder};
use signum_activation::protocol::{
    Activation, DocumentSignature, Outcome, Refusal, SealedSet, StoredKey, Ticket, Voucher,
};
use signum_core::contract::{
    AskedBy, CertificateAuthority, CertificateRequest, CertificateStatus, ContractError, IssuedCertificate, KeyOrigin,
    StatusAction, StatusAt, StatusChange, TimeStamping,
};
use signum_core::{Clock, ManualClock, Timestamp};
use signum_gesture::{Authenticator, RelyingParty, assertion};

use tokio::sync::Notify;

use super::ORIGIN;
use crate::module::{Activated, ModuleError, SigningModule};
use crate::test_key::{Role, TestKey};

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
    /// The module makes no keys.
    pub keys_away: AtomicBool,
    /// Serial numbers and reasons.
    pub revoked: Mutex<Vec<(Vec<u8>, u8)>>,
    /// What each commitment came to, as the module remembers it.
    outcomes: Mutex<HashMap<[u8; 32], Outcome>>,
    pub module: Mutex<Behaviour>,
    /// Told when an activation has begun; with [`Behaviour::Waits`] it goes on after `go_on`.
    pub begun: Notify,
    pub go_on: Notify,
    pub tsa_away: AtomicBool,
}

/// How the module's answers to activations arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Answers,
    /// It answers when the test says so.
    Waits,
    /// It signs, but the answer is lost.
    LosesAnswers,
    /// It cannot be reached.
    Away,
    /// It signs, the answer is lost, and so is its memory: another process.
    Restarts,
    /// It panics in the web tier, as nothing should.
    Panics,
}

impl Neighbours {
    pub fn module_will(&self, behaviour: Behaviour) {
        *self.module.lock().unwrap() = behaviour;
    }

    fn behaviour(&self) -> Behaviour {
        *self.module.lock().unwrap()
    }
    pub fn new(clock: Arc<ManualClock>) -> Self {
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
            keys_away: AtomicBool::new(false),
            revoked: Mutex::default(),
            outcomes: Mutex::default(),
            module: Mutex::new(Behaviour::Answers),
            begun: Notify::new(),
            go_on: Notify::new(),
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

    async fn create_key(
        &self,
        credential: [u8; 16],
        person: [u8; 32],
        _: Authenticator,
    ) -> Result<(StoredKey, Vec<u8>), ModuleError> {
        if self.keys_away.load(Ordering::SeqCst) {
            return Err(ModuleError::Away("test".to_owned()));
        }
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
            first_set: vec![5],
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

    async fn key_origin(&self, _: StoredKey, pkcs10: Vec<u8>, _: SealedSet) -> Result<Vec<u8>, ModuleError> {
        Ok(pkcs10)
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
        if self.outcomes.lock().unwrap().contains_key(&challenge) {
            return Err(ModuleError::Refused(Refusal::Replayed));
        }
        self.begun.notify_one();
        match self.behaviour() {
            Behaviour::Waits => self.go_on.notified().await,
            Behaviour::Away => return Err(ModuleError::Away("test".to_owned())),
            Behaviour::Panics => panic!("test"),
            Behaviour::Answers | Behaviour::LosesAnswers | Behaviour::Restarts => {}
        }
        self.signatures.fetch_add(1, Ordering::SeqCst);
        let signed_attributes = self.key.attributes(&activation.commitment.documents[0].byte_range);
        let signatures = vec![DocumentSignature {
            signature: self.key.sign(&signed_attributes),
            signed_attributes,
        }];
        let counter = verified.counter;
        let outcome = match self.behaviour() {
            Behaviour::Restarts => Outcome::Lost,
            _ => Outcome::Signed {
                signatures: signatures.clone(),
                counter,
            },
        };
        self.outcomes.lock().unwrap().insert(challenge, outcome);
        match self.behaviour() {
            Behaviour::LosesAnswers | Behaviour::Restarts => Err(ModuleError::Away("test".to_owned())),
            _ => Ok(Activated { signatures, counter }),
        }
    }

    async fn settle(&self, challenge: [u8; 32]) -> Result<Outcome, ModuleError> {
        if self.behaviour() == Behaviour::Away {
            return Err(ModuleError::Away("test".to_owned()));
        }
        let mut outcomes = self.outcomes.lock().unwrap();
        Ok(outcomes.entry(challenge).or_insert(Outcome::NotSigned).clone())
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
        let statement = request.pkcs10;
        assert_eq!(request.key_origin, KeyOrigin::SigningModule { statement });
        Ok(IssuedCertificate {
            certificate: self.key.der(),
            chain: vec![self.root.der()],
        })
    }

    async fn change_status(&self, change: StatusChange) -> Result<(), ContractError> {
        if self.ca_away.load(Ordering::SeqCst) {
            return Err(ContractError::Unavailable("test".to_owned()));
        }
        assert!(matches!(change.asked_by, AskedBy::Holder(_)) && change.asked_by.is_reference());
        let StatusAction::Revoke { reason } = change.action else {
            panic!("the signer only revokes")
        };
        self.revoked.lock().unwrap().push((change.serial, reason));
        Ok(())
    }
}

#[async_trait]
impl CertificateStatus for Neighbours {
    async fn ocsp(&self, certificate: &[u8], issuer: &[u8]) -> Result<Vec<u8>, ContractError> {
        X509::from_der(certificate).unwrap();
        X509::from_der(issuer).unwrap();
        Ok(vec![4])
    }

    async fn status_at(&self, _: &[u8], _: Timestamp) -> Result<StatusAt, ContractError> {
        Err(ContractError::NotFound)
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
