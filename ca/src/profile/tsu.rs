//! Profile T, a time-stamping unit: RFC 3161 section 2.3 (timeStamping alone, critical), EN 319 422 section 6.
//!
//! The key is used for a year (privateKeyUsagePeriod, EN 319 421 section 7.6.7), the certificate lives six, so that old
//! stamps stay verifiable. NCP+ and not a QCP-l policy, which would need the seal statements (EN 319 412-5 QCS-5.2).

use signum_pki::oid;
use x509_cert::ext::pkix::KeyUsages;

use super::{DAY, ExtendedUsage, Pointers, Policies, Profile, Statements, SubjectForm};
use crate::authority::AuthorityName;

pub(crate) const PROFILE: Profile = Profile {
    id: "tsu",
    longest: 2192 * DAY,
    subject: SubjectForm::Organization,
    key_usage: &[KeyUsages::DigitalSignature],
    extended_key_usage: Some(ExtendedUsage {
        purpose: oid::TIME_STAMPING,
        critical: true,
    }),
    constraints: None,
    policies: Policies::Own {
        suffix: "1.5",
        etsi: oid::NCP_PLUS,
    },
    statements: Statements::None,
    pointers: Pointers::Leaf,
    private_key_usage: Some(366 * DAY),
    no_check: false,
    key_identifier: true,
    alternative_names: false,
    short_term: false,
    suspendable: false,
};

/// What the units of an authority are called among our own keys: `tsu`, `tsu-rsa`.
pub(crate) fn holder(authority: AuthorityName) -> String {
    format!("tsu{}", authority.suffix())
}
