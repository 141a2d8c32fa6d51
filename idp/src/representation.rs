//! Acting for somebody else, a child or a company: the port to whatever register knows of mandates, and what services are told.
//!
//! A register that is away never stands in the way of a log-in: services are told `SERVICE_NOT_AVAILABLE` and go on.

mod answer;
mod sub;
mod table;

use async_trait::async_trait;

pub(crate) use answer::{Answered, asked_for, claims};
pub(crate) use sub::RepresenteeSub;
pub use table::TableRegistry;

/// Somebody for whom a person may act.
#[derive(Clone, PartialEq, Eq)]
pub struct Represented {
    /// How the register knows them; never told to services, which get a pairwise `sub`.
    pub reference: String,
    pub party: Party,
    /// What the person is to them: `PARENT`, `GUARDIAN`, `BOARD_MEMBER`; the register's own terms.
    pub roles: Vec<String>,
}

/// A natural or a legal person.
#[derive(Clone, PartialEq, Eq)]
pub enum Party {
    Natural { given_name: String, family_name: String },
    Legal { name: String },
}

/// Shows neither names nor references: they are other people's data.
impl std::fmt::Debug for Represented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Represented")
    }
}

/// The register did not answer, or not well; the text is for the log and names nobody.
#[derive(Debug, thiserror::Error)]
#[error("register of mandates: {0}")]
pub struct RegistryUnavailable(pub String);

/// A register of mandates, chosen where the services are wired.
#[async_trait]
pub trait Registry: Send + Sync {
    /// Everybody for whom the person with this number may act now.
    async fn represented_by(&self, personal_number: &str) -> Result<Vec<Represented>, RegistryUnavailable>;
}
