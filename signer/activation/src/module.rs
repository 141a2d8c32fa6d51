//! The signing module: its keys, its pinned facts, and one answer for each request.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use signum_gesture::Authenticator;
use signum_gesture::key::VerifyingKey;
use signum_hsm_shim::key::ecdsa_der;
use signum_hsm_shim::token::Token;
use signum_hsm_shim::wrap::{Kek, KeyBinding, KeyUsage, WrappedKey};
use signum_hsm_shim::{HsmError, KeyAlgorithm};

use crate::activation::activate;
use crate::config::{ConfigError, ModuleConfig};
use crate::encoding::{Fields, authenticator as encode};
use crate::guards::Keks;
use crate::journal::Journal;
use crate::officer::Officer;
use crate::outcome::Outcomes;
use crate::protocol::{Refusal, Request, Response, SealedSet, StoredKey, Voucher};
use crate::ticket::Tickets;
use crate::voucher::{verify_vouchers, voucher_challenge};
use crate::{guards, origin, pkcs10, seal};

/// Label of the master KEK (with its generation).
pub const KEK: &str = "people-kek";
/// Label of the HMAC key that binds wrapped keys.
pub const BINDING_KEY: &str = "people-binding";
/// Seconds since the Unix epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Sole control. Threads may share it.
pub struct Module {
    pub(crate) config: ModuleConfig,
    pub(crate) token: Arc<Token>,
    pub(crate) issuers: Vec<Vec<u8>>,
    pub(crate) tickets: Tickets,
    pub(crate) journal: Journal,
    pub(crate) outcomes: Outcomes,
    keks: Keks,
    /// Public half (SubjectPublicKeyInfo, DER).
    statement_key: Vec<u8>,
    clock: Clock,
}

/// Makes what the module needs in its token: the KEK, the two HMAC keys and the statement key, whose public half (DER) it
/// returns. Repeating it changes nothing.
pub fn make_keys(config: &ModuleConfig, token: &Token) -> Result<Vec<u8>, HsmError> {
    guards::make(config, token)?;
    origin::ensure_key(token)
}

impl Module {
    /// Reads the pinned CAs and the journal. The token must hold the HMAC keys of [`make_keys`] already; the statement key is
    /// made where an older `init` has not: a CA believes it only after pinning it.
    pub fn new(config: ModuleConfig, token: Arc<Token>, clock: Clock) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            issuers: config.read_issuers()?,
            tickets: Tickets::new(config.ticket_seconds)?,
            journal: Journal::open(&config.journal, clock())?,
            outcomes: Outcomes::default(),
            keks: Keks::open(&config, &token)?,
            statement_key: origin::ensure_key(&token)?,
            config,
            token,
            clock,
        })
    }

    /// Answers one request; blocks while the HSM works.
    pub fn handle(&self, request: Request) -> Response {
        let answer = match request {
            Request::Status => Ok(self.status()),
            Request::CreateKey {
                credential,
                person,
                authenticator,
            } => self.create_key(credential, person, &authenticator),
            Request::Seal {
                key,
                pkcs10,
                authenticator,
                vouchers,
            } => self.seal(&key, &pkcs10, authenticator, &vouchers),
            Request::StateOrigin { key, pkcs10, set } => origin::state(self, &key, &pkcs10, &set),
            Request::Begin => self.tickets.issue(self.now()).map(Response::Ticket),
            Request::Activate(activation) => activate(self, &activation),
            Request::Settle { challenge } => self.settle(challenge),
        };
        answer.unwrap_or_else(|refusal| {
            tracing::warn!(%refusal, "refused");
            Response::Refused(refusal)
        })
    }

    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// The KEK of a generation.
    pub(crate) fn kek(&self, epoch: u32) -> Result<&Kek, Refusal> {
        self.keks.of(epoch)
    }

    fn status(&self) -> Response {
        let mut officers = Fields::default();
        for officer in &self.config.officers {
            officers = officers
                .field(officer.id.as_bytes())
                .field(&encode(&officer.authenticator));
        }
        Response::Status {
            ready: self.token.health().is_ok(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            officers: Sha256::digest(officers.bytes()).into(),
            statement_key: self.statement_key.clone(),
        }
    }

    /// The answer to an activation that never reached the asker, from memory; the key is not used.
    fn settle(&self, challenge: [u8; 32]) -> Result<Response, Refusal> {
        let now = self.now();
        let deadline = now.saturating_add(self.config.ticket_seconds);
        let outcome = self.outcomes.settle(&self.journal, challenge, deadline, now)?;
        Ok(Response::Outcome(outcome))
    }

    fn create_key(
        &self,
        credential: [u8; 16],
        person: [u8; 32],
        authenticator: &Authenticator,
    ) -> Result<Response, Refusal> {
        self.check_authenticator(authenticator)?;
        let kek = self.keks.newest();
        let owner = KeyBinding {
            key: credential,
            person,
            algorithm: KeyAlgorithm::EcP256,
            usage: KeyUsage::Sign,
            epoch: kek.epoch,
        };
        let malformed = |_| HsmError::SelfCheckFailed;
        let info = |spki: &[u8]| pkcs10::request_info(&credential, spki).map_err(malformed);
        let new = self.token.create_wrapped(kek, BINDING_KEY, &owner, info).map_err(hsm)?;
        let proof = ecdsa_der(&new.proof_signature).map_err(Refusal::Hsm)?;
        let pkcs10 = pkcs10::request(&new.proof_tbs, &proof).map_err(|e| Refusal::Hsm(malformed(e)))?;
        pkcs10::check(&pkcs10, &credential, &new.spki)?;
        let mut key = StoredKey {
            credential,
            person,
            epoch: owner.epoch,
            spki: new.spki,
            blob: new.blob,
            binding: new.binding,
            first_set: Vec::new(),
        };
        key.first_set = seal::promise(&self.token, &wrapped(&key), authenticator)?;
        Ok(Response::Key { key, pkcs10 })
    }

    /// The authenticator's key can verify, and is not an officer's.
    fn check_authenticator(&self, authenticator: &Authenticator) -> Result<(), Refusal> {
        VerifyingKey::from_cose(&authenticator.cose_key).map_err(|error| Refusal::Set(error.to_string()))?;
        let is_officer_s = |o: &Officer| o.authenticator.cose_key == authenticator.cose_key;
        match self.config.officers.iter().any(is_officer_s) {
            true => Err(Refusal::Set("an officer's authenticator".into())),
            false => Ok(()),
        }
    }

    fn seal(
        &self,
        key: &StoredKey,
        request: &[u8],
        authenticator: Authenticator,
        vouchers: &[Voucher],
    ) -> Result<Response, Refusal> {
        // Step 1: the key was made here for this person.
        let kek = self.kek(key.epoch)?;
        let stored = wrapped(key);
        self.token.check_binding(kek, BINDING_KEY, &stored).map_err(hsm)?;
        // Step 2: the request is of that key.
        pkcs10::check(request, &key.credential, &key.spki)?;
        // Step 3: the authenticator's key can verify, and is not an officer's.
        self.check_authenticator(&authenticator)?;
        // Step 4: two different officers vouch for exactly this.
        let challenge = voucher_challenge(&key.person, &authenticator, &key.credential, request);
        let accepted = verify_vouchers(&self.config.officers, &challenge, vouchers)?;
        // Step 5: it is the authenticator that the key was made for; officers who agree cannot add another later.
        seal::check_promise(&self.token, &stored, &authenticator, &key.first_set)?;
        // Step 6: the seal.
        let set = SealedSet {
            credential: key.credential,
            person: key.person,
            version: 1,
            authenticators: vec![authenticator],
            certificate_request: Sha256::digest(request).into(),
            vouchers: accepted,
            seal: Vec::new(),
        };
        seal::seal(&self.token, set).map(Response::Sealed)
    }
}

/// A stored key as the HSM layer takes it; all people's keys are P-256.
pub fn wrapped(key: &StoredKey) -> WrappedKey {
    WrappedKey {
        owner: KeyBinding {
            key: key.credential,
            person: key.person,
            algorithm: KeyAlgorithm::EcP256,
            usage: KeyUsage::Sign,
            epoch: key.epoch,
        },
        spki: key.spki.clone(),
        blob: key.blob.clone(),
        binding: key.binding.clone(),
    }
}

/// A blob that does not fit is a matter of the key, everything else of the HSM.
pub(crate) fn hsm(error: HsmError) -> Refusal {
    match error {
        HsmError::BlobRejected(why) => Refusal::Key(why),
        other => Refusal::Hsm(other),
    }
}
