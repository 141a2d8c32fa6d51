//! Profile V, an OCSP responder delegated by one CA: RFC 6960 section 4.2.2.2.
//!
//! id-pkix-ocsp-nocheck, so that nobody asks it about itself (4.2.2.2.1); therefore short-lived, at most 45 days, with a new
//! key each time, and without pointers.

use signum_pki::oid;
use x509_cert::ext::pkix::KeyUsages;

use super::{DAY, ExtendedUsage, Pointers, Policies, Profile, Statements, SubjectForm};

pub(crate) const PROFILE: Profile = Profile {
    id: "ocsp-responder",
    longest: 45 * DAY,
    subject: SubjectForm::Organization,
    key_usage: &[KeyUsages::DigitalSignature],
    extended_key_usage: Some(ExtendedUsage {
        purpose: oid::OCSP_SIGNING,
        critical: false,
    }),
    constraints: None,
    policies: Policies::None,
    statements: Statements::None,
    pointers: Pointers::None,
    private_key_usage: None,
    no_check: true,
    key_identifier: true,
    alternative_names: false,
    short_term: false,
    suspendable: false,
};
