//! Our certification authorities: their names, keys and addresses.

pub(crate) mod tenure;

use const_oid::ObjectIdentifier;
use der::asn1::Null;
use der::{Decode, Encode};
use signum_core::Timestamp;
use signum_hsm_shim::{KeyAlgorithm, KeyUri, SignatureAlgorithm};
use signum_pki::oid;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::Certificate;
use x509_cert::name::Name;

use crate::config::{Algorithms, Config};

pub(crate) use tenure::Tenure;

/// What an authority is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    Root,
    /// Issues people's authentication certificates.
    Auth,
    /// Issues people's qualified signature certificates.
    Qsig,
    /// Issues organisations' qualified seal certificates.
    Seal,
    /// Issues the time-stamping unit's certificates.
    Tsa,
    /// Issues agencies' TLS server certificates.
    Tls,
}

/// Which authority: what it is for, in which generation of algorithms. Both generations may live side by side; the short
/// name stands in addresses, key labels and the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuthorityName {
    pub role: Role,
    pub algorithms: Algorithms,
}

impl Role {
    pub const ALL: [Self; 6] = [Self::Root, Self::Auth, Self::Qsig, Self::Seal, Self::Tsa, Self::Tls];

    /// What the common name says between the prefix and the generation.
    const fn title(self) -> &'static str {
        match self {
            Self::Root => "Root CA",
            Self::Auth => "Citizen Authentication CA",
            Self::Qsig => "Qualified Signature CA",
            Self::Seal => "Qualified Seal CA",
            Self::Tsa => "Time Stamping CA",
            Self::Tls => "TLS CA",
        }
    }

    pub const fn of(self, algorithms: Algorithms) -> AuthorityName {
        AuthorityName { role: self, algorithms }
    }
}

impl AuthorityName {
    /// Every authority that may be, of both generations.
    pub fn all() -> impl Iterator<Item = Self> {
        let of = |algorithms| Role::ALL.into_iter().map(move |role| role.of(algorithms));
        Algorithms::ALL.into_iter().flat_map(of)
    }

    pub const fn as_str(self) -> &'static str {
        match (self.role, self.algorithms) {
            (Role::Root, Algorithms::Ec) => "root",
            (Role::Auth, Algorithms::Ec) => "auth",
            (Role::Qsig, Algorithms::Ec) => "qsig",
            (Role::Seal, Algorithms::Ec) => "seal",
            (Role::Tsa, Algorithms::Ec) => "tsa",
            (Role::Tls, Algorithms::Ec) => "tls",
            (Role::Root, Algorithms::Rsa) => "root-rsa",
            (Role::Auth, Algorithms::Rsa) => "auth-rsa",
            (Role::Qsig, Algorithms::Rsa) => "qsig-rsa",
            (Role::Seal, Algorithms::Rsa) => "seal-rsa",
            (Role::Tsa, Algorithms::Rsa) => "tsa-rsa",
            (Role::Tls, Algorithms::Rsa) => "tls-rsa",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::all().find(|name| name.as_str() == text)
    }

    pub fn is_root(self) -> bool {
        self.role == Role::Root
    }

    /// The root of its generation.
    pub const fn root(self) -> Self {
        Role::Root.of(self.algorithms)
    }

    /// What stands at the end of holders and key labels of that generation.
    pub(crate) const fn suffix(self) -> &'static str {
        match self.algorithms {
            Algorithms::Ec => "",
            Algorithms::Rsa => "-rsa",
        }
    }

    /// What the common name says between the prefix and the generation.
    pub(crate) fn title(self) -> String {
        match self.algorithms {
            Algorithms::Ec => self.role.title().to_owned(),
            Algorithms::Rsa => format!("{} RSA", self.role.title()),
        }
    }

    /// Its own key.
    pub(crate) const fn key_algorithm(self) -> KeyAlgorithm {
        match self.algorithms {
            Algorithms::Ec => KeyAlgorithm::EcP384,
            Algorithms::Rsa => KeyAlgorithm::Rsa3072,
        }
    }

    /// The keys of its responders and units.
    pub(crate) const fn unit_algorithm(self) -> KeyAlgorithm {
        match self.algorithms {
            Algorithms::Ec => KeyAlgorithm::EcP256,
            Algorithms::Rsa => KeyAlgorithm::Rsa3072,
        }
    }
}

impl std::fmt::Display for AuthorityName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A key of the CA in its token.
#[derive(Clone, Debug)]
pub(crate) struct SigningKey {
    pub uri: KeyUri,
    pub algorithm: KeyAlgorithm,
    pub spki: Vec<u8>,
}

impl SigningKey {
    /// P-384 signs with SHA-384, P-256 and RSA (PKCS#1 v1.5) with SHA-256; nothing else is a key of ours.
    pub fn scheme(&self) -> Option<(SignatureAlgorithm, ObjectIdentifier)> {
        match self.algorithm {
            KeyAlgorithm::EcP384 => Some((SignatureAlgorithm::EcdsaSha384, oid::ECDSA_SHA384)),
            KeyAlgorithm::EcP256 => Some((SignatureAlgorithm::EcdsaSha256, oid::ECDSA_SHA256)),
            KeyAlgorithm::Rsa3072 => Some((SignatureAlgorithm::RsaPkcs1Sha256, oid::RSA_SHA256)),
            KeyAlgorithm::Ed25519 => None,
        }
    }

    /// The AlgorithmIdentifier of its signatures; parameters absent (RFC 5758 section 3.2), NULL with RSA (RFC 4055 section 5).
    pub fn algorithm_identifier(&self) -> Option<AlgorithmIdentifierOwned> {
        let parameters = (self.algorithm == KeyAlgorithm::Rsa3072).then(|| Null.into());
        self.scheme()
            .map(|(_, oid)| AlgorithmIdentifierOwned { oid, parameters })
    }
}

/// What issues a certificate: an authority, or the root before it has its own certificate.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    pub name: AuthorityName,
    pub subject: Name,
    pub key: SigningKey,
    /// notBefore and notAfter; `None` while the root makes its own certificate.
    pub validity: Option<(Timestamp, Timestamp)>,
    /// Of its certificate; `None` while the root makes its own.
    pub serial: Option<Vec<u8>>,
}

/// An authority that has its certificate.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    pub issuer: Issuer,
    /// DER.
    pub certificate: Vec<u8>,
    pub parsed: Certificate,
}

impl Authority {
    /// From the stored certificate and the key's label.
    pub fn from_stored(name: AuthorityName, config: &Config, label: &str, der: Vec<u8>) -> der::Result<Self> {
        let parsed = Certificate::from_der(&der)?;
        let key = own_key(config, label, &parsed)?;
        let (from, to) = signum_pki::certificate::validity_seconds(&parsed);
        let issuer = Issuer {
            name,
            subject: parsed.tbs_certificate().subject().clone(),
            key,
            validity: Some((Timestamp::from_seconds(from), Timestamp::from_seconds(to))),
            serial: Some(parsed.tbs_certificate().serial_number().as_bytes().to_vec()),
        };
        Ok(Self {
            issuer,
            certificate: der,
            parsed,
        })
    }
}

/// The key of one of our own certificates.
pub(crate) fn own_key(config: &Config, label: &str, certificate: &Certificate) -> der::Result<SigningKey> {
    key_of(config, label, certificate.tbs_certificate().subject_public_key_info())
}

/// A key of ours by its public half.
pub(crate) fn key_of(config: &Config, label: &str, public: &SubjectPublicKeyInfoOwned) -> der::Result<SigningKey> {
    let spki = public.to_der()?;
    let kind = &public.algorithm;
    let curve = kind
        .parameters
        .as_ref()
        .and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
    let algorithm = match (kind.oid, curve) {
        (oid::EC_PUBLIC_KEY, Some(oid::P384)) => KeyAlgorithm::EcP384,
        (oid::EC_PUBLIC_KEY, Some(oid::P256)) => KeyAlgorithm::EcP256,
        (oid::RSA_ENCRYPTION, _) => KeyAlgorithm::Rsa3072,
        _ => return Err(der::ErrorKind::Failed.into()),
    };
    Ok(SigningKey {
        uri: KeyUri::new(&config.token, label),
        algorithm,
        spki,
    })
}

/// Addresses that certificates of an authority name.
pub(crate) mod address {
    use super::{AuthorityName, Config};

    pub fn certificate(config: &Config, name: AuthorityName) -> String {
        format!("{}/ca/{name}.cer", config.public_url)
    }
    pub fn ocsp(config: &Config, name: AuthorityName) -> String {
        format!("{}/ocsp/{name}", config.public_url)
    }
    /// The list that covers what `name` issued.
    pub fn crl(config: &Config, name: AuthorityName, shard: u32) -> String {
        if name.is_root() {
            format!("{}/arl/{name}.crl", config.public_url)
        } else {
            format!("{}/crl/{name}/{shard}.crl", config.public_url)
        }
    }
}
