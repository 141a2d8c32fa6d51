//! Certificate profiles as data: what a certificate of each kind says, one file each.
//!
//! Both the builder and the linter read these; the linter reads the finished octets, never the builder's structures.

pub(crate) mod agency_tls;
pub(crate) mod citizen_authentication;
pub(crate) mod citizen_signature;
pub(crate) mod issuing;
pub(crate) mod issuing_tls;
pub(crate) mod ocsp_responder;
pub(crate) mod official_signature;
pub(crate) mod organization_seal;
pub(crate) mod root;
pub(crate) mod short_lived_signature;
pub(crate) mod tsu;

use const_oid::ObjectIdentifier;
use signum_pki::oid;
use x509_cert::ext::pkix::KeyUsages;

use crate::authority::Role;

/// Seconds.
pub(crate) const DAY: i64 = 86_400;

/// One kind of certificate.
#[derive(Clone, Debug)]
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
    /// subjectKeyIdentifier; the Baseline Requirements advise against it in TLS servers' certificates.
    pub key_identifier: bool,
    /// subjectAltName with the server's names.
    pub alternative_names: bool,
    /// Ends before a revocation could tell: id-etsi-ext-valassured-ST-certs and noRevAvail.
    pub short_term: bool,
    /// May be suspended and reinstated (L-03).
    pub suspendable: bool,
}

/// Which attributes the subject has, in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubjectForm {
    /// C, O, organizationIdentifier, CN.
    Organization,
    /// C, O, CN: what the Baseline Requirements allow a TLS authority.
    TlsAuthority,
    /// C, serialNumber, SN, GN, CN.
    NaturalPerson,
    /// C, O, organizationIdentifier, title, serialNumber, SN, GN, CN.
    Official,
    /// C, L, O; the names are in subjectAltName.
    Server,
}

impl SubjectForm {
    pub fn attributes(self) -> &'static [ObjectIdentifier] {
        match self {
            Self::Organization => &[
                oid::COUNTRY,
                oid::ORGANIZATION,
                oid::ORGANIZATION_IDENTIFIER,
                oid::COMMON_NAME,
            ],
            Self::TlsAuthority => &[oid::COUNTRY, oid::ORGANIZATION, oid::COMMON_NAME],
            Self::NaturalPerson => &[
                oid::COUNTRY,
                oid::SERIAL_NUMBER,
                oid::SURNAME,
                oid::GIVEN_NAME,
                oid::COMMON_NAME,
            ],
            Self::Official => &[
                oid::COUNTRY,
                oid::ORGANIZATION,
                oid::ORGANIZATION_IDENTIFIER,
                oid::TITLE,
                oid::SERIAL_NUMBER,
                oid::SURNAME,
                oid::GIVEN_NAME,
                oid::COMMON_NAME,
            ],
            Self::Server => &[oid::COUNTRY, oid::LOCALITY, oid::ORGANIZATION],
        }
    }

    pub fn is_person(self) -> bool {
        matches!(self, Self::NaturalPerson | Self::Official)
    }

    pub fn has_organization_identifier(self) -> bool {
        matches!(self, Self::Organization | Self::Official)
    }
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
    /// As `Own`; `qscd` (QCP-n-qscd, QCP-l-qscd) when the key's origin evidences a device, else `plain` (QCP-n, QCP-l).
    Qualified {
        suffix: &'static str,
        plain: ObjectIdentifier,
        qscd: ObjectIdentifier,
    },
    /// Exactly these, without qualifiers, as the Baseline Requirements want them.
    Bare(&'static [ObjectIdentifier]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statements {
    None,
    /// Only how the subject's serialNumber is read.
    Semantics,
    /// Everything EN 319 412-5 asks of a certificate for electronic signatures.
    Signature,
    /// And of one for electronic seals.
    Seal,
}

impl Statements {
    /// QcType of a qualified certificate.
    pub fn qualified_type(self) -> Option<ObjectIdentifier> {
        match self {
            Self::None | Self::Semantics => None,
            Self::Signature => Some(oid::QC_TYPE_ESIGN),
            Self::Seal => Some(oid::QC_TYPE_ESEAL),
        }
    }

    pub fn is_qualified(self) -> bool {
        self.qualified_type().is_some()
    }

    /// How the subject's identifier is read.
    pub fn semantics(self) -> Option<ObjectIdentifier> {
        match self {
            Self::None => None,
            Self::Semantics | Self::Signature => Some(oid::SEMANTICS_NATURAL),
            Self::Seal => Some(oid::SEMANTICS_LEGAL),
        }
    }
}

/// Where a certificate says more about its issuer and status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pointers {
    None,
    /// The root's certificate and list.
    Root,
    /// The issuer's certificate, its OCSP responder and its CRL.
    Leaf,
    /// The issuer's certificate alone: there is no status to ask for.
    Issuer,
}

/// Every profile.
pub(crate) const ALL: [&Profile; 11] = [
    &root::PROFILE,
    &issuing::PROFILE,
    &issuing_tls::PROFILE,
    &citizen_authentication::PROFILE,
    &citizen_signature::PROFILE,
    &official_signature::PROFILE,
    &organization_seal::PROFILE,
    &short_lived_signature::PROFILE,
    &tsu::PROFILE,
    &ocsp_responder::PROFILE,
    &agency_tls::PROFILE,
];

/// The profile that the database names.
pub(crate) fn by_id(id: &str) -> Option<&'static Profile> {
    ALL.into_iter().find(|profile| profile.id == id)
}

/// The profile of an authority's own certificate.
pub(crate) fn of_authority(role: Role) -> &'static Profile {
    match role {
        Role::Root => &root::PROFILE,
        Role::Tls => &issuing_tls::PROFILE,
        Role::Auth | Role::Qsig | Role::Seal | Role::Tsa => &issuing::PROFILE,
    }
}

impl Profile {
    pub fn is_authority(&self) -> bool {
        self.constraints.is_some()
    }
}
