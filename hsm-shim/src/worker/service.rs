//! What a worker does with a request: asks the policy, then the token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::policy::Policy;
use super::protocol::{Answer, Guards, Pulse, Reply, Request};
use crate::error::HsmError;
use crate::key::KeyUri;
use crate::token::Token;
use crate::wrap::{Kek, WrappedKey};

/// What a key made for wrapping signs first, so that a blob that does not open is never stored.
const PROOF: &[u8] = b"signum-wrapped-key-proof-v1";

/// A token and the rules about it.
pub struct Service {
    token: Arc<Token>,
    policy: Box<dyn Policy>,
    /// KEKs that were tried out by this process.
    keks: Mutex<HashMap<(String, u32), Kek>>,
}

impl Service {
    pub fn new(token: Arc<Token>, policy: Box<dyn Policy>) -> Self {
        Self {
            token,
            policy,
            keks: Mutex::default(),
        }
    }

    /// Does what the policy permits.
    pub fn answer(&self, request: Request) -> Reply {
        if let Request::InCeremony(inner, _) = &request
            && let Request::Destroy(key) = &**inner
            && self.token.holds_secret(self.token.object(key)?)?
        {
            let why = "what guards wrapped keys is destroyed where they are counted: signum hsm destroy";
            return Err(HsmError::PolicyDenied(why.into()));
        }
        self.policy.permit(&request)?;
        match request {
            // The policy has looked at the ceremony, and spent it.
            Request::InCeremony(request, _) => self.act(*request),
            request => self.act(request),
        }
    }

    pub(crate) fn sessions(&self) -> usize {
        self.token.pool.sessions()
    }

    fn act(&self, request: Request) -> Reply {
        let token = &*self.token;
        match request {
            Request::Sign {
                key,
                algorithm,
                inputs,
                expected,
            } => {
                let label = self.expect(&key, expected.as_deref())?;
                token.sign(label, algorithm, &inputs).map(Answer::Signatures)
            }
            Request::PublicKey(key) => token.public_key(token.object(&key)?).map(Answer::PublicKey),
            Request::Generate(key, algorithm) => token.generate(token.object(&key)?, algorithm).map(Answer::PublicKey),
            Request::Destroy(key) => token.destroy(token.object(&key)?).map(|()| Answer::Done),
            Request::Random(octets) => token.random(octets).map(|bytes| Answer::Random(bytes.to_vec())),
            Request::Attest(key) => {
                let report = token.attest(token.object(&key)?)?;
                Ok(Answer::Attested(Box::new(report)))
            }
            Request::Capabilities => Ok(Answer::Able(Box::new(token.capabilities()?))),
            Request::MakeGuards { guards, epoch } => {
                token.ensure_kek(&guards.kek, epoch)?;
                token.ensure_mac_key(&guards.binding)?;
                Ok(Answer::Done)
            }
            Request::MakeMacKey(key) => token.ensure_mac_key(token.object(&key)?).map(|()| Answer::Done),
            Request::Mac { key, message } => token.mac(token.object(&key)?, &message).map(Answer::Mac),
            Request::CreateWrapped { guards, owner } => {
                let kek = self.kek(&guards, owner.epoch)?;
                let prove = |spki: &[u8]| Ok([PROOF, spki].concat());
                let new = token.create_wrapped(&kek, &guards.binding, &owner, prove)?;
                Ok(Answer::Wrapped(Box::new(WrappedKey {
                    owner,
                    spki: new.spki,
                    blob: new.blob,
                    binding: new.binding,
                })))
            }
            Request::SignWrapped {
                guards,
                key,
                algorithm,
                inputs,
            } => {
                let kek = self.kek(&guards, key.owner.epoch)?;
                let signatures = token.sign_wrapped(&kek, &guards.binding, &key, algorithm, &inputs);
                signatures.map(Answer::Signatures)
            }
            Request::Rewrap { guards, key, to_epoch } => {
                let (from, to) = (self.kek(&guards, key.owner.epoch)?, self.kek(&guards, to_epoch)?);
                let key = token.rewrap(&from, &to, &guards.binding, &key)?;
                Ok(Answer::Wrapped(Box::new(key)))
            }
            Request::Health => token.health().map(|()| {
                Answer::Healthy(Pulse {
                    login_epoch: token.pool.epoch(),
                })
            }),
            Request::InCeremony(..) => Err(HsmError::PolicyDenied("a ceremony in a ceremony".into())),
        }
    }

    /// The label of a key that must have this public half.
    fn expect<'a>(&self, key: &'a KeyUri, expected: Option<&[u8]>) -> Result<&'a str, HsmError> {
        let label = self.token.object(key)?;
        match expected {
            Some(expected) if self.token.public_key(label)?.spki != expected => {
                Err(HsmError::PublicKeyMismatch(label.to_owned()))
            }
            _ => Ok(label),
        }
    }

    fn kek(&self, guards: &Guards, epoch: u32) -> Result<Kek, HsmError> {
        let name = (guards.kek.clone(), epoch);
        let known = self
            .keks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&name)
            .cloned();
        if let Some(kek) = known {
            return Ok(kek);
        }
        let kek = self.token.find_kek(&guards.kek, epoch)?;
        self.keks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name, kek.clone());
        Ok(kek)
    }
}
