//! The PKCS#10 request with which an issuing CA's key travels to the root (RFC 2986).

use der::asn1::{BitString, SetOfVec};
use der::{Decode, Encode};
use signum_hsm_shim::Hsm;
use spki::SubjectPublicKeyInfoOwned;
use x509_cert::name::Name;
use x509_cert::request::{CertReq, CertReqInfo, Version};

use super::CeremonyFault;
use crate::authority::SigningKey;
use crate::issue::proven_key;
use crate::signing::{self, Signable};

/// A request for `key` under `subject`, signed with the key itself. DER.
pub(super) async fn sign(hsm: &dyn Hsm, key: &SigningKey, subject: &Name) -> Result<Vec<u8>, CeremonyFault> {
    let info = CertReqInfo {
        version: Version::V1,
        subject: subject.clone(),
        public_key: SubjectPublicKeyInfoOwned::from_der(&key.spki)?,
        attributes: SetOfVec::new(),
    };
    let signature = signing::sign(hsm, key, &Signable::request(&info)?).await?;
    let algorithm = key.algorithm_identifier().ok_or(der::ErrorKind::Failed);
    let request = CertReq {
        info,
        algorithm: algorithm.map_err(der::Error::from)?,
        signature: BitString::from_bytes(&signature)?,
    };
    Ok(request.to_der()?)
}

/// The key of a request that names `subject`, after its signature proved possession.
pub(super) fn read(pkcs10: &[u8], subject: &Name) -> Result<Vec<u8>, CeremonyFault> {
    let request = CertReq::from_der(pkcs10)?;
    if request.info.subject != *subject {
        return Err(CeremonyFault::Input("a request names another subject".to_owned()));
    }
    proven_key(pkcs10).map_err(|error| CeremonyFault::Input(error.to_string()))
}
