//! A request that was authorised and checked: what is certified, under which profile, by whom.

use std::sync::Arc;

use der::Encode;
use sha2::{Digest, Sha256};
use signum_core::Timestamp;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use super::{IssueError, LeafRequest, key};
use crate::authority::Issuer;
use crate::config::Config;
use crate::profile::Profile;

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
    /// For subjectAltName.
    pub names: Vec<GeneralName>,
    /// SubjectPublicKeyInfo DER.
    pub spki: Vec<u8>,
    /// A hash that says whose key it is.
    pub owner: [u8; 32],
    pub in_qscd: bool,
    /// The statement that proved where the key was made, kept with the certificate.
    pub key_statement: Option<Vec<u8>>,
    /// Seconds.
    pub validity: i64,
    /// The certificate ends no later.
    pub ends_by: Option<Timestamp>,
    /// The registration desk that asked.
    pub desk: Option<String>,
    /// Serial number of the certificate that this one renews or replaces.
    pub follows: Option<Vec<u8>>,
    /// For the CA's own keys.
    pub holder: Option<Holder>,
}

impl Request {
    /// Checks what a leaf certificate would name, and possession, strength and proven origin of the key. `pinned` is the
    /// signing module's public statement key, if one is pinned.
    pub fn for_leaf(
        config: &Config,
        request: &LeafRequest,
        issuer: Arc<Issuer>,
        pinned: Option<&[u8]>,
    ) -> Result<Self, IssueError> {
        let subject = &request.subject;
        let malformed = subject.malformed();
        subject
            .check(config)
            .map_err(|why| IssueError::refused(malformed, why))?;
        let spki = key::proven_key(&request.pkcs10)?;
        let origin = request.origin(config, pinned)?;
        let unfit = |_| IssueError::refused(malformed, "the name cannot be encoded");
        Ok(Self {
            idempotency_key: request.idempotency_key,
            profile: subject.profile(),
            issuer,
            subject: subject.name(config).map_err(unfit)?,
            names: subject.alternative_names().map_err(unfit)?,
            spki,
            owner: subject.owner(config),
            in_qscd: origin.in_qscd(config.qscd),
            key_statement: origin.into_statement(),
            validity: subject.validity(config),
            ends_by: request.ends_by,
            desk: request.desk.clone(),
            follows: None,
            holder: None,
        })
    }

    /// The same, as the successor of the certificate with that serial number.
    pub fn following(mut self, serial: &[u8]) -> Self {
        self.follows = Some(serial.to_vec());
        self
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
            names: Vec::new(),
            spki,
            owner: hash(b"signum-ca-holder\0", &holder.purpose),
            in_qscd: false,
            key_statement: None,
            validity: profile.longest,
            ends_by: None,
            desk: None,
            follows: None,
            holder: Some(holder),
        }
    }

    /// Tells whether a repeated idempotency key comes with the same request.
    pub fn fingerprint(&self) -> der::Result<[u8; 32]> {
        let mut hash = Sha256::new();
        let mut fields = vec![
            self.profile.id.as_bytes().to_vec(),
            self.issuer.name.as_str().as_bytes().to_vec(),
            self.subject.to_der()?,
            self.spki.clone(),
            vec![u8::from(self.in_qscd)],
        ];
        if !self.names.is_empty() {
            fields.push(self.names.to_der()?);
        }
        fields.extend(self.ends_by.map(|end| end.0.to_be_bytes().to_vec()));
        fields.extend(self.follows.clone());
        for field in &fields {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        Ok(hash.finalize().into())
    }
}
