//! Profile Q, a citizen's qualified signature: EN 319 411-2 QCP-n-qscd (0.4.0.194112.1.2) or QCP-n, EN 319 412-2 and -5.
//!
//! keyUsage type A, nonRepudiation alone (EN 319 412-2 section 4.3.2). QcCClegislation names our country: without it the
//! certificate would claim to be qualified in the European Union (EN 319 412-5 section 4.2.4).

use signum_pki::oid;
use x509_cert::ext::pkix::KeyUsages;

use super::{DAY, Pointers, Policies, Profile, Statements, SubjectForm};

pub(crate) const PROFILE: Profile = Profile {
    id: "citizen-signature",
    longest: 1096 * DAY,
    subject: SubjectForm::NaturalPerson,
    key_usage: &[KeyUsages::NonRepudiation],
    extended_key_usage: None,
    constraints: None,
    policies: Policies::Qualified {
        suffix: "1.2",
        plain: oid::QCP_N,
        qscd: oid::QCP_N_QSCD,
    },
    statements: Statements::Signature,
    pointers: Pointers::Leaf,
    private_key_usage: None,
    no_check: false,
    key_identifier: true,
    alternative_names: false,
    short_term: false,
    suspendable: true,
};
