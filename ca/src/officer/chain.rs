//! From the published hash of the first list to the list in force, each step agreed to by administrators of the list before.

use serde::{Deserialize, Serialize};

use super::{Gesture, ListError, ListHash, OfficerError, OfficerList, Role};

/// One administrator's agreement to a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSignature {
    pub officer: String,
    /// Over [`OfficerList::challenge`].
    pub gesture: Gesture,
}

/// A list with the agreement of the officers before it; the first has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedList {
    pub list: OfficerList,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<ListSignature>,
}

/// Proof that a list follows from the published hash; only [`verify`](Self::verify) and [`after`](Self::after) make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officers {
    list: OfficerList,
    hash: ListHash,
}

/// Where a chain of lists breaks. `version` is that of the list that does not follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error("there is no list of officers")]
    Empty,
    #[error("the first list has the hash {found}, not the published {published}")]
    NotGenesis { published: ListHash, found: ListHash },
    #[error("list {version} stands where list {expected} must stand")]
    OutOfOrder { version: u64, expected: u64 },
    #[error("list {version} does not name the list before it, {previous}")]
    NotNext { version: u64, previous: ListHash },
    #[error("list {version}: {problem}")]
    List { version: u64, problem: ListError },
    #[error("list {version} is signed by an officer who may not: {problem}")]
    Signature { version: u64, problem: OfficerError },
    #[error("list {version} is signed by {officer} twice")]
    Twice { version: u64, officer: String },
    #[error("list {version} has {given} signatures where the list before asks for {needed}")]
    TooFew { version: u64, given: u64, needed: u64 },
    #[error("the lists end at {version}, and {at_least} at least is in force")]
    Cut { version: u64, at_least: u64 },
}

impl Officers {
    /// The list in force: the last of `chain`, whose first list has the hash `genesis`.
    pub fn verify(genesis: ListHash, chain: &[SignedList]) -> Result<Self, ChainError> {
        let (first, later) = chain.split_first().ok_or(ChainError::Empty)?;
        let found = first.list.hash();
        if found != genesis {
            return Err(ChainError::NotGenesis {
                published: genesis,
                found,
            });
        }
        if first.list.version != 1 {
            let version = first.list.version;
            return Err(ChainError::OutOfOrder { version, expected: 1 });
        }
        let start = Self::checked(&first.list)?;
        later.iter().try_fold(start, |officers, next| officers.after(next))
    }

    /// The list that follows, if it does.
    pub fn after(&self, next: &SignedList) -> Result<Self, ChainError> {
        let version = next.list.version;
        let expected = self.list.version.saturating_add(1);
        if version != expected {
            return Err(ChainError::OutOfOrder { version, expected });
        }
        if next.list.previous != Some(self.hash) {
            let previous = self.hash;
            return Err(ChainError::NotNext { version, previous });
        }
        let checked = Self::checked(&next.list)?;
        let mut signed: Vec<&str> = Vec::new();
        for signature in &next.signatures {
            let officer = signature.officer.as_str();
            if signed.contains(&officer) {
                let officer = officer.to_owned();
                return Err(ChainError::Twice { version, officer });
            }
            self.agrees(&next.list, signature)
                .map_err(|problem| ChainError::Signature { version, problem })?;
            signed.push(officer);
        }
        let (given, needed) = (signed.len() as u64, self.list.needed);
        if given < needed {
            return Err(ChainError::TooFew { version, given, needed });
        }
        Ok(checked)
    }

    /// Whether one signature is an administrator's of this list over `next`.
    pub fn agrees(&self, next: &OfficerList, signature: &ListSignature) -> Result<(), OfficerError> {
        let challenge = next.challenge();
        self.list
            .verify(&signature.officer, Role::Administrator, &signature.gesture, &challenge)
            .map(|_| ())
    }

    fn checked(list: &OfficerList) -> Result<Self, ChainError> {
        let version = list.version;
        list.check().map_err(|problem| ChainError::List { version, problem })?;
        let hash = list.hash();
        Ok(Self {
            list: list.clone(),
            hash,
        })
    }

    /// Refuses a chain whose end was cut off: somebody removed lists, and officers are back who were taken off.
    pub fn at_least(self, at_least: u64) -> Result<Self, ChainError> {
        let version = self.list.version;
        if version < at_least {
            return Err(ChainError::Cut { version, at_least });
        }
        Ok(self)
    }

    pub fn list(&self) -> &OfficerList {
        &self.list
    }

    pub fn hash(&self) -> ListHash {
        self.hash
    }
}
