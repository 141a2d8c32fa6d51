//! CertID: which certificate a status is about (RFC 6960 section 4.1.1).

use der::asn1::{Int, OctetString};
use der::{Decode, Encode, Sequence};
use openssl::hash::{MessageDigest, hash};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;

use crate::certificate::public_key_octets;
use crate::oid;

#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct CertId {
    pub hash_algorithm: AlgorithmIdentifierOwned,
    pub issuer_name_hash: OctetString,
    pub issuer_key_hash: OctetString,
    pub serial_number: Int,
}

/// The two hashes that name an issuer under one algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerHashes {
    pub name: Vec<u8>,
    pub key: Vec<u8>,
}

impl IssuerHashes {
    /// Hashes of an issuer's subject name (DER) and public key; `None` unless `algorithm` is SHA-1 or SHA-256.
    pub fn of(issuer: &Certificate, algorithm: const_oid::ObjectIdentifier) -> Option<Self> {
        let digest = match algorithm {
            // SHA-1 only names the issuer here; nothing is trusted for it.
            oid::SHA1 => MessageDigest::sha1(),
            oid::SHA256 => MessageDigest::sha256(),
            _ => return None,
        };
        let tbs = issuer.tbs_certificate();
        let name = tbs.subject().to_der().ok()?;
        let key = public_key_octets(&tbs.subject_public_key_info().to_der().ok()?).ok()?;
        Some(Self {
            name: hash(digest, &name).ok()?.to_vec(),
            key: hash(digest, &key).ok()?.to_vec(),
        })
    }
}

impl CertId {
    /// Whether this names a certificate of `issuer`.
    pub fn is_of(&self, issuer: &Certificate) -> bool {
        IssuerHashes::of(issuer, self.hash_algorithm.oid).is_some_and(|hashes| {
            hashes.name == self.issuer_name_hash.as_bytes() && hashes.key == self.issuer_key_hash.as_bytes()
        })
    }

    /// Names `certificate` by SHA-256 hashes of its issuer.
    pub fn sha256(certificate: &Certificate, issuer: &Certificate) -> der::Result<Self> {
        let hashes = IssuerHashes::of(issuer, oid::SHA256).ok_or(der::ErrorKind::Failed)?;
        Ok(Self {
            hash_algorithm: AlgorithmIdentifierOwned {
                oid: oid::SHA256,
                parameters: None,
            },
            issuer_name_hash: OctetString::new(hashes.name)?,
            issuer_key_hash: OctetString::new(hashes.key)?,
            serial_number: serial(certificate)?,
        })
    }

    /// Whether the serial number is that of `certificate`.
    pub fn has_serial_of(&self, certificate: &Certificate) -> bool {
        serial(certificate).is_ok_and(|serial| serial == self.serial_number)
    }
}

fn serial(certificate: &Certificate) -> der::Result<Int> {
    Int::from_der(&certificate.tbs_certificate().serial_number().to_der()?)
}
