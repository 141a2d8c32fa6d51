//! Our certification authorities: their names, keys and addresses.

use const_oid::ObjectIdentifier;
use der::Decode;
use serde::{Deserialize, Serialize};
use signum_core::Timestamp;
use signum_hsm_shim::{KeyAlgorithm, KeyUri, SignatureAlgorithm};
use signum_pki::oid;
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::name::Name;

use crate::config::Config;

/// Which authority; the short name stands in addresses, key labels and the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthorityName {
    Root,
    /// Issues citizens' authentication certificates.
    Auth,
    /// Issues qualified signature certificates.
    Qsig,
    /// Issues the time-stamping unit's certificates.
    Tsa,
}

impl AuthorityName {
    pub const ALL: [Self; 4] = [Self::Root, Self::Auth, Self::Qsig, Self::Tsa];
    pub const ISSUING: [Self; 3] = [Self::Auth, Self::Qsig, Self::Tsa];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Auth => "auth",
            Self::Qsig => "qsig",
            Self::Tsa => "tsa",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == text)
    }

    /// What the common name says between the prefix and the generation.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Root => "Root CA",
            Self::Auth => "Citizen Authentication CA",
            Self::Qsig => "Qualified Signature CA",
            Self::Tsa => "Time Stamping CA",
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
    /// P-384 signs with SHA-384, P-256 with SHA-256; nothing else is a key of ours.
    pub fn scheme(&self) -> Option<(SignatureAlgorithm, ObjectIdentifier)> {
        match self.algorithm {
            KeyAlgorithm::EcP384 => Some((SignatureAlgorithm::EcdsaSha384, oid::ECDSA_SHA384)),
            KeyAlgorithm::EcP256 => Some((SignatureAlgorithm::EcdsaSha256, oid::ECDSA_SHA256)),
            KeyAlgorithm::Rsa3072 | KeyAlgorithm::Ed25519 => None,
        }
    }

    /// The AlgorithmIdentifier of its signatures; parameters absent (RFC 5758 section 3.2).
    pub fn algorithm_identifier(&self) -> Option<AlgorithmIdentifierOwned> {
        self.scheme()
            .map(|(_, oid)| AlgorithmIdentifierOwned { oid, parameters: None })
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
    let spki = signum_pki::certificate::spki(certificate)?;
    let parameters = &certificate
        .tbs_certificate()
        .subject_public_key_info()
        .algorithm
        .parameters;
    let curve = parameters.as_ref().and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
    let algorithm = match curve {
        Some(oid::P384) => KeyAlgorithm::EcP384,
        Some(oid::P256) => KeyAlgorithm::EcP256,
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
        match name {
            AuthorityName::Root => format!("{}/arl/root.crl", config.public_url),
            _ => format!("{}/crl/{name}/{shard}.crl", config.public_url),
        }
    }
}
