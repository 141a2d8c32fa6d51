//! A certificate request for a person's new key (RFC 2986): it names the credential, not the person, and proves possession.

use std::str::FromStr;

use der::asn1::{BitString, SetOfVec};
use der::{Decode, Encode};
use signum_pki::oid::ECDSA_SHA256;
use signum_pki::signature::verifies;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::name::Name;
use x509_cert::request::{CertReq, CertReqInfo, Version};

use crate::protocol::Refusal;

/// CertificationRequestInfo DER, to be signed with the key itself.
pub(crate) fn request_info(credential: &[u8; 16], spki: &[u8]) -> der::Result<Vec<u8>> {
    CertReqInfo {
        version: Version::V1,
        subject: subject(credential)?,
        public_key: SubjectPublicKeyInfoOwned::from_der(spki)?,
        attributes: SetOfVec::new(),
    }
    .to_der()
}

/// CertificationRequest DER out of what was signed and its ECDSA signature (DER).
pub(crate) fn request(info: &[u8], signature: &[u8]) -> der::Result<Vec<u8>> {
    CertReq {
        info: CertReqInfo::from_der(info)?,
        algorithm: AlgorithmIdentifierOwned {
            oid: ECDSA_SHA256,
            parameters: None,
        },
        signature: BitString::from_bytes(signature)?,
    }
    .to_der()
}

/// Refuses a request that is not of this credential and key, or whose own signature does not hold.
pub(crate) fn check(request: &[u8], credential: &[u8; 16], spki: &[u8]) -> Result<(), Refusal> {
    let checked = || -> der::Result<bool> {
        let parsed = CertReq::from_der(request)?;
        let info = parsed.info.to_der()?;
        Ok(parsed.info.subject == subject(credential)?
            && parsed.info.public_key.to_der()? == spki
            && verifies(spki, &parsed.algorithm, &info, parsed.signature.raw_bytes()))
    };
    if checked().unwrap_or(false) {
        Ok(())
    } else {
        Err(Refusal::Key(
            "the certificate request is not of this key and credential".into(),
        ))
    }
}

fn subject(credential: &[u8; 16]) -> der::Result<Name> {
    Name::from_str(&format!("CN={}", uuid::Uuid::from_bytes(*credential)))
}
