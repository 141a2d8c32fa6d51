//! Whom or what a desk asks a certificate for, which evidence that takes, and whether a second officer must agree: as data.

use serde::{Deserialize, Serialize};
use signum_core::contract::{KeyOrigin, PersonName};

use crate::issue::{Official, Organization, Seal, Server, Subject};

/// The subject; which profile follows from it stands in `profile`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "profile", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Applicant {
    CitizenAuthentication {
        given_name: String,
        surname: String,
        personal_number: String,
    },
    CitizenSignature {
        given_name: String,
        surname: String,
        personal_number: String,
    },
    OfficialSignature {
        given_name: String,
        surname: String,
        personal_number: String,
        organization: String,
        organization_number: String,
        title: String,
    },
    OrganizationSeal {
        organization: String,
        organization_number: String,
        common_name: String,
    },
    AgencyTls {
        organization: String,
        locality: String,
        names: Vec<String>,
    },
}

/// What an officer saw and kept a copy of (EN 319 411-1 section 6.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EvidenceKind {
    /// The applicant's identity document, the applicant being present.
    IdentityDocument,
    /// That the official holds the office: REG-6.2.2 on persons associated with an organisation.
    Employment,
    /// Extract of the register of organisations.
    RegisterExtract,
    /// That who asks may act for the organisation.
    Mandate,
    /// That the agency controls the server's domains.
    DomainControl,
}

/// What a profile asks of registration.
pub(super) struct Rules {
    pub evidence: &'static [EvidenceKind],
    /// A second officer of the desk agrees.
    pub four_eyes: bool,
}

impl Applicant {
    pub fn rules(&self) -> Rules {
        use EvidenceKind::{DomainControl, Employment, IdentityDocument, Mandate, RegisterExtract};
        let (evidence, four_eyes): (&[EvidenceKind], bool) = match self {
            Self::CitizenAuthentication { .. } | Self::CitizenSignature { .. } => (&[IdentityDocument], false),
            Self::OfficialSignature { .. } => (&[IdentityDocument, Employment], true),
            Self::OrganizationSeal { .. } => (&[RegisterExtract, Mandate], true),
            Self::AgencyTls { .. } => (&[RegisterExtract, Mandate, DomainControl], true),
        };
        Rules { evidence, four_eyes }
    }

    pub fn subject(&self) -> Subject {
        match self.clone() {
            Self::CitizenAuthentication {
                given_name,
                surname,
                personal_number,
            } => Subject::Authentication(PersonName {
                given_name,
                surname,
                personal_number,
            }),
            Self::CitizenSignature {
                given_name,
                surname,
                personal_number,
            } => Subject::Signature(PersonName {
                given_name,
                surname,
                personal_number,
            }),
            Self::OfficialSignature {
                given_name,
                surname,
                personal_number,
                organization,
                organization_number,
                title,
            } => Subject::OfficialSignature(Official {
                person: PersonName {
                    given_name,
                    surname,
                    personal_number,
                },
                organization: Organization {
                    name: organization,
                    number: organization_number,
                },
                title,
            }),
            Self::OrganizationSeal {
                organization,
                organization_number,
                common_name,
            } => Subject::Seal(Seal {
                organization: Organization {
                    name: organization,
                    number: organization_number,
                },
                common_name,
            }),
            Self::AgencyTls {
                organization,
                locality,
                names,
            } => Subject::TlsServer(Server {
                organization,
                locality,
                names,
            }),
        }
    }

    /// People's keys lie on cards; of other keys nothing is claimed.
    pub fn key_origin(&self) -> KeyOrigin {
        match self {
            Self::CitizenAuthentication { .. } | Self::CitizenSignature { .. } | Self::OfficialSignature { .. } => {
                KeyOrigin::Card
            }
            Self::OrganizationSeal { .. } | Self::AgencyTls { .. } => KeyOrigin::Unknown,
        }
    }
}
