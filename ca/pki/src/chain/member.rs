//! One certificate of a path, read once: its parts as received and its extensions (RFC 5280 section 4.1).

use der::asn1::{Any, BitString};
use der::{Decode, Encode, Sequence};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::certificate::Version;

use super::budget::Budget;
use super::extensions::Extensions;
use super::{ChainError, algorithms};
use crate::signature;

/// `SIGNED{}` of RFC 5280 appendix A.1, the signed part kept as received.
#[derive(Sequence)]
pub(super) struct Signed {
    pub tbs: Any,
    pub algorithm: AlgorithmIdentifierOwned,
    pub signature: BitString,
}

impl Signed {
    /// Verifies with the key of a member; `inner` is the algorithm that the signed part names.
    pub fn verify(
        &self,
        inner: &AlgorithmIdentifierOwned,
        signer: &Member,
        budget: &mut Budget,
    ) -> Result<(), ChainError> {
        if *inner != self.algorithm {
            return Err(ChainError::Algorithm("signature algorithms differ"));
        }
        algorithms::check_signature_algorithm(&self.algorithm)?;
        let octets = self.signature.as_bytes().ok_or(ChainError::Malformed("signature"))?;
        let tbs = self.tbs.to_der().map_err(|_| ChainError::Malformed("signed part"))?;
        budget.signature()?;
        if signature::verifies(&signer.spki, &self.algorithm, &tbs, octets) {
            Ok(())
        } else {
            Err(ChainError::Signature)
        }
    }
}

pub(super) struct Member {
    signed: Signed,
    pub certificate: Certificate,
    /// DER of the names and the key, for comparison.
    pub issuer: Vec<u8>,
    pub subject: Vec<u8>,
    pub spki: Vec<u8>,
    /// Read when it is known that the certificate is of concern: an error here belongs to the path.
    pub extensions: Result<Extensions, ChainError>,
}

impl Member {
    pub fn from_der(der: &[u8]) -> Result<Self, ChainError> {
        let malformed = |what| move |_: der::Error| ChainError::Malformed(what);
        let signed = Signed::from_der(der).map_err(malformed("signature"))?;
        let certificate = Certificate::from_der(der).map_err(malformed("structure"))?;
        let tbs = certificate.tbs_certificate();
        Ok(Self {
            issuer: tbs.issuer().to_der().map_err(malformed("issuer"))?,
            subject: tbs.subject().to_der().map_err(malformed("subject"))?,
            spki: tbs.subject_public_key_info().to_der().map_err(malformed("key"))?,
            extensions: Extensions::read(tbs.extensions().map_or(&[], Vec::as_slice)),
            signed,
            certificate,
        })
    }

    pub fn extensions(&self) -> Result<&Extensions, ChainError> {
        self.extensions.as_ref().map_err(|e| *e)
    }

    /// Subject and issuer are one (RFC 5280 section 3.2): a root, or a CA changing its key.
    pub fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// The same subject with the same key: to pass it twice is to go round in a circle (RFC 4158 section 5.2).
    pub fn is_same_entity(&self, other: &Self) -> bool {
        self.subject == other.subject && self.spki == other.spki
    }

    /// Whether `issuer` may have issued this by its name and key identifier; cheap, and proves nothing.
    pub fn names_as_issuer(&self, issuer: &Self) -> Result<(), ChainError> {
        if self.issuer != issuer.subject {
            return Err(ChainError::NoPath);
        }
        let expected = self.extensions.as_ref().ok().and_then(|e| e.issuer_key_identifier());
        let found = issuer.extensions.as_ref().ok().and_then(|e| e.subject_key_identifier());
        match (expected, found) {
            (Some(expected), Some(found)) if expected != found => Err(ChainError::KeyIdentifier),
            _ => Ok(()),
        }
    }

    pub fn verify_signature(&self, issuer: &Self, budget: &mut Budget) -> Result<(), ChainError> {
        let inner = self.certificate.tbs_certificate().signature();
        self.signed.verify(inner, issuer, budget)
    }

    /// Section 4.1.2: version 3, a positive serial number of 20 octets at most, an issuer; no unique identifiers.
    pub fn check_fields(&self) -> Result<(), ChainError> {
        let tbs = self.certificate.tbs_certificate();
        if tbs.version() != Version::V3 {
            return Err(ChainError::Malformed("version"));
        }
        let serial = tbs
            .serial_number()
            .to_der()
            .map_err(|_| ChainError::Malformed("serial number"))?;
        // Tag and length, then two's complement: a first octet with the high bit is a negative number.
        let positive = matches!(serial.as_slice(), [_, 1..=20, first, rest @ ..] if *first < 0x80 && (*first > 0 || !rest.is_empty()));
        if !positive {
            return Err(ChainError::Malformed("serial number"));
        }
        if tbs.issuer().is_empty() {
            return Err(ChainError::Malformed("issuer"));
        }
        algorithms::check_key(tbs.subject_public_key_info(), &self.spki)
    }
}
