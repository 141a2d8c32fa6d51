//! One list of officers: its canonical octets, its hash, and what a list must be to be worth anything.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use signum_gesture::fields::{self, Fields};
use signum_gesture::key::VerifyingKey;
use signum_gesture::officer::Key;
use signum_gesture::{Authenticator, CardAlgorithm, RelyingParty};

use super::{Gesture, OfficerError};

const DOMAIN: &[u8] = b"signum-officer-list-v1";
const APPROVAL_DOMAIN: &[u8] = b"signum-officer-list-approval-v1";

/// What an officer may do (EN 319 401 section 7.2, roles of trust).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Vouches for applicants at a desk.
    Registration,
    /// Suspends, reinstates and revokes at a desk.
    Revocation,
    /// Holds key ceremonies and asks for the use of CA keys.
    CeremonyOperator,
    /// Reads everything and agrees to nothing; no other role goes with it.
    Auditor,
    /// Changes the list, settings and many certificates at once.
    Administrator,
}

impl Role {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Revocation => "revocation",
            Self::CeremonyOperator => "ceremony-operator",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// SHA-256 of a list's canonical octets; lower-case hexadecimal in text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListHash(pub [u8; 32]);

impl fmt::Display for ListHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ListHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ListHash {
    type Err = &'static str;

    /// As people type it from paper: spaces and capitals do not matter.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: String = text.split_whitespace().collect();
        let mut hash = [0; 32];
        hex::decode_to_slice(digits, &mut hash).map_err(|_| "not 64 hexadecimal digits")?;
        Ok(Self(hash))
    }
}

impl Serialize for ListHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ListHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A card's signature key, for officers who agree with a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// SubjectPublicKeyInfo (DER), base64url without padding in text.
    #[serde(serialize_with = "to_text", deserialize_with = "from_text")]
    pub spki: Vec<u8>,
    pub algorithm: CardSigns,
}

/// How it signs, by the names of RFC 7518.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CardSigns {
    Es256,
    Es384,
    Rs256,
    Ps256,
}

impl Card {
    pub(super) fn algorithm(&self) -> CardAlgorithm {
        match self.algorithm {
            CardSigns::Es256 => CardAlgorithm::Es256,
            CardSigns::Es384 => CardAlgorithm::Es384,
            CardSigns::Rs256 => CardAlgorithm::Rs256,
            CardSigns::Ps256 => CardAlgorithm::Ps256,
        }
    }
}

/// One officer: the shape of `officers.json` with roles and desks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedOfficer {
    pub id: String,
    /// For people who read the list; no check uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub roles: BTreeSet<Role>,
    /// Desks at which the officer registers and revokes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub desks: BTreeSet<String>,
    #[serde(alias = "rp")]
    pub relying_party: RelyingParty,
    /// What the officer agrees with.
    #[serde(with = "signum_gesture::officer::text")]
    pub authenticator: Authenticator,
    /// What the officer logs in with at a desk: another key for another relying party, so that no log-in agrees to anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_in: Option<Key>,
    /// A card that agrees as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
}

/// A list of officers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerList {
    /// 1 for the first list.
    pub version: u64,
    /// Hash of the list before; the first has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<ListHash>,
    /// How many administrators agree to the next list; two at least.
    pub needed: u64,
    /// How many ceremony operators a ceremony takes; two at least.
    pub operators_needed: u64,
    pub officers: Vec<ListedOfficer>,
}

/// What is wrong with a list in itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    #[error("the first list has version 1 and no list before it, every other one has both")]
    Version,
    #[error("{0}: two-person control needs two at least")]
    OnePerson(&'static str),
    #[error("{have} officers with the role {role} where {needed} are needed")]
    TooFew { role: Role, have: u64, needed: u64 },
    #[error("{0:?} is no id: 1 to 64 lower-case letters, digits, dots, hyphens")]
    Id(String),
    #[error("{0} is there twice")]
    Twice(String),
    #[error("{0} has no role")]
    NoRole(String),
    #[error("{0} is an auditor and something else")]
    AuditorActs(String),
    #[error("{0} registers or revokes and has no desk")]
    NoDesk(String),
    #[error("{0} registers or revokes and has no log_in key")]
    NoLogIn(String),
    #[error("{0}: a key that is no key")]
    BadKey(String),
    #[error("{0}: each key is one officer's, for one use")]
    SharedKey(String),
    #[error("{0}: the log_in key needs another RP ID and another origin than the keys that agree")]
    SharedRelyingParty(String),
}

impl OfficerList {
    /// Every field with its length before it; layout and order of members in a file do not matter.
    pub fn canonical(&self) -> Vec<u8> {
        let mut octets = Fields::of(DOMAIN)
            .field(&self.version.to_be_bytes())
            .field(self.previous.as_ref().map_or(&[], |hash| hash.0.as_slice()))
            .field(&self.needed.to_be_bytes())
            .field(&self.operators_needed.to_be_bytes());
        for officer in &self.officers {
            octets = octets.field(&officer.canonical());
        }
        octets.bytes()
    }

    pub fn hash(&self) -> ListHash {
        ListHash(Sha256::digest(self.canonical()).into())
    }

    /// What an administrator of the list before signs to agree to this one.
    pub fn challenge(&self) -> [u8; 32] {
        let domain = Sha256::new_with_prefix(APPROVAL_DOMAIN);
        domain.chain_update(self.hash().0).finalize().into()
    }

    pub fn find(&self, id: &str) -> Option<&ListedOfficer> {
        self.officers.iter().find(|officer| officer.id == id)
    }

    /// The officer who made `gesture` over `challenge`, being on this list in that role.
    pub fn verify(
        &self,
        id: &str,
        role: Role,
        gesture: &Gesture,
        challenge: &[u8; 32],
    ) -> Result<&ListedOfficer, OfficerError> {
        let officer = self.with_role(id, role)?;
        gesture
            .verify(officer, challenge)
            .map_err(|error| OfficerError::Gesture {
                officer: officer.id.clone(),
                why: error.to_string(),
            })?;
        Ok(officer)
    }

    /// The officer on this list in that role.
    pub fn with_role(&self, id: &str, role: Role) -> Result<&ListedOfficer, OfficerError> {
        let officer = self.find(id).ok_or_else(|| OfficerError::Unknown(id.to_owned()))?;
        if officer.roles.contains(&role) {
            Ok(officer)
        } else {
            let officer = id.to_owned();
            Err(OfficerError::Role { officer, role })
        }
    }

    fn having(&self, role: Role) -> u64 {
        self.officers
            .iter()
            .filter(|officer| officer.roles.contains(&role))
            .count() as u64
    }

    /// Whether it can be a list in force: enough different people, each key one person's for one use.
    pub fn check(&self) -> Result<(), ListError> {
        if self.version == 0 || (self.version == 1) != self.previous.is_none() {
            return Err(ListError::Version);
        }
        for (needed, setting, role) in [
            (self.needed, "needed", Role::Administrator),
            (self.operators_needed, "operators_needed", Role::CeremonyOperator),
        ] {
            if needed < 2 {
                return Err(ListError::OnePerson(setting));
            }
            let have = self.having(role);
            if have < needed {
                return Err(ListError::TooFew { role, have, needed });
            }
        }
        let mut ids = BTreeSet::new();
        for officer in &self.officers {
            officer.check()?;
            if !ids.insert(&officer.id) {
                return Err(ListError::Twice(officer.id.clone()));
            }
        }
        self.check_keys()
    }

    fn check_keys(&self) -> Result<(), ListError> {
        let (mut credentials, mut keys) = (BTreeSet::new(), BTreeSet::new());
        for officer in &self.officers {
            let log_in = officer.log_in.as_ref().map(|key| &key.authenticator);
            for key in std::iter::once(&officer.authenticator).chain(log_in) {
                let public = VerifyingKey::from_cose(&key.cose_key).and_then(|key| key.spki());
                let public = public.map_err(|_| ListError::BadKey(officer.id.clone()))?;
                // The same key in another encoding is the same key.
                if !credentials.insert(&key.credential_id) || !keys.insert(public) {
                    return Err(ListError::SharedKey(officer.id.clone()));
                }
            }
            if let Some(card) = &officer.card
                && !keys.insert(card.spki.clone())
            {
                return Err(ListError::SharedKey(officer.id.clone()));
            }
            if let Some(log_in) = officer.log_in.as_ref().map(|key| &key.relying_party) {
                let agrees = |other: &ListedOfficer| {
                    other.relying_party.id == log_in.id || other.relying_party.origin == log_in.origin
                };
                if self.officers.iter().any(agrees) {
                    return Err(ListError::SharedRelyingParty(officer.id.clone()));
                }
            }
        }
        Ok(())
    }
}

impl ListedOfficer {
    /// Whether the officer has `role` at `desk`.
    pub fn serves(&self, desk: &str, role: Role) -> bool {
        self.roles.contains(&role) && self.desks.contains(desk)
    }

    fn check(&self) -> Result<(), ListError> {
        for id in std::iter::once(&self.id).chain(&self.desks) {
            if !is_id(id) {
                return Err(ListError::Id(id.clone()));
            }
        }
        let id = || self.id.clone();
        if self.roles.is_empty() {
            return Err(ListError::NoRole(id()));
        }
        if self.roles.contains(&Role::Auditor) && self.roles.len() > 1 {
            return Err(ListError::AuditorActs(id()));
        }
        if self.roles.contains(&Role::Registration) || self.roles.contains(&Role::Revocation) {
            if self.desks.is_empty() {
                return Err(ListError::NoDesk(id()));
            }
            if self.log_in.is_none() {
                return Err(ListError::NoLogIn(id()));
            }
        }
        Ok(())
    }

    fn canonical(&self) -> Vec<u8> {
        let texts = |texts: &mut dyn Iterator<Item = &str>| {
            let all = texts.fold(Fields::default(), |fields, text| fields.field(text.as_bytes()));
            all.bytes()
        };
        let key = |rp: &RelyingParty, key: &Authenticator| {
            let fields = Fields::default().field(rp.id.as_bytes()).field(rp.origin.as_bytes());
            fields.field(&fields::authenticator(key)).bytes()
        };
        let log_in = self.log_in.as_ref().map(|k| key(&k.relying_party, &k.authenticator));
        let card = self.card.as_ref().map(|card| {
            let algorithm = format!("{:?}", card.algorithm).to_uppercase();
            Fields::default().field(&card.spki).field(algorithm.as_bytes()).bytes()
        });
        Fields::default()
            .field(self.id.as_bytes())
            .field(self.name.as_deref().unwrap_or_default().as_bytes())
            .field(&texts(&mut self.roles.iter().map(|role| role.name())))
            .field(&texts(&mut self.desks.iter().map(String::as_str)))
            .field(&key(&self.relying_party, &self.authenticator))
            .field(&log_in.unwrap_or_default())
            .field(&card.unwrap_or_default())
            .bytes()
    }
}

fn is_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

fn to_text<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&URL_SAFE_NO_PAD.encode(bytes))
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    URL_SAFE_NO_PAD.decode(text).map_err(D::Error::custom)
}
