//! A request that was authorised and checked: what is certified, under which profile, by whom.

use std::sync::Arc;

use der::Encode;
use sha2::{Digest, Sha256};
use signum_core::contract::{CertificateRequest, LeafProfile};
use x509_cert::name::Name;

use super::origin::Origin;
use super::{IssueError, key};
use crate::authority::Issuer;
use crate::config::Config;
use crate::name;
use crate::profile::{DAY, Profile, citizen_authentication, citizen_signature};

/// What one of the CA's own keys is for, and its label in the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub purpose: String,
    pub key_label: String,
}

/// The first stage; made by checks, not by hand.
pub(crate) struct Request {
    pub idempotency_key: [u8; 16],
    pub profile: &'static Profile,
    pub issuer: Arc<Issuer>,
    pub subject: Name,
    /// SubjectPublicKeyInfo DER.
    pub spki: Vec<u8>,
    /// A hash that says whose key it is.
    pub owner: [u8; 32],
    pub in_qscd: bool,
    /// The statement that proved where the key was made, kept with the certificate.
    pub key_statement: Option<Vec<u8>>,
    /// Seconds.
    pub validity: i64,
    /// For the CA's own keys.
    pub holder: Option<Holder>,
}

impl Request {
    /// Checks a person's request: their data, possession, strength and proven origin of the key. `pinned` is the signing
    /// module's public statement key, if one is pinned.
    pub fn for_person(
        config: &Config,
        request: &CertificateRequest,
        issuer: Arc<Issuer>,
        pinned: Option<&[u8]>,
    ) -> Result<Self, IssueError> {
        name::check_person(&request.person).map_err(|why| IssueError::refused("person_malformed", why))?;
        let spki = key::proven_key(&request.pkcs10)?;
        let origin = Origin::prove(config, request, pinned)?;
        let subject = name::person(config, &request.person)
            .map_err(|_| IssueError::refused("person_malformed", "the name cannot be encoded"))?;
        let (profile, days) = match request.profile {
            LeafProfile::CitizenAuthentication => (&citizen_authentication::PROFILE, config.authentication_days),
            LeafProfile::CitizenSignature => (&citizen_signature::PROFILE, config.signature_days),
        };
        let mut owner = Sha256::new();
        owner.update(b"signum-ca-person\0");
        owner.update(name::semantics_identifier(config, &request.person));
        Ok(Self {
            idempotency_key: request.idempotency_key,
            profile,
            issuer,
            subject,
            spki,
            owner: owner.finalize().into(),
            in_qscd: origin.in_qscd(config.qscd),
            key_statement: origin.into_statement(),
            validity: i64::from(days) * DAY,
            holder: None,
        })
    }

    /// For a key of the CA's own that lies in its token under `holder.key_label`.
    pub fn for_own_key(
        profile: &'static Profile,
        issuer: Arc<Issuer>,
        subject: Name,
        spki: Vec<u8>,
        holder: Holder,
    ) -> Self {
        let hash = |domain: &[u8], text: &str| -> [u8; 32] {
            Sha256::new().chain_update(domain).chain_update(text).finalize().into()
        };
        // The label tells one key from the next of the same purpose, so a repeated ceremony finds what it made.
        let mut idempotency_key = [0; 16];
        for (to, from) in idempotency_key
            .iter_mut()
            .zip(hash(b"signum-ca-own-key\0", &holder.key_label))
        {
            *to = from;
        }
        Self {
            idempotency_key,
            profile,
            issuer,
            subject,
            spki,
            owner: hash(b"signum-ca-holder\0", &holder.purpose),
            in_qscd: false,
            key_statement: None,
            validity: profile.longest,
            holder: Some(holder),
        }
    }

    /// Tells whether a repeated idempotency key comes with the same request.
    pub fn fingerprint(&self) -> der::Result<[u8; 32]> {
        let mut hash = Sha256::new();
        for field in [
            self.profile.id.as_bytes(),
            self.issuer.name.as_str().as_bytes(),
            &self.subject.to_der()?,
            &self.spki,
            &[u8::from(self.in_qscd)],
        ] {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        Ok(hash.finalize().into())
    }
}
