//! Whom or what a leaf certificate names, and what follows from it: profile, issuer, name, owner of the key.

use sha2::{Digest, Sha256};
use signum_core::Timestamp;
use signum_core::contract::{CertificateRequest, KeyOrigin, LeafProfile, PersonName};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use super::IssueError;
use super::origin::Origin;
use crate::authority::Role;
use crate::config::Config;
use crate::name;
use crate::profile::{
    DAY, Profile, agency_tls, citizen_authentication, citizen_signature, official_signature, organization_seal,
    short_lived_signature,
};
use crate::server_name;

/// What the subject is; the profile follows from it.
#[derive(Clone, Debug)]
pub enum Subject {
    Authentication(PersonName),
    Signature(PersonName),
    /// Ends within a day and has no status.
    ShortLivedSignature(PersonName),
    OfficialSignature(Official),
    Seal(Seal),
    TlsServer(Server),
}

/// An organisation in the register.
#[derive(Clone, Debug)]
pub struct Organization {
    pub name: String,
    /// Digits alone; the certificate shows `NTR<country>-<number>`.
    pub number: String,
}

/// A person in an office.
#[derive(Clone, Debug)]
pub struct Official {
    pub person: PersonName,
    pub organization: Organization,
    pub title: String,
}

/// An organisation that seals.
#[derive(Clone, Debug)]
pub struct Seal {
    pub organization: Organization,
    pub common_name: String,
}

/// An agency's server.
#[derive(Clone, Debug)]
pub struct Server {
    pub organization: String,
    pub locality: String,
    /// DNS names in lower case, or public IP addresses.
    pub names: Vec<String>,
}

/// A request for a leaf certificate of any profile, by whoever may ask inside the CA.
#[derive(Clone, Debug)]
pub struct LeafRequest {
    pub idempotency_key: [u8; 16],
    pub subject: Subject,
    /// DER of a PKCS#10 request (RFC 2986); only its key is used, its signature proves possession.
    pub pkcs10: Vec<u8>,
    pub key_origin: KeyOrigin,
    /// The end of the card's validity or of the employment, when it comes before the profile's.
    pub ends_by: Option<Timestamp>,
    /// Id of the registration desk that asked, if one did; bulk actions choose by it.
    pub desk: Option<String>,
}

impl LeafRequest {
    /// Where the key was made, as far as it is proven. Only a person's key has a statement; of another one nothing is proven.
    pub(super) fn origin(&self, config: &Config, pinned: Option<&[u8]>) -> Result<Origin, IssueError> {
        let Some(person) = self.subject.person() else {
            return match self.key_origin {
                KeyOrigin::Unknown => Ok(Origin::Unproven),
                _ => Err(IssueError::refused(
                    "key_origin_unproven",
                    "statements are about the keys of people",
                )),
            };
        };
        let profile = match self.subject {
            Subject::Authentication(_) => LeafProfile::CitizenAuthentication,
            _ => LeafProfile::CitizenSignature,
        };
        let claim = CertificateRequest {
            idempotency_key: self.idempotency_key,
            profile,
            person: person.clone(),
            pkcs10: self.pkcs10.clone(),
            key_origin: self.key_origin.clone(),
        };
        Origin::prove(config, &claim, pinned)
    }
}

impl Subject {
    pub(crate) fn profile(&self) -> &'static Profile {
        match self {
            Self::Authentication(_) => &citizen_authentication::PROFILE,
            Self::Signature(_) => &citizen_signature::PROFILE,
            Self::ShortLivedSignature(_) => &short_lived_signature::PROFILE,
            Self::OfficialSignature(_) => &official_signature::PROFILE,
            Self::Seal(_) => &organization_seal::PROFILE,
            Self::TlsServer(_) => &agency_tls::PROFILE,
        }
    }

    pub(crate) fn issuer(&self) -> Role {
        match self {
            Self::Authentication(_) => Role::Auth,
            Self::Signature(_) | Self::ShortLivedSignature(_) | Self::OfficialSignature(_) => Role::Qsig,
            Self::Seal(_) => Role::Seal,
            Self::TlsServer(_) => Role::Tls,
        }
    }

    /// Seconds.
    pub(super) fn validity(&self, config: &Config) -> i64 {
        let days = match self {
            Self::Authentication(_) => config.authentication_days,
            Self::Signature(_) => config.signature_days,
            Self::ShortLivedSignature(_) => 1,
            Self::OfficialSignature(_) => config.official_days,
            Self::Seal(_) => config.seal_days,
            Self::TlsServer(_) => config.tls_days,
        };
        i64::from(days) * DAY
    }

    pub(super) fn person(&self) -> Option<&PersonName> {
        match self {
            Self::Authentication(person) | Self::Signature(person) | Self::ShortLivedSignature(person) => Some(person),
            Self::OfficialSignature(official) => Some(&official.person),
            Self::Seal(_) | Self::TlsServer(_) => None,
        }
    }

    /// Why it cannot stand in a certificate; the data itself is not repeated.
    pub(super) fn check(&self, config: &Config) -> Result<(), &'static str> {
        if let Some(person) = self.person() {
            name::check_person(config, person)?;
        }
        match self {
            Self::OfficialSignature(official) => {
                name::check_text(&official.title)?;
                official.organization.check(config)
            }
            Self::Seal(seal) => {
                name::check_text(&seal.common_name)?;
                seal.organization.check(config)
            }
            Self::TlsServer(server) => {
                name::check_text(&server.organization)?;
                name::check_text(&server.locality)?;
                server_name::check(&server.names, &config.tls_domains)
            }
            Self::Authentication(_) | Self::Signature(_) | Self::ShortLivedSignature(_) => Ok(()),
        }
    }

    /// The code of a refusal of what [`check`](Self::check) checks.
    pub(super) fn malformed(&self) -> &'static str {
        match self {
            Self::Authentication(_) | Self::Signature(_) | Self::ShortLivedSignature(_) => "person_malformed",
            Self::OfficialSignature(_) | Self::Seal(_) | Self::TlsServer(_) => "subject_malformed",
        }
    }

    pub(super) fn name(&self, config: &Config) -> der::Result<Name> {
        match self {
            Self::Authentication(person) | Self::Signature(person) | Self::ShortLivedSignature(person) => {
                name::person(config, person)
            }
            Self::OfficialSignature(o) => {
                let number = o.organization.identifier(config);
                name::official(config, &o.person, &o.organization.name, &number, &o.title)
            }
            Self::Seal(seal) => {
                let number = seal.organization.identifier(config);
                name::legal_person(config, &seal.organization.name, &number, &seal.common_name)
            }
            Self::TlsServer(server) => name::server(config, &server.locality, &server.organization),
        }
    }

    pub(super) fn alternative_names(&self) -> der::Result<Vec<GeneralName>> {
        match self {
            Self::TlsServer(server) => server.names.iter().map(|name| server_name::encode(name)).collect(),
            _ => Ok(Vec::new()),
        }
    }

    /// Whose key it is: a person or an organisation, as a hash.
    pub(super) fn owner(&self, config: &Config) -> [u8; 32] {
        let hash = |domain: &[u8], text: &str| Sha256::new().chain_update(domain).chain_update(text).finalize().into();
        match self {
            Self::Seal(seal) => hash(b"signum-ca-organization\0", &seal.organization.identifier(config)),
            Self::TlsServer(server) => hash(b"signum-ca-server\0", &server.organization),
            Self::Authentication(person) | Self::Signature(person) | Self::ShortLivedSignature(person) => {
                hash(b"signum-ca-person\0", &name::semantics_identifier(config, person))
            }
            Self::OfficialSignature(o) => hash(b"signum-ca-person\0", &name::semantics_identifier(config, &o.person)),
        }
    }
}

impl Organization {
    fn check(&self, config: &Config) -> Result<(), &'static str> {
        name::check_text(&self.name)?;
        if config.is_organization_number(&self.number) {
            Ok(())
        } else {
            Err("the organisation's number has another form than the configured one")
        }
    }

    /// `NTRXK-810000000` (EN 319 412-1 section 5.1.4).
    fn identifier(&self, config: &Config) -> String {
        format!("NTR{}-{}", config.country, self.number)
    }
}
