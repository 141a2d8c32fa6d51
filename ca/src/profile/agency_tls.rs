//! Profile W, an agency's TLS server: CA/Browser Forum Baseline Requirements section 7.1.2.7 (organisation validated),
//! EN 319 411-1 OVCP (0.4.0.2042.1.7).
//!
//! C, L and O, the names in subjectAltName alone; serverAuth alone; no subjectKeyIdentifier; policies without qualifiers.

use signum_pki::oid;
use x509_cert::ext::pkix::KeyUsages;

use super::{DAY, ExtendedUsage, Pointers, Policies, Profile, Statements, SubjectForm};

pub(crate) const PROFILE: Profile = Profile {
    id: "agency-tls",
    longest: 90 * DAY,
    subject: SubjectForm::Server,
    key_usage: &[KeyUsages::DigitalSignature],
    extended_key_usage: Some(ExtendedUsage {
        purpose: oid::SERVER_AUTH,
        critical: false,
    }),
    constraints: None,
    policies: Policies::Bare(&[oid::ORGANIZATION_VALIDATED, oid::OVCP]),
    statements: Statements::None,
    pointers: Pointers::Leaf,
    private_key_usage: None,
    no_check: false,
    key_identifier: false,
    alternative_names: true,
    short_term: false,
    suspendable: false,
};
