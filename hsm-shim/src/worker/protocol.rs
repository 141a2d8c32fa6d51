//! What is said to a worker process: its one order, then requests, as the methods of [`Hsm`](crate::Hsm).

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::policy::AllowList;
use crate::SignRequest;
use crate::error::HsmError;
use crate::init::NewToken;
use crate::key::{KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};
use crate::token::TokenConfig;

/// What a worker process is for; answered on standard output by `Result<(), HsmError>`, by [`Proof`] if it proves.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Order {
    /// Open the token, probe it with the canary key, listen on `socket`.
    Serve {
        token: TokenConfig,
        socket: PathBuf,
        allow: AllowList,
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
    Health,
}

/// What a request brings when it succeeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    Signatures(Vec<Vec<u8>>),
    PublicKey(PublicKey),
    Healthy(Pulse),
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
    pub fn operation(&self) -> Operation {
        match self {
            Self::Sign { .. } => Operation::Sign,
            Self::PublicKey(_) => Operation::PublicKey,
            Self::Generate(..) => Operation::Generate,
            Self::Health => Operation::Health,
        }
    }

    /// The label of the key it is about; empty when it is about none.
    pub fn label(&self) -> &str {
        match self {
            Self::Sign { key, .. } | Self::PublicKey(key) | Self::Generate(key, _) => &key.object,
            Self::Health => "",
        }
    }

    /// Keys that the module unwraps for it.
    pub fn unwraps(&self) -> u64 {
        0
    }

    /// Whether doing it twice is as good as once. Two signatures over one digest harm nobody; two keys would.
    pub fn is_repeatable(&self) -> bool {
        match self.operation() {
            Operation::Sign | Operation::PublicKey | Operation::Health => true,
            Operation::Generate => false,
        }
    }
}

impl Operation {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::PublicKey => "public-key",
            Self::Generate => "generate",
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
