//! Profile S, an organisation's qualified seal: EN 319 411-2 QCP-l-qscd (0.4.0.194112.1.3) or QCP-l, EN 319 412-3 and -5.
//!
//! C, O, organizationIdentifier and CN once each (EN 319 412-3 section 4.2.1); nonRepudiation alone; QcType eseal.

use signum_pki::oid;
use x509_cert::ext::pkix::KeyUsages;

use super::{DAY, Pointers, Policies, Profile, Statements, SubjectForm};

pub(crate) const PROFILE: Profile = Profile {
    id: "organization-seal",
    longest: 1096 * DAY,
    subject: SubjectForm::Organization,
    key_usage: &[KeyUsages::NonRepudiation],
    extended_key_usage: None,
    constraints: None,
    policies: Policies::Qualified {
        suffix: "1.4",
        plain: oid::QCP_L,
        qscd: oid::QCP_L_QSCD,
    },
    statements: Statements::Seal,
    pointers: Pointers::Leaf,
    private_key_usage: None,
    no_check: false,
    key_identifier: true,
    alternative_names: false,
    short_term: false,
    suspendable: true,
};
