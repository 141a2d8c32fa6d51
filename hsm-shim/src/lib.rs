//! A small interface through which Signum's services use any PKCS#11 module.
//!
//! A service holds an `Arc<dyn Hsm>` for one token. Private keys never leave the token, except wrapped under its master KEK.
//! Two implementations: [`Local`](local::Local) in this process, and [`Workers`](workers::Workers), which speaks to exec'd
//! `signum-hsm-worker` processes so that a crash or a hang of the module is not ours.

pub mod approval;
pub mod attest;
pub mod backup;
pub mod capabilities;
pub mod ceremony;
pub mod error;
pub mod frames;
pub mod health;
pub mod init;
pub mod key;
pub mod local;
mod queue;
mod raw;
pub mod shares;
pub mod token;
pub mod uri;
pub mod worker;
pub mod workers;
pub mod wrap;

use std::time::Duration;

use async_trait::async_trait;

pub use attest::Attestation;
pub use capabilities::Capabilities;
pub use error::HsmError;
pub use health::HealthReport;
pub use key::{KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};
pub use uri::Pkcs11Uri;

/// One signing: one key, any number of inputs, one activation of the key.
#[derive(Clone, Copy, Debug)]
pub struct SignRequest<'a> {
    pub key: &'a KeyUri,
    pub algorithm: SignatureAlgorithm,
    /// Digests for ECDSA and RSA, whole messages for Ed25519.
    pub inputs: &'a [Vec<u8>],
    /// SubjectPublicKeyInfo DER that relying parties will verify with; a token key that is another one is
    /// [`HsmError::PublicKeyMismatch`].
    pub expected: Option<&'a [u8]>,
    /// Longest the caller waits, queueing included; the HSM's own deadline if that is shorter.
    pub within: Option<Duration>,
}

impl<'a> SignRequest<'a> {
    /// With whatever key the token has under this address, and the HSM's own deadline.
    pub fn new(key: &'a KeyUri, algorithm: SignatureAlgorithm, inputs: &'a [Vec<u8>]) -> Self {
        Self {
            key,
            algorithm,
            inputs,
            expected: None,
            within: None,
        }
    }
}

/// One token of one PKCS#11 module.
#[async_trait]
pub trait Hsm: Send + Sync + 'static {
    /// Signs each of `inputs` with one key: digests for ECDSA and RSA, whole messages for Ed25519.
    ///
    /// ECDSA signatures come as `r || s` (PKCS#11 form; [`key::ecdsa_der`] converts). Every signature has been verified
    /// against the key's public half before it is returned: callers need not do it again. The order is that of `inputs`.
    async fn sign(
        &self,
        key: &KeyUri,
        algorithm: SignatureAlgorithm,
        inputs: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, HsmError>;

    /// As [`sign`](Self::sign), with what the caller knows about the key and with the caller's deadline.
    async fn sign_request(&self, request: SignRequest<'_>) -> Result<Vec<Vec<u8>>, HsmError> {
        let signing = async {
            if let Some(expected) = request.expected
                && self.public_key(request.key).await?.spki != expected
            {
                return Err(HsmError::PublicKeyMismatch(request.key.object.clone()));
            }
            self.sign(request.key, request.algorithm, request.inputs).await
        };
        match request.within {
            None => signing.await,
            Some(within) => tokio::time::timeout(within, signing)
                .await
                .unwrap_or(Err(HsmError::Timeout { maybe_executed: true })),
        }
    }

    /// The public half of exactly one key pair; two keys of one label are an error, never "the first one".
    async fn public_key(&self, key: &KeyUri) -> Result<PublicKey, HsmError>;

    /// Makes a token-resident, non-extractable key pair; [`HsmError::AlreadyExists`] when the label is taken.
    async fn generate(&self, key: &KeyUri, algorithm: KeyAlgorithm) -> Result<PublicKey, HsmError>;

    /// Whether a signature can be made now; makes one with a canary key.
    async fn health(&self) -> Result<(), HsmError>;

    /// How the token and its processes stand, without asking them; empty where nothing is counted.
    fn report(&self) -> HealthReport {
        HealthReport::default()
    }
}
