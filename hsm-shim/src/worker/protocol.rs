//! What is said to a worker process: its one order, then requests, as the methods of [`Hsm`](crate::Hsm).

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::policy::AllowList;
use crate::SignRequest;
use crate::approval::CeremonyFile;
use crate::attest::Attestation;
use crate::capabilities::Capabilities;
use crate::error::HsmError;
use crate::init::NewToken;
use crate::key::{KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};
use crate::token::TokenConfig;
use crate::wrap::{KeyBinding, WrappedKey};

/// What a worker process is for; answered on standard output by `Result<(), HsmError>`, by [`Proof`] if it proves.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Order {
    /// Open the token, probe it with the canary key, listen on `socket`.
    Serve {
        token: TokenConfig,
        socket: PathBuf,
        allow: AllowList,
        /// `officers.toml` ([`Quorum`](crate::approval::Quorum)): who may approve what the list does not allow.
        officers: Option<PathBuf>,
    },
    /// Make a token and end.
    Init(NewToken),
    /// Open the token anew, find exactly one key of this label, sign with it and end.
    Prove { token: TokenConfig, label: String },
}

/// What a fresh process found under a label and signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub public: PublicKey,
    /// Over [`Proof::challenge`].
    pub signature: Vec<u8>,
}

/// The two secret keys of the token that guard wrapped keys, by label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guards {
    /// The master KEK; its epoch is that of the wrapped key.
    pub kek: String,
    /// The HMAC key of the bindings.
    pub binding: String,
}

/// A request on the socket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    Sign {
        key: KeyUri,
        algorithm: SignatureAlgorithm,
        inputs: Vec<Vec<u8>>,
        /// SubjectPublicKeyInfo that the key must have.
        expected: Option<Vec<u8>>,
    },
    PublicKey(KeyUri),
    Generate(KeyUri, KeyAlgorithm),
    Destroy(KeyUri),
    /// Octets of randomness.
    Random(usize),
    Attest(KeyUri),
    Capabilities,
    MakeGuards {
        guards: Guards,
        epoch: u32,
    },
    /// Finds or makes an HMAC key that never leaves the token.
    MakeMacKey(KeyUri),
    /// HMAC-SHA-256 of a message.
    Mac {
        key: KeyUri,
        message: Vec<u8>,
    },
    CreateWrapped {
        guards: Guards,
        owner: KeyBinding,
    },
    SignWrapped {
        guards: Guards,
        key: Box<WrappedKey>,
        algorithm: SignatureAlgorithm,
        inputs: Vec<Vec<u8>>,
    },
    Rewrap {
        guards: Guards,
        key: Box<WrappedKey>,
        to_epoch: u32,
    },
    Health,
    /// What needs several officers, with their approvals.
    InCeremony(Box<Request>, Box<CeremonyFile>),
}

/// What a request brings when it succeeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    Signatures(Vec<Vec<u8>>),
    PublicKey(PublicKey),
    Done,
    Random(Vec<u8>),
    Attested(Box<Attestation>),
    Able(Box<Capabilities>),
    Wrapped(Box<WrappedKey>),
    Mac([u8; 32]),
    Healthy(Pulse),
}

impl Answer {
    pub(crate) fn signatures(self) -> Result<Vec<Vec<u8>>, HsmError> {
        match self {
            Self::Signatures(signatures) => Ok(signatures),
            _ => Err(unfitting()),
        }
    }

    pub(crate) fn public_key(self) -> Result<PublicKey, HsmError> {
        match self {
            Self::PublicKey(public) => Ok(public),
            _ => Err(unfitting()),
        }
    }

    pub(crate) fn wrapped(self) -> Result<WrappedKey, HsmError> {
        match self {
            Self::Wrapped(key) => Ok(*key),
            _ => Err(unfitting()),
        }
    }

    pub(crate) fn done(self) -> Result<(), HsmError> {
        match self {
            Self::Done | Self::Healthy(_) => Ok(()),
            _ => Err(unfitting()),
        }
    }
}

/// What a worker tells of itself beside a canary signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulse {
    /// Counts logins: above 0 the module has lost a login or a session.
    pub login_epoch: u64,
}

/// What somebody wants to do; policies and metrics speak of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    Sign,
    PublicKey,
    Generate,
    Destroy,
    Random,
    Attest,
    Capabilities,
    MakeGuards,
    MakeMacKey,
    Mac,
    CreateWrapped,
    SignWrapped,
    Rewrap,
    Health,
}

impl From<SignRequest<'_>> for Request {
    fn from(request: SignRequest<'_>) -> Self {
        Self::Sign {
            key: request.key.clone(),
            algorithm: request.algorithm,
            inputs: request.inputs.to_vec(),
            expected: request.expected.map(<[u8]>::to_vec),
        }
    }
}

impl Request {
    /// With the officers' approvals, if there are any.
    pub fn in_ceremony(self, ceremony: Option<&CeremonyFile>) -> Self {
        match ceremony {
            Some(file) => Self::InCeremony(Box::new(self), Box::new(file.clone())),
            None => self,
        }
    }

    pub fn operation(&self) -> Operation {
        match self {
            Self::Sign { .. } => Operation::Sign,
            Self::PublicKey(_) => Operation::PublicKey,
            Self::Generate(..) => Operation::Generate,
            Self::Destroy(_) => Operation::Destroy,
            Self::Random(_) => Operation::Random,
            Self::Attest(_) => Operation::Attest,
            Self::Capabilities => Operation::Capabilities,
            Self::MakeGuards { .. } => Operation::MakeGuards,
            Self::MakeMacKey(_) => Operation::MakeMacKey,
            Self::Mac { .. } => Operation::Mac,
            Self::CreateWrapped { .. } => Operation::CreateWrapped,
            Self::SignWrapped { .. } => Operation::SignWrapped,
            Self::Rewrap { .. } => Operation::Rewrap,
            Self::Health => Operation::Health,
            Self::InCeremony(request, _) => request.operation(),
        }
    }

    /// The label of the key it is about, of the KEK for wrapped keys; empty when it is about none.
    pub fn label(&self) -> &str {
        match self {
            Self::Sign { key, .. }
            | Self::PublicKey(key)
            | Self::Generate(key, _)
            | Self::Destroy(key)
            | Self::MakeMacKey(key)
            | Self::Mac { key, .. }
            | Self::Attest(key) => &key.object,
            Self::MakeGuards { guards, .. }
            | Self::CreateWrapped { guards, .. }
            | Self::SignWrapped { guards, .. }
            | Self::Rewrap { guards, .. } => &guards.kek,
            Self::Random(_) | Self::Capabilities | Self::Health => "",
            Self::InCeremony(request, _) => request.label(),
        }
    }

    /// Keys that the module unwraps for it.
    pub fn unwraps(&self) -> u64 {
        match self.operation() {
            Operation::CreateWrapped | Operation::SignWrapped => 1,
            Operation::Rewrap => 2,
            _ => 0,
        }
    }

    /// Whether doing it twice is as good as once. Two signatures over one digest harm nobody; two keys would, and a
    /// ceremony is spent by the first attempt.
    pub fn is_repeatable(&self) -> bool {
        match self.operation() {
            Operation::Sign
            | Operation::PublicKey
            | Operation::Random
            | Operation::Attest
            | Operation::Capabilities
            | Operation::Mac
            | Operation::CreateWrapped
            | Operation::SignWrapped
            | Operation::Health => true,
            Operation::Generate
            | Operation::Destroy
            | Operation::MakeGuards
            | Operation::MakeMacKey
            | Operation::Rewrap => false,
        }
    }

    /// Algorithm and number of signatures, if it signs.
    pub fn signs(&self) -> Option<(SignatureAlgorithm, usize)> {
        match self {
            Self::Sign { algorithm, inputs, .. } | Self::SignWrapped { algorithm, inputs, .. } => {
                Some((*algorithm, inputs.len()))
            }
            _ => None,
        }
    }
}

impl Operation {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::PublicKey => "public-key",
            Self::Generate => "generate",
            Self::Destroy => "destroy",
            Self::Random => "random",
            Self::Attest => "attest",
            Self::Capabilities => "capabilities",
            Self::MakeGuards => "make-guards",
            Self::MakeMacKey => "make-mac-key",
            Self::Mac => "mac",
            Self::CreateWrapped => "create-wrapped",
            Self::SignWrapped => "sign-wrapped",
            Self::Rewrap => "rewrap",
            Self::Health => "health",
        }
    }
}

impl Proof {
    /// What a prover signs: nothing else is ever signed this way.
    pub fn challenge(public: &PublicKey) -> Vec<u8> {
        use sha2::{Digest, Sha256, Sha384};
        const DOMAIN: &[u8] = b"signum-fresh-process-proof-v1";
        match public.algorithm {
            KeyAlgorithm::EcP384 => Sha384::new()
                .chain_update(DOMAIN)
                .chain_update(&public.spki)
                .finalize()
                .to_vec(),
            _ => Sha256::new()
                .chain_update(DOMAIN)
                .chain_update(&public.spki)
                .finalize()
                .to_vec(),
        }
    }
}

/// The answer to a request.
pub type Reply = Result<Answer, HsmError>;

/// An answer to another question.
pub(crate) fn unfitting() -> HsmError {
    HsmError::down("an answer that does not fit the request")
}
