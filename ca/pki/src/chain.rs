//! Path building and validation (RFC 5280 section 6, RFC 4158), at a given time, strict as RFC 5280 section 4 asks of issuers.
//!
//! Stricter than section 6.1 alone: trust anchors are certificates and are checked like any other (dates, extensions,
//! constraints), criticality that section 4.2 prescribes is required, and keys and algorithms are those of `algorithms`.

mod algorithms;
mod budget;
mod build;
mod directory_name;
mod error;
mod extensions;
mod member;
mod name_constraints;
mod name_forms;
mod policies;
mod revocation;
mod rules;
mod server_name;

use const_oid::ObjectIdentifier;

pub use error::ChainError;
pub use server_name::ServerName;

use budget::Budget;
use member::Member;

/// What the end of the path must be good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    Any,
    TimeStamping,
    ClientAuth,
    /// A TLS server of that name; the certificate must also keep to CA/B Baseline Requirements section 7.1.2.7.
    ServerAuth(ServerName),
}

/// What a path is validated for.
#[derive(Clone, Debug)]
pub struct Validation<'a> {
    pub purpose: Purpose,
    /// Seconds since the Unix epoch.
    pub now_seconds: i64,
    /// How many certificates may stand between leaf and root; those that a CA issued to itself are not counted.
    pub max_intermediates: usize,
    /// DER of revocation lists; `None` leaves revocation unchecked, `Some` requires a fitting list for every certificate.
    pub crls: Option<&'a [Vec<u8>]>,
    /// Certificate policies of which one must hold for the path; empty: any will do.
    pub policies: &'a [ObjectIdentifier],
}

impl Validation<'_> {
    /// For `purpose` at `now_seconds`, with at most six intermediates, neither revocation nor policies being asked for.
    pub const fn new(purpose: Purpose, now_seconds: i64) -> Self {
        Self {
            purpose,
            now_seconds,
            max_intermediates: 6,
            crls: None,
            policies: &[],
        }
    }

    /// Finds a path from `leaf` to one of `roots` over `intermediates` (all DER) on which everything holds.
    ///
    /// When there is none, the error is that of the path that came nearest. The work is bounded whatever the certificates.
    pub fn check(&self, leaf: &[u8], intermediates: &[Vec<u8>], roots: &[Vec<u8>]) -> Result<(), ChainError> {
        let leaf = Member::from_der(leaf)?;
        // What cannot be read may be of no concern to this path.
        let read = |list: &[Vec<u8>]| {
            list.iter()
                .filter_map(|der| Member::from_der(der).ok())
                .collect::<Vec<_>>()
        };
        let (intermediates, roots) = (read(intermediates), read(roots));
        let search = build::Search {
            validation: self,
            intermediates: &intermediates,
            roots: &roots,
        };
        search.run(&leaf, &mut Budget::default())
    }
}

/// Validates `leaf` up to one of `roots` over `intermediates` (all DER) at `now_seconds`; no revocation check.
pub fn verify_chain(
    leaf: &[u8],
    intermediates: &[Vec<u8>],
    roots: &[Vec<u8>],
    purpose: Purpose,
    now_seconds: i64,
) -> Result<(), ChainError> {
    Validation::new(purpose, now_seconds).check(leaf, intermediates, roots)
}

/// Whether `issuer` itself issued `certificate` (both DER), it is valid at `now_seconds`, and nothing critical in it is unknown.
/// What the issuer may issue and the certificate is good for is the caller's to check.
pub fn verify_issued_by(certificate: &[u8], issuer: &[u8], now_seconds: i64) -> Result<(), ChainError> {
    let (certificate, issuer) = (Member::from_der(certificate)?, Member::from_der(issuer)?);
    certificate.check_fields()?;
    certificate.extensions()?;
    rules::check_dates(&certificate, now_seconds)?;
    certificate.names_as_issuer(&issuer)?;
    certificate.verify_signature(&issuer, &mut Budget::default())
}
