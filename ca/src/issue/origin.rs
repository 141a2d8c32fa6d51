//! Where a key was made, as far as it is proven (EN 319 411-2 section 6.5.1): a statement by the pinned signing module, or nothing.

use sha2::{Digest, Sha256};
use signum_core::contract::{CertificateRequest, KeyOrigin as Claim, LeafProfile};
use signum_pki::key_origin::{KeyOrigin, WRAPPED_P256, person_reference};

use super::IssueError;
use crate::config::{Config, Qscd};
use crate::name;

/// What was proven; made by [`Origin::prove`] alone.
pub(super) enum Origin {
    /// The module said under its own key that it made this key for this person; its statement (DER).
    Module(Vec<u8>),
    Unproven,
}

impl Origin {
    /// Verifies what the request claims. A claim that does not hold is refused, never passed over as unproven.
    pub fn prove(config: &Config, request: &CertificateRequest, pinned: Option<&[u8]>) -> Result<Self, IssueError> {
        match (&request.key_origin, request.profile) {
            (Claim::SigningModule { statement }, _) => {
                let pinned = pinned.ok_or_else(|| refused("no statement key is pinned (ca.statement_key_file)"))?;
                check(config, request, statement, pinned)?;
                Ok(Self::Module(statement.clone()))
            }
            (Claim::Card | Claim::Unknown, LeafProfile::CitizenSignature)
                if !config.signature_keys_of_unknown_origin =>
            {
                Err(refused("nothing proves where this signature key was made"))
            }
            (Claim::Card | Claim::Unknown, _) => Ok(Self::Unproven),
        }
    }

    /// Only a proven origin can evidence a device; the configuration says whether the devices behind it are certified.
    pub fn in_qscd(&self, qscd: Qscd) -> bool {
        match (qscd, self) {
            (Qscd::None, _) | (_, Self::Unproven) => false,
            (Qscd::Certified | Qscd::Pretend, Self::Module(_)) => true,
        }
    }

    pub fn into_statement(self) -> Option<Vec<u8>> {
        match self {
            Self::Module(statement) => Some(statement),
            Self::Unproven => None,
        }
    }
}

fn check(config: &Config, request: &CertificateRequest, statement: &[u8], pinned: &[u8]) -> Result<(), IssueError> {
    let stated = KeyOrigin::verify(statement, pinned).map_err(|error| refused(&error.to_string()))?;
    if stated.person != person_reference(&name::semantics_identifier(config, &request.person)) {
        return Err(refused("the statement is about another person's key"));
    }
    if stated.certificate_request != <[u8; 32]>::from(Sha256::digest(&request.pkcs10)) {
        return Err(refused("the statement is about another certificate request"));
    }
    if stated.attributes != WRAPPED_P256 {
        return Err(refused("the statement's key attributes are not those of a signing key"));
    }
    Ok(())
}

fn refused(why: &str) -> IssueError {
    IssueError::refused("key_origin_unproven", why)
}
