//! A small interface through which Signum's services use any PKCS#11 module.
//!
//! A service holds an `Arc<dyn `[`Hsm`]`>` for one token. Private keys never leave the token, except wrapped under its master
//! KEK, and every signature has been verified with the key's public half before a caller gets it.
//!
//! # Choosing an implementation
//!
//! | | [`Workers`](workers::Workers) | [`Local`](local::Local) |
//! |---|---|---|
//! | where the module runs | exec'd `signum-hsm-worker` processes, one PKCS#11 application each | this process |
//! | a module that crashes or hangs | costs one process, which is replaced | costs the service |
//! | more speed | more processes ([`count`](workers::WorkersConfig::count)): SoftHSM does not scale over threads | more sessions, if the module scales |
//! | for | services | modules that allow one application, tests |
//!
//! # A worked example
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use signum_hsm_shim::token::{PinSource, TokenConfig};
//! use signum_hsm_shim::worker::{AllowList, Operation};
//! use signum_hsm_shim::workers::{Workers, WorkersConfig};
//! use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri, SignRequest, SignatureAlgorithm};
//!
//! # async fn example() -> Result<(), HsmError> {
//! let token = TokenConfig {
//!     module: "/usr/lib/softhsm/libsofthsm2.so".into(),
//!     token: "signum-idp".into(),
//!     pin: PinSource::File("/run/credentials/idp.pin".into()),
//!     sessions: 1,
//! };
//! // SoftHSM finds its tokens by this variable; workers inherit nothing else.
//! let env = [("SOFTHSM2_CONF".to_owned(), "/etc/signum/softhsm2.conf".to_owned())];
//! let worker = Path::new("/usr/lib/signum/signum-hsm-worker");
//! let hsm: Arc<dyn Hsm> = Arc::new(
//!     Workers::start(WorkersConfig {
//!         count: 2,
//!         // This service makes its own token keys; nobody destroys any.
//!         allow: AllowList::default().and("idp-*", &[Operation::Generate]),
//!         ..WorkersConfig::new(worker, &env, token, Path::new("/run/signum"))
//!     })
//!     .await?,
//! );
//!
//! let key = KeyUri::new("signum-idp", "idp-1");
//! let public = match hsm.generate(&key, KeyAlgorithm::EcP256).await {
//!     // A process of its own has found the new key and signed with it by now.
//!     Ok(public) => public,
//!     Err(HsmError::AlreadyExists(_)) => hsm.public_key(&key).await?,
//!     Err(error) => return Err(error),
//! };
//!
//! let digests = [vec![0x42; 32]];
//! let request = SignRequest {
//!     expected: Some(&public.spki),
//!     within: Some(Duration::from_millis(500)),
//!     ..SignRequest::new(&key, SignatureAlgorithm::EcdsaSha256, &digests)
//! };
//! match hsm.sign_request(request).await {
//!     Ok(signatures) => assert_eq!(signatures.len(), 1),
//!     // Answer 503 with Retry-After.
//!     Err(HsmError::Overloaded { retry_after_ms }) => println!("come back in {retry_after_ms} ms"),
//!     // Nothing has happened: asking again is safe, whatever was asked.
//!     Err(HsmError::Timeout { maybe_executed: false }) => println!("still in the queue"),
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Certificates and CMS: [`signer::HsmSigner`] goes into the builders. Tokens of an identity provider: [`jws::compact`].
//!
//! # People's keys
//!
//! Millions of keys do not fit into a token: they are made in it and leave it wrapped ([`Hsm::create_wrapped`]), bound by the
//! HSM to owner, algorithm, usage and epoch, and come back for one call ([`Hsm::sign_wrapped`]). The signing module uses
//! [`token::Token`] and [`wrap`] directly, in its own process.
//!
//! # Who may do what
//!
//! A [`worker::Policy`] is asked inside the worker, before the module is. [`worker::AllowList`] names operations by key;
//! beyond it, [`worker::TwoPerson`] wants a ceremony file ([`approval`]) that several officers have approved.
//!
//! # Errors
//!
//! [`HsmError::concern`] says who has to act: nobody (it passes), the operator, the caller, or whoever answers alarms.
//!
//! | what happened | error | what the layer did |
//! |---|---|---|
//! | worker killed or crashed | none, or [`SessionLost`](HsmError::SessionLost) the second time | asked another worker once, if the request bears it |
//! | module hangs | [`Timeout`](HsmError::Timeout) | killed the worker at the deadline, started another |
//! | token away | [`DeviceDown`](HsmError::DeviceDown) | starts workers until it is back, twice a second while somebody waits |
//! | PIN refused | [`PinLatched`](HsmError::PinLatched) | one try, then nothing, also after a restart, until an operator lifts the [`latch`] |
//! | too many callers | [`Overloaded`](HsmError::Overloaded) | measured the rate to say when to return |
//! | wrong signature | [`SelfCheckFailed`](HsmError::SelfCheckFailed) | kept it; tried the worker with the canary key |
//! | new key not found by a fresh process | [`KeyNotFound`](HsmError::KeyNotFound), [`PublicKeyMismatch`](HsmError::PublicKeyMismatch) | will not use the key before it is proven |

pub mod approval;
pub mod attest;
pub mod backup;
pub mod capabilities;
pub mod ceremony;
pub mod error;
pub mod frames;
pub mod half_made;
pub mod health;
pub mod init;
pub mod jws;
pub mod key;
pub mod latch;
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

    /// Finds or makes a 256-bit HMAC key that never leaves the token.
    async fn make_mac_key(&self, key: &KeyUri) -> Result<(), HsmError> {
        self.ask(Request::MakeMacKey(key.clone())).await?.done()
    }

    /// HMAC-SHA-256 (RFC 2104) of `message`. Where it is a key itself, the caller keeps it as one.
    async fn mac(&self, key: &KeyUri, message: &[u8]) -> Result<Zeroizing<[u8; 32]>, HsmError> {
        let request = Request::Mac {
            key: key.clone(),
            message: message.to_vec(),
        };
        match self.ask(request).await? {
            Answer::Mac(mac) => Ok(Zeroizing::new(mac)),
            _ => Err(unfitting()),
        }
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
