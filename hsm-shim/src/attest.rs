//! What a token says of a key: where it was made, whether it ever could leave, what it may do (PKCS#11 v2.40 section 4.9).
//!
//! PKCS#11 has no portable attestation; this is the module's own statement, worth as much as the module. Vendors' signed
//! statements go beside it.

use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use serde::{Deserialize, Serialize};

use crate::capabilities::{ModuleFacts, TokenFacts};
use crate::error::HsmError;
use crate::key::PublicKey;
use crate::token::fault::Fault;
use crate::token::{Token, find, spki};

/// The attribute report of one key of the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    pub label: String,
    pub class: KeyClass,
    /// CKA_ID.
    pub id: Vec<u8>,
    /// The public half, of a key pair.
    pub public: Option<PublicKey>,
    /// CKA_LOCAL: made in this token.
    pub local: bool,
    /// CKA_SENSITIVE.
    pub sensitive: bool,
    /// CKA_EXTRACTABLE.
    pub extractable: bool,
    /// CKA_ALWAYS_SENSITIVE.
    pub always_sensitive: bool,
    /// CKA_NEVER_EXTRACTABLE.
    pub never_extractable: bool,
    /// CKA_KEY_GEN_MECHANISM, if the token made the key and says how.
    pub generation_mechanism: Option<String>,
    /// What the key may do: `sign`, `wrap` ... in the order of the specification.
    pub rights: Vec<String>,
    /// CKA_MODIFIABLE and CKA_COPYABLE, where the module has them.
    pub modifiable: Option<bool>,
    pub copyable: Option<bool>,
    pub module: ModuleFacts,
    pub token: TokenFacts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyClass {
    KeyPair,
    Secret,
}

/// A label of the token and what was found under it; two keys of one label are an error here as everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyReport {
    pub label: String,
    pub report: Result<Box<Attestation>, HsmError>,
}

impl Attestation {
    /// Made in this token and never outside it: what a resident key of Signum must be.
    pub fn never_left(&self) -> bool {
        self.local && self.sensitive && !self.extractable && self.always_sensitive && self.never_extractable
    }
}

impl Token {
    /// Every key pair and secret key of the token, by label.
    pub fn keys(&self) -> Result<Vec<KeyReport>, HsmError> {
        let mut labels = self.pool.run(|session, _| {
            let mut labels = find::labels(session, ObjectClass::PRIVATE_KEY)?;
            labels.extend(find::labels(session, ObjectClass::SECRET_KEY)?);
            Ok(labels)
        })?;
        labels.sort();
        labels.dedup();
        let report = |label: String| KeyReport {
            report: self.attest(&label).map(Box::new),
            label,
        };
        Ok(labels.into_iter().map(report).collect())
    }

    /// Whether this label has a secret key: one that guards wrapped keys.
    pub(crate) fn holds_secret(&self, label: &str) -> Result<bool, HsmError> {
        let found = self
            .pool
            .run(|session, _| find::all(session, ObjectClass::SECRET_KEY, label));
        Ok(!found?.is_empty())
    }

    /// The attribute report of the key pair or the secret key of this label; more than one is an error.
    pub fn attest(&self, label: &str) -> Result<Attestation, HsmError> {
        let (module, token) = (self.module_facts()?, self.token_facts()?);
        self.pool.run(|session, _| {
            let (class, handle) = key_of(session, label)?;
            let public = match class {
                KeyClass::KeyPair => {
                    let public = find::exactly_one(session, ObjectClass::PUBLIC_KEY, label)?;
                    Some(spki::read(session, public)?.0)
                }
                KeyClass::Secret => None,
            };
            let facts = Facts::read(session, handle)?;
            Ok(Attestation {
                label: label.to_owned(),
                class,
                id: facts.id.clone(),
                public,
                local: facts.is(AttributeType::Local),
                sensitive: facts.is(AttributeType::Sensitive),
                // Unknown counts as the worse.
                extractable: facts.flag(AttributeType::Extractable).unwrap_or(true),
                always_sensitive: facts.is(AttributeType::AlwaysSensitive),
                never_extractable: facts.is(AttributeType::NeverExtractable),
                generation_mechanism: facts.mechanism.clone(),
                rights: facts.rights(),
                modifiable: facts.flag(AttributeType::Modifiable),
                copyable: facts.flag(AttributeType::Copyable),
                module: module.clone(),
                token: token.clone(),
            })
        })
    }
}

fn key_of(session: &Session, label: &str) -> Result<(KeyClass, ObjectHandle), Fault> {
    let pairs = find::all(session, ObjectClass::PRIVATE_KEY, label)?;
    let secrets = find::all(session, ObjectClass::SECRET_KEY, label)?;
    match (pairs.as_slice(), secrets.as_slice()) {
        ([one], []) => Ok((KeyClass::KeyPair, *one)),
        ([], [one]) => Ok((KeyClass::Secret, *one)),
        ([], []) => Err(HsmError::KeyNotFound(label.to_owned()).into()),
        _ => Err(HsmError::Ambiguous(label.to_owned()).into()),
    }
}

const RIGHTS: [(AttributeType, &str); 9] = [
    (AttributeType::Encrypt, "encrypt"),
    (AttributeType::Decrypt, "decrypt"),
    (AttributeType::Sign, "sign"),
    (AttributeType::SignRecover, "sign-recover"),
    (AttributeType::Verify, "verify"),
    (AttributeType::Wrap, "wrap"),
    (AttributeType::Unwrap, "unwrap"),
    (AttributeType::Derive, "derive"),
    (AttributeType::Trusted, "trusted"),
];

/// Attributes read one at a time: a module may know some and refuse others.
struct Facts {
    flags: Vec<(AttributeType, bool)>,
    id: Vec<u8>,
    mechanism: Option<String>,
}

impl Facts {
    fn read(session: &Session, key: ObjectHandle) -> Result<Self, Fault> {
        let kinds = [
            AttributeType::Local,
            AttributeType::Sensitive,
            AttributeType::Extractable,
            AttributeType::AlwaysSensitive,
            AttributeType::NeverExtractable,
            AttributeType::Modifiable,
            AttributeType::Copyable,
        ];
        let mut facts = Self {
            flags: Vec::new(),
            id: Vec::new(),
            mechanism: None,
        };
        for kind in kinds.into_iter().chain(RIGHTS.iter().map(|(kind, _)| *kind)) {
            for attribute in session.get_attributes(key, &[kind])? {
                if let Some(value) = boolean(&attribute) {
                    facts.flags.push((kind, value));
                }
            }
        }
        for attribute in session.get_attributes(key, &[AttributeType::Id])? {
            if let Attribute::Id(id) = attribute {
                facts.id = id;
            }
        }
        // CK_UNAVAILABLE_INFORMATION, or a mechanism without a name in the binding, is no answer.
        if let Ok(attributes) = session.get_attributes(key, &[AttributeType::KeyGenMechanism]) {
            for attribute in attributes {
                if let Attribute::KeyGenMechanism(mechanism) = attribute {
                    facts.mechanism = Some(mechanism.to_string());
                }
            }
        }
        Ok(facts)
    }

    fn flag(&self, kind: AttributeType) -> Option<bool> {
        self.flags.iter().find(|(k, _)| *k == kind).map(|(_, value)| *value)
    }

    fn is(&self, kind: AttributeType) -> bool {
        self.flag(kind) == Some(true)
    }

    fn rights(&self) -> Vec<String> {
        let has = RIGHTS.iter().filter(|(kind, _)| self.is(*kind));
        has.map(|(_, name)| (*name).to_owned()).collect()
    }
}

fn boolean(attribute: &Attribute) -> Option<bool> {
    match attribute {
        Attribute::Local(value)
        | Attribute::Sensitive(value)
        | Attribute::Extractable(value)
        | Attribute::AlwaysSensitive(value)
        | Attribute::NeverExtractable(value)
        | Attribute::Modifiable(value)
        | Attribute::Copyable(value)
        | Attribute::Encrypt(value)
        | Attribute::Decrypt(value)
        | Attribute::Sign(value)
        | Attribute::SignRecover(value)
        | Attribute::Verify(value)
        | Attribute::Wrap(value)
        | Attribute::Unwrap(value)
        | Attribute::Derive(value)
        | Attribute::Trusted(value) => Some(*value),
        _ => None,
    }
}
