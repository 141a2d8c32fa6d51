//! For this crate's tests: a log's key in memory, which can be away.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;

use super::{Checkpoint, CheckpointSigner, SignerError, VerifierKey};

pub(super) const ORIGIN: &str = "signum.example/audit/idp";

pub(super) struct TestKey {
    key: PKey<Private>,
    verifier: VerifierKey,
    pub(super) away: AtomicBool,
}

impl TestKey {
    pub(super) fn new() -> Self {
        Self::named(ORIGIN)
    }

    pub(super) fn named(name: &str) -> Self {
        let key = PKey::generate_ed25519().unwrap();
        let public = key.raw_public_key().unwrap().try_into().unwrap();
        Self {
            verifier: VerifierKey::new(name, public).unwrap(),
            key,
            away: AtomicBool::new(false),
        }
    }

    pub(super) fn note(&self, checkpoint: &Checkpoint) -> String {
        let timed = self.signature(&checkpoint.message());
        checkpoint.note(&self.verifier, &timed, &self.signature(checkpoint.text().as_bytes()))
    }

    pub(super) fn signature(&self, message: &[u8]) -> [u8; 64] {
        let mut signer = Signer::new_without_digest(&self.key).unwrap();
        signer.sign_oneshot_to_vec(message).unwrap().try_into().unwrap()
    }
}

#[async_trait]
impl CheckpointSigner for TestKey {
    fn key(&self) -> &VerifierKey {
        &self.verifier
    }
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(SignerError("away".to_owned()));
        }
        Ok(self.signature(message))
    }
}
