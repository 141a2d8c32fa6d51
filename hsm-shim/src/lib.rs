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
pub mod jws;
pub mod key;
pub mod local;
mod queue;
mod raw;
pub mod shares;
pub mod signer;
pub mod token;
pub mod uri;
pub mod worker;
pub mod workers;
pub mod wrap;

use std::time::Duration;

use async_trait::async_trait;
use zeroize::Zeroizing;

use approval::CeremonyFile;
use worker::{Answer, Reply, Request, unfitting};
use wrap::{KeyBinding, WrappedKey};

pub use attest::Attestation;
pub use capabilities::Capabilities;
pub use error::HsmError;
pub use health::HealthReport;
pub use key::{KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};
pub use uri::Pkcs11Uri;
pub use worker::Guards;

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

    /// Any request, as a worker understands it; the methods below are its readable forms. What an implementation does not
    /// have is [`HsmError::Unsupported`].
    async fn ask(&self, request: Request) -> Reply {
        Err(HsmError::Unsupported(format!("{} here", request.operation().name())))
    }

    /// As [`generate`](Self::generate), where the worker's rules want several officers' approvals.
    async fn generate_in_ceremony(
        &self,
        key: &KeyUri,
        algorithm: KeyAlgorithm,
        ceremony: &CeremonyFile,
    ) -> Result<PublicKey, HsmError> {
        let request = Request::Generate(key.clone(), algorithm).in_ceremony(Some(ceremony));
        self.ask(request).await?.public_key()
    }

    /// Destroys a key for ever. Without a ceremony only where the worker's rules say so.
    async fn destroy(&self, key: &KeyUri, ceremony: Option<&CeremonyFile>) -> Result<(), HsmError> {
        let request = Request::Destroy(key.clone()).in_ceremony(ceremony);
        self.ask(request).await?.done()
    }

    /// Octets of the token's own random generator.
    async fn random(&self, octets: usize) -> Result<Zeroizing<Vec<u8>>, HsmError> {
        match self.ask(Request::Random(octets)).await? {
            Answer::Random(bytes) if bytes.len() == octets => Ok(Zeroizing::new(bytes)),
            _ => Err(unfitting()),
        }
    }

    /// What the token says of a key: where it was made, whether it ever could leave.
    async fn attest(&self, key: &KeyUri) -> Result<Attestation, HsmError> {
        match self.ask(Request::Attest(key.clone())).await? {
            Answer::Attested(report) => Ok(*report),
            _ => Err(unfitting()),
        }
    }

    /// What module and token can do, asked now.
    async fn capabilities(&self) -> Result<Capabilities, HsmError> {
        match self.ask(Request::Capabilities).await? {
            Answer::Able(capabilities) => Ok(*capabilities),
            _ => Err(unfitting()),
        }
    }

    /// Finds or makes the two secret keys that guard wrapped keys of an epoch.
    async fn make_guards(&self, guards: &Guards, epoch: u32, ceremony: Option<&CeremonyFile>) -> Result<(), HsmError> {
        let guards = guards.clone();
        let request = Request::MakeGuards { guards, epoch }.in_ceremony(ceremony);
        self.ask(request).await?.done()
    }

    /// Makes a key pair that lives outside the token, wrapped under the KEK of the owner's epoch and bound to its owner. It
    /// has signed once, out of its blob, before it is returned.
    async fn create_wrapped(&self, guards: &Guards, owner: &KeyBinding) -> Result<WrappedKey, HsmError> {
        let request = Request::CreateWrapped {
            guards: guards.clone(),
            owner: owner.clone(),
        };
        self.ask(request).await?.wrapped()
    }

    /// As [`sign`](Self::sign), with a wrapped key: its binding is checked, it is unwrapped once and destroyed.
    async fn sign_wrapped(
        &self,
        guards: &Guards,
        key: &WrappedKey,
        algorithm: SignatureAlgorithm,
        inputs: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, HsmError> {
        let request = Request::SignWrapped {
            guards: guards.clone(),
            key: Box::new(key.clone()),
            algorithm,
            inputs: inputs.to_vec(),
        };
        let signatures = self.ask(request).await?.signatures()?;
        match signatures.len() == inputs.len() {
            true => Ok(signatures),
            false => Err(unfitting()),
        }
    }

    /// The same key under the KEK of a later epoch, in a ceremony that has brought the old KEK out of its backup.
    async fn rewrap(
        &self,
        guards: &Guards,
        key: &WrappedKey,
        to_epoch: u32,
        ceremony: Option<&CeremonyFile>,
    ) -> Result<WrappedKey, HsmError> {
        let request = Request::Rewrap {
            guards: guards.clone(),
            key: Box::new(key.clone()),
            to_epoch,
        };
        self.ask(request.in_ceremony(ceremony)).await?.wrapped()
    }

    /// How the token and its processes stand, without asking them; empty where nothing is counted.
    fn report(&self) -> HealthReport {
        HealthReport::default()
    }
}
