//! The keys that sign our tokens: made in the HSM, published as JWKS (RFC 7517) a day before they are used, replaced by a job.

mod admin;
mod ring;
mod rotate;
mod store;

use signum_core::{DbError, retry_on_db_conflict};
use signum_hsm_shim::HsmError;
use signum_hsm_shim::worker::KeyUse;

use crate::jose::Algorithm;
use crate::jws::JwkOfSpkiError;

pub use admin::{Listed, list, wish, withdraw};
pub(crate) use ring::{KeyRing, SigningKeys};
pub(crate) use rotate::run;
pub use store::Withdrawn;
pub(crate) use store::offered;

/// What a signing key is for just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// Published so that relying parties know it before it is used.
    Pending,
    /// Signs. Exactly one of each algorithm.
    Active,
    /// Signs no more; published while tokens it signed may still be shown.
    Retired,
    /// Published no more. The key pair stays in the token.
    Withdrawn,
}

impl KeyStatus {
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Withdrawn => "withdrawn",
        }
    }
    fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Active, Self::Retired, Self::Withdrawn]
            .into_iter()
            .find(|status| status.name() == text)
    }
}

/// Why there are no keys to sign with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Hsm(#[from] HsmError),
    #[error("signing key: {0}")]
    Encoding(#[from] JwkOfSpkiError),
    #[error("signing keys: {0}")]
    Rows(&'static str),
}
retry_on_db_conflict!(KeyError);

/// Which keys of its token the service uses and makes: those of our labels, since it makes the next one while it runs. Officers
/// destroy old ones in a ceremony. Beside them the HMAC keys from which those of people's data follow.
pub fn key_use() -> KeyUse {
    let labels = vec!["id-token-*".to_owned()];
    KeyUse {
        signs: labels.clone(),
        makes: labels,
        macs: vec!["idp-people-*".to_owned()],
    }
}

/// The label of the `number`th key of an algorithm, counted from one.
fn label(algorithm: Algorithm, number: usize) -> String {
    match algorithm {
        Algorithm::Es256 => format!("id-token-{number}"),
        other => format!("id-token-{}-{number}", other.name().to_lowercase()),
    }
}
