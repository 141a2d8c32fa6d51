//! Profile A, a citizen's authentication: EN 319 411-1 NCP+ (0.4.0.2042.1.2), EN 319 412-2.
//!
//! keyUsage type C, digitalSignature alone (EN 319 412-2 section 4.3.2); the qcStatements extension only says how the
//! serialNumber is read (EN 319 412-1 section 5.1.3), so nobody takes it for a qualified certificate.

use signum_pki::oid;
use x509_cert::ext::pkix::KeyUsages;

use super::{DAY, ExtendedUsage, Pointers, Policies, Profile, Statements, SubjectForm};

pub(crate) const PROFILE: Profile = Profile {
    id: "citizen-authentication",
    longest: 1826 * DAY,
    subject: SubjectForm::NaturalPerson,
    key_usage: &[KeyUsages::DigitalSignature],
    extended_key_usage: Some(ExtendedUsage {
        purpose: oid::CLIENT_AUTH,
        critical: false,
    }),
    constraints: None,
    policies: Policies::Own {
        suffix: "1.1",
        etsi: oid::NCP_PLUS,
    },
    statements: Statements::Semantics,
    pointers: Pointers::Leaf,
    private_key_usage: None,
    no_check: false,
    key_identifier: true,
    alternative_names: false,
    short_term: false,
    suspendable: true,
};
