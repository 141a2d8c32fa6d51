//! Profile I for TLS servers: CA/Browser Forum Baseline Requirements section 7.1.2.6.
//!
//! As the other issuing CAs, but confined: serverAuth alone, the organisation-validated policy without qualifier, and no
//! organizationIdentifier in the name.

use signum_pki::oid;
use x509_cert::ext::pkix::KeyUsages;

use super::{Constraints, DAY, ExtendedUsage, Pointers, Policies, Profile, Statements, SubjectForm};

pub(crate) const PROFILE: Profile = Profile {
    id: "issuing-tls-ca",
    longest: 3653 * DAY,
    subject: SubjectForm::TlsAuthority,
    key_usage: &[KeyUsages::KeyCertSign, KeyUsages::CRLSign],
    extended_key_usage: Some(ExtendedUsage {
        purpose: oid::SERVER_AUTH,
        critical: false,
    }),
    constraints: Some(Constraints { path_length: Some(0) }),
    policies: Policies::Bare(&[oid::ORGANIZATION_VALIDATED]),
    statements: Statements::None,
    pointers: Pointers::Root,
    private_key_usage: None,
    no_check: false,
    key_identifier: true,
    alternative_names: false,
    short_term: false,
    suspendable: false,
};
