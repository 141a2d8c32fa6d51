//! Profile I, an issuing CA: RFC 5280 section 4.2.1.9 (path length 0), 4.2.1.4 (anyPolicy lets the leaves name theirs).
//!
//! EN 319 412-2 section 4.3.3 wants the practice statement's address; the root's list tells of a revocation.

use x509_cert::ext::pkix::KeyUsages;

use super::{Constraints, DAY, Pointers, Policies, Profile, Statements, SubjectForm};

pub(crate) const PROFILE: Profile = Profile {
    id: "issuing-ca",
    longest: 3653 * DAY,
    subject: SubjectForm::Organization,
    key_usage: &[KeyUsages::KeyCertSign, KeyUsages::CRLSign],
    extended_key_usage: None,
    constraints: Some(Constraints { path_length: Some(0) }),
    policies: Policies::Any,
    statements: Statements::None,
    pointers: Pointers::Root,
    private_key_usage: None,
    no_check: false,
    key_identifier: true,
    alternative_names: false,
    short_term: false,
    suspendable: false,
};
