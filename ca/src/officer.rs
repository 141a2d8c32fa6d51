//! Officers of the CA: who they are, what each may do, and how a list of them follows from the one before (S-01, S-02).
//!
//! Nothing here reads a database or a clock. Trust begins at the hash of the first list, printed and published at the ceremony;
//! each later list is agreed to by enough administrators of the one before it.

pub(crate) mod chain;
pub(crate) mod gesture;
pub(crate) mod list;
pub(crate) mod pages;
pub(crate) mod store;
#[cfg(test)]
pub(crate) mod test_context;
#[cfg(test)]
pub(crate) mod test_people;
#[cfg(test)]
mod tests;

pub use chain::{ChainError, ListSignature, Officers, SignedList};
pub use gesture::Gesture;
pub use list::{Card, CardSigns, ListError, ListHash, ListedOfficer, OfficerList, Role};
pub use pages::{key_and_gesture_pages, spoken};
pub use store::{OfficersError, Pin};

/// Why an officer's word is not taken. Names officers by their ids only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfficerError {
    #[error("{0} is not an officer of the list in force")]
    Unknown(String),
    #[error("{officer} does not have the role {role}")]
    Role { officer: String, role: Role },
    #[error("the gesture of {officer} does not fit: {why}")]
    Gesture { officer: String, why: String },
}
