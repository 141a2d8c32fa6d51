//! Profile R, the root: RFC 5280 sections 4.1 and 4.2, EN 319 411-1 section 6.6.1.
//!
//! keyCertSign and cRLSign alone; basicConstraints critical without path length; no policies, no pointers.

use x509_cert::ext::pkix::KeyUsages;

use super::{Constraints, DAY, Pointers, Policies, Profile, Statements, SubjectForm};

pub(crate) const PROFILE: Profile = Profile {
    id: "root",
    longest: 7305 * DAY,
    subject: SubjectForm::Organization,
    key_usage: &[KeyUsages::KeyCertSign, KeyUsages::CRLSign],
    extended_key_usage: None,
    constraints: Some(Constraints { path_length: None }),
    policies: Policies::None,
    statements: Statements::None,
    pointers: Pointers::None,
    private_key_usage: None,
    no_check: false,
    key_identifier: true,
    alternative_names: false,
    short_term: false,
    suspendable: false,
};
