//! The CMS of a PAdES signature: SignedData made of what the signing module signed (RFC 5652 section 5, EN 319 122-1).
//!
//! The module builds and signs the attributes; nothing here can change them. [`SignedCms`] becomes [`TimestampedCms`] with an
//! RFC 3161 token over the signature value (EN 319 122-1 section 5.3), and each is checked with OpenSSL before it is used.

mod check;
mod timestamp;

#[cfg(test)]
mod tests;

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use const_oid::db::rfc5911::{ID_DATA, ID_SIGNED_DATA};
use const_oid::db::rfc5912::{ECDSA_WITH_SHA_256, ID_SHA_256};
use der::asn1::{OctetString, SetOfVec};
use der::{Any, Decode, Encode};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::attr::{Attribute, Attributes};

pub use check::{Checked, check};
pub use timestamp::{Token, query, token};

/// id-aa-timeStampToken (RFC 3161 appendix A).
const TIME_STAMP_TOKEN: der::asn1::ObjectIdentifier =
    der::asn1::ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");

/// Why a CMS cannot be made or does not hold.
#[derive(Debug, thiserror::Error)]
pub enum CmsError {
    #[error("DER: {0}")]
    Der(#[from] der::Error),
    #[error("the signed attributes are not the DER the module signed")]
    Attributes,
    #[error("the message digest is not the document's")]
    MessageDigest,
    #[error("the signature does not verify: {0}")]
    Signature(#[from] openssl::error::ErrorStack),
    #[error("the timestamp is not of this signature")]
    Timestamp,
}

/// A signature and what it is of, not yet timestamped.
#[derive(Clone, Debug)]
pub struct SignedCms(SignedData);

/// A signature with its timestamp: level B-T.
#[derive(Clone, Debug)]
pub struct TimestampedCms(Vec<u8>);

impl SignedCms {
    /// Assembles the CMS of `signature` (DER Ecdsa-Sig-Value) over `attributes` (DER SET OF Attribute).
    ///
    /// `certificate` is the signer's; `others` go with it, the issuing CA first.
    pub fn assemble(
        attributes: &[u8],
        signature: &[u8],
        certificate: &[u8],
        others: &[Vec<u8>],
    ) -> Result<Self, CmsError> {
        let signed: Attributes = SetOfVec::from_der(attributes)?;
        if signed.to_der()? != attributes {
            return Err(CmsError::Attributes);
        }
        let leaf = Certificate::from_der(certificate)?;
        let tbs = leaf.tbs_certificate();
        let sid = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: tbs.issuer().clone(),
            serial_number: tbs.serial_number().clone(),
        });
        let mut certificates = SetOfVec::new();
        certificates.insert(CertificateChoices::Certificate(leaf))?;
        for other in others {
            certificates.insert(CertificateChoices::Certificate(Certificate::from_der(other)?))?;
        }
        let signer = SignerInfo {
            version: CmsVersion::V1,
            sid,
            digest_alg: algorithm(ID_SHA_256),
            signed_attrs: Some(signed),
            signature_algorithm: algorithm(ECDSA_WITH_SHA_256),
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        Ok(Self(SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![algorithm(ID_SHA_256)])?,
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: ID_DATA,
                econtent: None,
            },
            certificates: Some(CertificateSet(certificates)),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![signer])?),
        }))
    }

    /// DER of the ContentInfo.
    pub fn to_der(&self) -> Result<Vec<u8>, CmsError> {
        content_info(&self.0)
    }

    /// Adds `token` (DER of a ContentInfo, RFC 3161 section 2.4.2) as the signature timestamp.
    pub fn with_timestamp(self, token: &[u8]) -> Result<TimestampedCms, CmsError> {
        let attribute = Attribute {
            oid: TIME_STAMP_TOKEN,
            values: SetOfVec::try_from(vec![Any::from_der(token)?])?,
        };
        let mut signed = self.0;
        let signers = signed.signer_infos.0.iter().cloned().map(|mut signer| {
            signer.unsigned_attrs = Some(SetOfVec::try_from(vec![attribute.clone()])?);
            Ok(signer)
        });
        let signers = signers.collect::<Result<Vec<_>, der::Error>>()?;
        signed.signer_infos = SignerInfos(SetOfVec::try_from(signers)?);
        Ok(TimestampedCms(content_info(&signed)?))
    }
}

impl TimestampedCms {
    /// DER of the ContentInfo.
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }
}

fn content_info(signed: &SignedData) -> Result<Vec<u8>, CmsError> {
    let content = ContentInfo {
        content_type: ID_SIGNED_DATA,
        content: Any::encode_from(signed)?,
    };
    Ok(content.to_der()?)
}

fn algorithm(oid: der::asn1::ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters: None }
}
