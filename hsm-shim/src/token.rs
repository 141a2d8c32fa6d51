//! A token used from this process, blocking: find exactly one key, sign, verify what was signed (PKCS#11 v2.40).

mod address;
pub(crate) mod algorithm;
pub(crate) mod fault;
pub(crate) mod find;
pub(crate) mod kept;
pub(crate) mod module;
pub(crate) mod pin;
pub(crate) mod pool;
mod resident;
pub(crate) mod spki;
pub(crate) mod template;
pub(crate) mod verifier;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use cryptoki::object::{ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::HsmError;
use crate::key::{KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};
use crate::raw::Functions;
use crate::token::fault::Fault;
use crate::token::find::{Handles, KeyPair};
use crate::token::module::Module;
use crate::token::pool::Pool;
use crate::token::template::Residence;
use crate::token::verifier::Verifier;

pub use pin::PinSource;

/// Label of the key that health checks sign with.
pub const CANARY: &str = "signum-canary";

/// Which token, and how it is entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    /// The PKCS#11 module: `/usr/lib/softhsm/libsofthsm2.so`.
    pub module: PathBuf,
    /// The token's label.
    pub token: String,
    pub pin: PinSource,
    /// Sessions held at most; one per thread that signs at the same time.
    pub sessions: usize,
}

/// A logged-in token. Calls block; threads may share it.
pub struct Token {
    pub(crate) label: String,
    pub(crate) pool: Pool,
    pub(crate) handles: Handles,
    /// Keeps the session keys of a re-wrapping ceremony alive; closed with the token.
    pub(crate) ceremony: Mutex<Vec<Session>>,
}

impl Token {
    /// Loads the module and logs in. A refused PIN is never tried again by this process ([`HsmError::PinLatched`]).
    pub fn open(config: TokenConfig) -> Result<Self, HsmError> {
        let module = Module::load(&config.module)?;
        if module.look_for(&config.token)?.is_empty() && kept::put_back(&config.module, &config.token) {
            module.look_for(&config.token)?;
        }
        let pool = Pool::open(config.clone())?;
        kept::keep(&config.module, &config.token);
        Ok(Self {
            label: config.token,
            pool,
            handles: Handles::default(),
            ceremony: Mutex::default(),
        })
    }

    /// The token's label.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The object label of an address, if the address names this token.
    pub fn object<'a>(&self, key: &'a KeyUri) -> Result<&'a str, HsmError> {
        if key.token == self.label {
            Ok(&key.object)
        } else {
            Err(HsmError::KeyNotFound(key.to_string()))
        }
    }

    /// As [`Hsm::sign`](crate::Hsm::sign), for the key pair with this label.
    pub fn sign(&self, key: &str, algorithm: SignatureAlgorithm, inputs: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, HsmError> {
        self.pool.run(|session, epoch| {
            let pair = self.handles.pair(session, epoch, key)?;
            algorithm::check(pair.public.algorithm, algorithm, inputs)?;
            sign_checked(
                self.pool.module.functions()?,
                session,
                pair.private,
                &pair.verifier,
                algorithm,
                inputs,
            )
        })
    }

    /// As [`Hsm::public_key`](crate::Hsm::public_key).
    pub fn public_key(&self, key: &str) -> Result<PublicKey, HsmError> {
        let pair: Arc<KeyPair> = self.pool.run(|session, epoch| self.handles.pair(session, epoch, key))?;
        Ok(pair.public.clone())
    }

    /// As [`Hsm::generate`](crate::Hsm::generate). The new key has signed once before this returns.
    pub fn generate(&self, key: &str, algorithm: KeyAlgorithm) -> Result<PublicKey, HsmError> {
        self.pool.run(|session, _| {
            let taken = |class| Ok::<_, Fault>(!find::all(session, class, key)?.is_empty());
            match (taken(ObjectClass::PRIVATE_KEY)?, taken(ObjectClass::PUBLIC_KEY)?) {
                (false, false) => {}
                (true, true) => return Err(HsmError::AlreadyExists(key.to_owned()).into()),
                _ => {
                    let why = format!("key {key} is half-made and keeps its label: signum hsm status says what to do");
                    return Err(HsmError::Misconfigured(why).into());
                }
            }
            let id = object_id(key);
            session.generate_key_pair(
                &template::key_pair_generation(algorithm),
                &template::public(algorithm, Residence::Token, key, &id),
                &template::private(Residence::Token, key, &id),
            )?;
            Ok(())
        })?;
        let probe = match algorithm {
            KeyAlgorithm::EcP384 => vec![0x5a; 48],
            _ => vec![0x5a; 32],
        };
        self.sign(key, usual_algorithm(algorithm), &[probe])?;
        self.public_key(key)
    }

    /// Makes the canary key (P-256) if the token has none.
    pub fn ensure_canary(&self) -> Result<(), HsmError> {
        match self.public_key(CANARY) {
            Err(HsmError::KeyNotFound(_)) => self.generate(CANARY, KeyAlgorithm::EcP256).map(drop),
            other => other.map(drop),
        }
    }

    /// Signs with the canary key: the only probe that tells a working token (SoftHSM's token information does not).
    pub fn health(&self) -> Result<(), HsmError> {
        self.sign(CANARY, SignatureAlgorithm::EcdsaSha256, &[vec![0xca; 32]])
            .map(drop)
    }
}

/// The algorithm a key signs with when nothing else is asked for.
pub(crate) fn usual_algorithm(key: KeyAlgorithm) -> SignatureAlgorithm {
    match key {
        KeyAlgorithm::EcP256 => SignatureAlgorithm::EcdsaSha256,
        KeyAlgorithm::EcP384 => SignatureAlgorithm::EcdsaSha384,
        KeyAlgorithm::Rsa3072 => SignatureAlgorithm::RsaPkcs1Sha256,
        KeyAlgorithm::Ed25519 => SignatureAlgorithm::Ed25519,
    }
}

/// CKA_ID, the same on both halves and on every token: a hash of the label.
pub(crate) fn object_id(label: &str) -> Vec<u8> {
    Sha256::digest(label.as_bytes()).iter().take(16).copied().collect()
}

/// Checks algorithm and inputs against the key; nothing reaches the module before.
pub(crate) fn check_inputs(
    key: KeyAlgorithm,
    algorithm: SignatureAlgorithm,
    inputs: &[Vec<u8>],
) -> Result<(), HsmError> {
    algorithm::check(key, algorithm, inputs)
}

/// Signs each input in order and verifies each signature before any is returned.
pub(crate) fn sign_checked(
    functions: &Functions,
    session: &Session,
    private: ObjectHandle,
    verifier: &Verifier,
    algorithm: SignatureAlgorithm,
    inputs: &[Vec<u8>],
) -> Result<Vec<Vec<u8>>, Fault> {
    let mechanism = algorithm::mechanism(algorithm);
    let mut signatures = Vec::with_capacity(inputs.len());
    for input in inputs {
        let signature = functions.sign(
            session,
            &mechanism,
            private,
            &algorithm::mechanism_input(algorithm, input),
        )?;
        verifier.check(algorithm, input, &signature)?;
        signatures.push(signature);
    }
    Ok(signatures)
}
