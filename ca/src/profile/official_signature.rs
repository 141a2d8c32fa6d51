//! Profile O, an official's qualified signature: EN 319 411-2 QCP-n-qscd or QCP-n, EN 319 412-2 sections 4.2.4 and 4.3.
//!
//! As a citizen's, with the ministry, its identifier and the person's title; ends with the employment, in two years at the
//! latest.

use signum_pki::oid;
use x509_cert::ext::pkix::KeyUsages;

use super::{DAY, Pointers, Policies, Profile, Statements, SubjectForm};

pub(crate) const PROFILE: Profile = Profile {
    id: "official-signature",
    longest: 731 * DAY,
    subject: SubjectForm::Official,
    key_usage: &[KeyUsages::NonRepudiation],
    extended_key_usage: None,
    constraints: None,
    policies: Policies::Qualified {
        suffix: "1.3",
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
