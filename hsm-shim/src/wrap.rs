//! People's keys: made in the token, kept outside it wrapped and bound, back inside for one call only.
//!
//! Used by the signing module alone, in its own process. No unwrapped key outlives the call that unwrapped it.

pub(crate) mod binding;
mod kek;
mod object;

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use openssl::pkey::{PKey, Public};
use sha2::{Digest, Sha256, Sha384};
use subtle::ConstantTimeEq;

use crate::error::HsmError;
use crate::key::{KeyAlgorithm, SignatureAlgorithm};
use crate::token::fault::Fault;
use crate::token::template::{self, Residence};
use crate::token::{Token, check_inputs, sign_checked, spki, usual_algorithm};
use crate::wrap::object::SessionObject;

pub use binding::KeyBinding;
pub use kek::Kek;

/// A key pair that now exists only as `blob`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWrapped {
    /// The private key under the KEK (RFC 5649).
    pub blob: Vec<u8>,
    /// SubjectPublicKeyInfo DER.
    pub spki: Vec<u8>,
    /// HMAC-SHA-256 over the [`KeyBinding`], the public key and the blob.
    pub binding: Vec<u8>,
    /// What `self_sign` returned.
    pub proof_tbs: Vec<u8>,
    /// Over `proof_tbs`, with SHA-256 (P-384: SHA-384); ECDSA as `r || s`. Made with the key as unwrapped from `blob`.
    pub proof_signature: Vec<u8>,
}

/// A key as the database returns it: nothing in here is believed before its binding is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        if owner.epoch != kek.epoch {
            return Err(HsmError::BlobRejected("another KEK epoch".into()));
        }
        let (blob, spki) = self.pool.run(|session, login| {
            let kek = self.handles.secret(session, login, &kek.object)?;
            generate_and_wrap(session, kek, owner.algorithm)
        })?;
        let binding = self.mac(binding_mac, &owner.covered(&spki, &blob))?.to_vec();
        let proof_tbs = self_sign(&spki)?;
        let key = WrappedKey {
            owner: owner.clone(),
            spki,
            blob,
            binding,
        };
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
    pub fn check_binding(&self, binding_mac: &str, key: &WrappedKey) -> Result<(), HsmError> {
        let mac = self.mac(binding_mac, &key.owner.covered(&key.spki, &key.blob))?;
        if bool::from(mac.ct_eq(&key.binding)) {
            Ok(())
        } else {
            Err(HsmError::BlobRejected("its binding does not hold".into()))
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
        if key.owner.epoch != kek.epoch {
            return Err(HsmError::BlobRejected("another KEK epoch".into()));
        }
        let verifier = spki::parse(&key.spki)?;
        self.pool.run(|session, login| {
            let mac = self.mac_in(session, login, binding_mac, &key.owner.covered(&key.spki, &key.blob))?;
            if !bool::from(mac.ct_eq(&key.binding)) {
                return Err(HsmError::BlobRejected("its binding does not hold".into()).into());
            }
            let kek = self.handles.secret(session, login, &kek.object)?;
            unwrap_and_sign(session, kek, key, &verifier, algorithm, digests)
        })
    }
}

fn generate_and_wrap(
    session: &Session,
    kek: ObjectHandle,
    algorithm: KeyAlgorithm,
) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    let (public, private) = session.generate_key_pair(
        &template::key_pair_generation(algorithm),
        &template::public(algorithm, Residence::ToBeWrapped, "", b""),
        &template::private(Residence::ToBeWrapped, "", b""),
    )?;
    let (public, private) = (
        SessionObject::new(session, public),
        SessionObject::new(session, private),
    );
    let (public_key, _) = spki::read(session, public.handle())?;
    let blob = session.wrap_key(&Mechanism::AesKeyWrapPad, kek, private.handle())?;
    Ok((blob, public_key.spki))
}

fn unwrap_and_sign(
    session: &Session,
    kek: ObjectHandle,
    key: &WrappedKey,
    verifier: &PKey<Public>,
    algorithm: SignatureAlgorithm,
    digests: &[Vec<u8>],
) -> Result<Vec<Vec<u8>>, Fault> {
    let mut attributes = vec![
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(template::key_type(key.owner.algorithm)),
    ];
    attributes.extend(template::private(Residence::Unwrapped, "", b""));
    let private = session.unwrap_key(&Mechanism::AesKeyWrapPad, kek, &key.blob, &attributes)?;
    let private = SessionObject::new(session, private);
    sign_checked(session, private.handle(), verifier, algorithm, digests)
}
