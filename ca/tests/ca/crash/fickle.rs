//! The real token behind an HSM that fails, hangs or loses its answer as the test says.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use signum_ca::{Deps, Replica, Service};
use signum_hsm_shim::local::Local;
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};
use tokio::sync::Notify;

use crate::house::{House, config};

/// What signing does.
#[derive(Clone, Copy)]
pub enum Does {
    Sign,
    Fail,
    /// Signs, and the answer is lost.
    Lose,
    /// Begins, and goes on when [`Fickle::go_on`] says so.
    Hang,
}

pub struct Fickle {
    token: Local,
    does: Mutex<Does>,
    sick: AtomicBool,
    begun: Notify,
    goes_on: Notify,
    /// Every signature that was made.
    made: Mutex<Vec<Vec<u8>>>,
}

impl Fickle {
    pub fn now(&self, does: Does) {
        *self.does.lock().unwrap() = does;
    }
    /// Its canary fails too.
    pub fn sick(&self) {
        self.sick.store(true, Ordering::SeqCst);
    }
    pub async fn begun(&self) {
        self.begun.notified().await;
    }
    pub fn go_on(&self) {
        self.goes_on.notify_one();
    }
    pub fn made(&self) -> Vec<Vec<u8>> {
        self.made.lock().unwrap().clone()
    }
}

#[async_trait]
impl Hsm for Fickle {
    async fn sign(&self, key: &KeyUri, how: SignatureAlgorithm, inputs: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, HsmError> {
        let does = *self.does.lock().unwrap();
        match does {
            Does::Fail => return Err(HsmError::down("test")),
            Does::Hang => {
                self.begun.notify_one();
                self.goes_on.notified().await;
            }
            Does::Sign | Does::Lose => {}
        }
        let signatures = self.token.sign(key, how, inputs).await?;
        self.made.lock().unwrap().extend(signatures.clone());
        match does {
            Does::Lose => Err(HsmError::SessionLost("test".to_owned())),
            _ => Ok(signatures),
        }
    }
    async fn public_key(&self, key: &KeyUri) -> Result<PublicKey, HsmError> {
        self.token.public_key(key).await
    }
    async fn generate(&self, key: &KeyUri, algorithm: KeyAlgorithm) -> Result<PublicKey, HsmError> {
        self.token.generate(key, algorithm).await
    }
    async fn health(&self) -> Result<(), HsmError> {
        match self.sick.load(Ordering::SeqCst) {
            true => Err(HsmError::down("test")),
            false => self.token.health().await,
        }
    }
}

/// Another process of the CA on the same database and token, behind such an HSM.
pub fn on(house: &House, does: Does) -> (Arc<Service>, Arc<Fickle>) {
    replica(house, does, [0; 16])
}

/// The same as a replica with that id.
pub fn replica(house: &House, does: Does, id: [u8; 16]) -> (Arc<Service>, Arc<Fickle>) {
    let hsm = Arc::new(Fickle {
        token: Local::new(house.token.clone()),
        does: Mutex::new(does),
        sick: AtomicBool::new(false),
        begun: Notify::new(),
        goes_on: Notify::new(),
        made: Mutex::default(),
    });
    let deps = Deps {
        cx: house.cx.clone(),
        hsm: hsm.clone(),
    };
    (Service::replica(config(), deps, Replica::new(id)).unwrap(), hsm)
}
