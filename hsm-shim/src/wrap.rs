//! People's keys: made in the token, kept outside it wrapped and bound, back inside for one call only.
//!
//! Used by the signing module alone, in its own process. No unwrapped key outlives the call that unwrapped it.

mod binding;
mod envelope;
mod kek;
mod mac;
mod mechanism;
mod object;
mod rewrap;

use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha384};
use subtle::ConstantTimeEq;

use crate::error::HsmError;
use crate::key::{KeyAlgorithm, SignatureAlgorithm};
use crate::token::fault::Fault;
use crate::token::template::{self, Residence};
use crate::token::verifier::Verifier;
use crate::token::{Token, check_inputs, sign_checked, spki, usual_algorithm};
use crate::wrap::envelope::{Envelope, Proof};

pub use binding::{KeyBinding, KeyUsage};
pub use kek::Kek;
pub use mechanism::WrapMechanism;
pub(crate) use mechanism::Wrapping;
pub(crate) use object::SessionObject;

/// A key pair that now exists only as `blob`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWrapped {
    /// The private key under the KEK, with mechanism and vector; opaque to callers.
    pub blob: Vec<u8>,
    /// SubjectPublicKeyInfo DER.
    pub spki: Vec<u8>,
    /// What binds blob, public key and [`KeyBinding`]; opaque to callers.
    pub binding: Vec<u8>,
    /// What `self_sign` returned.
    pub proof_tbs: Vec<u8>,
    /// Over `proof_tbs`, with SHA-256 (P-384: SHA-384); ECDSA as `r || s`. Made with the key as unwrapped from `blob`.
    pub proof_signature: Vec<u8>,
}

/// A key as the database returns it: nothing in here is believed before its binding is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedKey {
    pub owner: KeyBinding,
    /// SubjectPublicKeyInfo DER.
    pub spki: Vec<u8>,
    pub blob: Vec<u8>,
    pub binding: Vec<u8>,
}

impl Token {
    /// Makes a key pair, wraps it, destroys it, and shows that the blob works by making the proof of possession with it.
    ///
    /// `self_sign` gets the SubjectPublicKeyInfo and returns the bytes to sign (a CertificationRequestInfo, RFC 2986).
    pub fn create_wrapped(
        &self,
        kek: &Kek,
        binding_mac: &str,
        owner: &KeyBinding,
        self_sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, HsmError>,
    ) -> Result<NewWrapped, HsmError> {
        if owner.algorithm == KeyAlgorithm::Ed25519 {
            return Err(HsmError::Unsupported("wrapping of Ed25519 keys".into()));
        }
        same_epoch(kek, owner)?;
        let (envelope, spki) = self.pool.run(|session, login| {
            let handle = self.handles.secret(session, login, &kek.object)?;
            self.generate_and_wrap(session, kek, handle, owner)
        })?;
        let key = self.bound(binding_mac, owner.clone(), spki, &envelope)?;
        let proof_tbs = self_sign(&key.spki)?;
        let digest = match owner.algorithm {
            KeyAlgorithm::EcP384 => Sha384::digest(&proof_tbs).to_vec(),
            _ => Sha256::digest(&proof_tbs).to_vec(),
        };
        let signatures = self.sign_wrapped(kek, binding_mac, &key, usual_algorithm(owner.algorithm), &[digest])?;
        Ok(NewWrapped {
            blob: key.blob,
            spki: key.spki,
            binding: key.binding,
            proof_tbs,
            proof_signature: signatures.into_iter().next().ok_or(HsmError::SelfCheckFailed)?,
        })
    }

    /// Whether this key was made here for this owner and nothing of it was changed since; [`HsmError::BlobRejected`] if not.
    ///
    /// Nothing is unwrapped for it, unless the wrapping itself is the binding (AES-GCM).
    pub fn check_binding(&self, kek: &Kek, binding_mac: &str, key: &WrappedKey) -> Result<(), HsmError> {
        same_epoch(kek, &key.owner)?;
        match Envelope::parse(&key.blob, &key.binding)? {
            (_, Proof::Sealed) => self.with_unwrapped(kek, binding_mac, key, Residence::Unwrapped, |_, _| Ok(())),
            (envelope, proof) => self
                .pool
                .run(|session, login| self.check_mac(session, login, binding_mac, key, &envelope, proof)),
        }
    }

    /// Checks the binding, unwraps once, signs each digest in order, verifies each signature, destroys.
    pub fn sign_wrapped(
        &self,
        kek: &Kek,
        binding_mac: &str,
        key: &WrappedKey,
        algorithm: SignatureAlgorithm,
        digests: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, HsmError> {
        check_inputs(key.owner.algorithm, algorithm, digests)?;
        // Parsed only here, used only after the binding: a foreign public key is not even looked at.
        self.with_unwrapped(kek, binding_mac, key, Residence::Unwrapped, |session, private| {
            let verifier = Verifier::for_one_use(&key.spki)?;
            sign_checked(
                self.pool.module.functions()?,
                session,
                private,
                &verifier,
                algorithm,
                digests,
            )
        })
    }

    /// Checks the binding, unwraps into a session object, lets `work` use it, destroys it on every path.
    fn with_unwrapped<T>(
        &self,
        kek: &Kek,
        binding_mac: &str,
        key: &WrappedKey,
        residence: Residence,
        work: impl Fn(&Session, ObjectHandle) -> Result<T, Fault>,
    ) -> Result<T, HsmError> {
        same_epoch(kek, &key.owner)?;
        let (envelope, proof) = Envelope::parse(&key.blob, &key.binding)?;
        let mut attributes = vec![
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(template::key_type(key.owner.algorithm)),
        ];
        attributes.extend(template::private(residence, "", b""));
        self.pool.run(|session, login| {
            self.check_mac(session, login, binding_mac, key, &envelope, proof)?;
            let handle = self.handles.secret(session, login, &kek.object)?;
            let wrapping = Wrapping {
                functions: self.pool.module.functions()?,
                session,
            };
            let belongs = key.owner.belongs(&key.spki, envelope.mechanism);
            let private = wrapping.unwrap(&envelope, handle, &belongs, &attributes)?;
            let private = SessionObject::new(session, private);
            work(session, private.handle())
        })
    }

    fn check_mac(
        &self,
        session: &Session,
        login: u64,
        binding_mac: &str,
        key: &WrappedKey,
        envelope: &Envelope,
        proof: Proof<'_>,
    ) -> Result<(), Fault> {
        let (mac, covered) = match proof {
            Proof::Sealed => return Ok(()),
            Proof::Mac(mac) => (mac, key.owner.covered(&key.spki, envelope.mechanism, &key.blob)),
            Proof::MacV1(mac) => (mac, key.owner.covered_v1(&key.spki, &key.blob)),
        };
        if bool::from(self.mac_in(session, login, binding_mac, &covered)?.ct_eq(mac)) {
            Ok(())
        } else {
            Err(HsmError::BlobRejected("its binding does not hold".into()).into())
        }
    }

    /// The row of an envelope: with the HMAC, where the mechanism itself does not bind.
    fn bound(
        &self,
        binding_mac: &str,
        owner: KeyBinding,
        spki: Vec<u8>,
        envelope: &Envelope,
    ) -> Result<WrappedKey, HsmError> {
        let blob = envelope.blob()?;
        let mac = match envelope.mechanism {
            WrapMechanism::Gcm => None,
            mechanism => Some(self.mac(binding_mac, &owner.covered(&spki, mechanism, &blob))?),
        };
        Ok(WrappedKey {
            owner,
            spki,
            blob,
            binding: Envelope::binding(mac),
        })
    }

    fn generate_and_wrap(
        &self,
        session: &Session,
        kek: &Kek,
        handle: ObjectHandle,
        owner: &KeyBinding,
    ) -> Result<(Envelope, Vec<u8>), Fault> {
        let (public, private) = session.generate_key_pair(
            &template::key_pair_generation(owner.algorithm),
            &template::public(owner.algorithm, Residence::ToBeWrapped, "", b""),
            &template::private(Residence::ToBeWrapped, "", b""),
        )?;
        let (public, private) = (
            SessionObject::new(session, public),
            SessionObject::new(session, private),
        );
        let (public_key, _) = spki::read(session, public.handle())?;
        let wrapping = Wrapping {
            functions: self.pool.module.functions()?,
            session,
        };
        let belongs = owner.belongs(&public_key.spki, kek.mechanism);
        let envelope = wrapping.wrap(kek.mechanism, handle, private.handle(), &belongs)?;
        Ok((envelope, public_key.spki))
    }
}

fn same_epoch(kek: &Kek, owner: &KeyBinding) -> Result<(), HsmError> {
    if owner.epoch == kek.epoch {
        Ok(())
    } else {
        Err(HsmError::BlobRejected("another KEK epoch".into()))
    }
}
