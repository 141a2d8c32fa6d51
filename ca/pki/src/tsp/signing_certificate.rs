//! SigningCertificateV2: which certificate a CMS signature means (RFC 5035 section 3, RFC 5816).

use der::asn1::{Any, OctetString};
use der::{Sequence, ValueOrd};
use sha2::{Digest, Sha256};
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;

#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct SigningCertificateV2 {
    pub certs: Vec<EssCertIdV2>,
    pub policies: Option<Any>,
}

/// `hash_algorithm` absent means SHA-256, the DEFAULT.
#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct EssCertIdV2 {
    pub hash_algorithm: Option<AlgorithmIdentifierOwned>,
    pub cert_hash: OctetString,
    pub issuer_serial: Option<IssuerSerial>,
}

#[derive(Clone, Debug, Eq, PartialEq, Sequence, ValueOrd)]
pub struct IssuerSerial {
    pub issuer: Vec<GeneralName>,
    pub serial_number: SerialNumber,
}

impl SigningCertificateV2 {
    /// Names one certificate by SHA-256 over its DER, its issuer and serial number.
    pub fn sha256(certificate: &[u8], issuer: Name, serial_number: SerialNumber) -> der::Result<Self> {
        Ok(Self {
            certs: vec![EssCertIdV2 {
                hash_algorithm: None,
                cert_hash: OctetString::new(Sha256::digest(certificate).as_slice())?,
                issuer_serial: Some(IssuerSerial {
                    issuer: vec![GeneralName::DirectoryName(issuer)],
                    serial_number,
                }),
            }],
            policies: None,
        })
    }

    /// Whether the first entry, which names the signer (RFC 5035 section 3), is `certificate`.
    pub fn names(&self, certificate: &[u8]) -> bool {
        self.certs.first().is_some_and(|first| {
            first
                .hash_algorithm
                .as_ref()
                .is_none_or(|a| a.oid == crate::oid::SHA256)
                && first.cert_hash.as_bytes() == Sha256::digest(certificate).as_slice()
        })
    }
}
