//! Profile D, a qualified signature certificate of a day: as Q, EN 319 412-1 section 5.2.2 and RFC 9608.
//!
//! It ends before a revocation could tell: id-etsi-ext-valassured-ST-certs, noRevAvail, and neither OCSP nor CRL addresses
//! (RFC 9608 section 2 forbids them beside it).

use signum_pki::oid;
use x509_cert::ext::pkix::KeyUsages;

use super::{DAY, Pointers, Policies, Profile, Statements, SubjectForm};

pub(crate) const PROFILE: Profile = Profile {
    id: "short-lived-signature",
    longest: DAY,
    subject: SubjectForm::NaturalPerson,
    key_usage: &[KeyUsages::NonRepudiation],
    extended_key_usage: None,
    constraints: None,
    policies: Policies::Qualified {
        suffix: "1.6",
        plain: oid::QCP_N,
        qscd: oid::QCP_N_QSCD,
    },
    statements: Statements::Signature,
    pointers: Pointers::Issuer,
    private_key_usage: None,
    no_check: false,
    key_identifier: true,
    alternative_names: false,
    short_term: true,
    suspendable: false,
};
