//! Certificate profiles as data: what a certificate of each kind says, one file each.
//!
//! Both the builder and the linter read these; the linter reads the finished octets, never the builder's structures.

pub(crate) mod citizen_authentication;
pub(crate) mod citizen_signature;
pub(crate) mod issuing;
pub(crate) mod ocsp_responder;
pub(crate) mod root;
pub(crate) mod tsu;

use const_oid::ObjectIdentifier;
use x509_cert::ext::pkix::KeyUsages;

/// Seconds.
pub(crate) const DAY: i64 = 86_400;

/// One kind of certificate.
#[derive(Debug)]
pub(crate) struct Profile {
    /// As the database, the audit log and the linter call it.
    pub id: &'static str,
    /// Longest validity in seconds; configuration may shorten it.
    pub longest: i64,
    pub subject: SubjectForm,
    pub key_usage: &'static [KeyUsages],
    pub extended_key_usage: Option<ExtendedUsage>,
    pub constraints: Option<Constraints>,
    pub policies: Policies,
    pub statements: Statements,
    pub pointers: Pointers,
    /// How long the private key is used, in seconds, when shorter than the certificate's validity.
    pub private_key_usage: Option<i64>,
    /// id-pkix-ocsp-nocheck.
    pub no_check: bool,
}

/// Which attributes the subject has, in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubjectForm {
    /// C, O, organizationIdentifier, CN.
    Organization,
    /// C, serialNumber, SN, GN, CN.
    NaturalPerson,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ExtendedUsage {
    pub purpose: ObjectIdentifier,
    pub critical: bool,
}

/// basicConstraints of a CA; leaves have none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Constraints {
    pub path_length: Option<u8>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Policies {
    None,
    /// anyPolicy with the practice statement's address.
    Any,
    /// Our own policy under the configured arc, and one of ETSI's.
    Own {
        suffix: &'static str,
        etsi: ObjectIdentifier,
    },
    /// As `Own`; QCP-n-qscd when the key's origin evidences a device, else QCP-n.
    Qualified {
        suffix: &'static str,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statements {
    None,
    /// Only how the subject's serialNumber is read.
    Semantics,
    /// Everything EN 319 412-5 asks of a certificate for electronic signatures.
    Qualified,
}

/// Where a certificate says more about its issuer and status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pointers {
    None,
    /// The root's certificate and list.
    Root,
    /// The issuer's certificate, its OCSP responder and its CRL.
    Leaf,
}

/// Every profile, for tests that go through all of them.
#[cfg(test)]
pub(crate) const ALL: [&Profile; 6] = [
    &root::PROFILE,
    &issuing::PROFILE,
    &citizen_authentication::PROFILE,
    &citizen_signature::PROFILE,
    &tsu::PROFILE,
    &ocsp_responder::PROFILE,
];

impl Profile {
    pub fn is_authority(&self) -> bool {
        self.constraints.is_some()
    }
}
