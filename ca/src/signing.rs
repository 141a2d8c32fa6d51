//! The one way to the HSM: only what this module's [`Signable`] holds can be signed.
//!
//! A certificate becomes signable by being [`Linted`](crate::issue::Linted), an authority's in a ceremony by being
//! [`LintedAuthority`], and by nothing else; status answers, lists and
//! time stamps become so as their own types, so octets from elsewhere have no path here.

use der::Encode;
use sha2::{Digest, Sha256, Sha384};
use signum_hsm_shim::key::ecdsa_der;
use signum_hsm_shim::signer::{sign_message, signing_input};
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, SignRequest, SignatureAlgorithm};
use signum_pki::ocsp::response::ResponseData;
use x509_cert::crl::TbsCertList;
use x509_cert::request::CertReqInfo;

use crate::authority::SigningKey;
use crate::ceremony::LintedAuthority;
use crate::crl::ToBeSigned;
use crate::issue::Linted;
use crate::tsa::Attributes;

/// DER that may be signed.
pub(crate) struct Signable(Vec<u8>);

impl Signable {
    /// A TBSCertificate that the linter accepted.
    pub fn certificate(linted: &Linted) -> Self {
        Self(linted.tbs().to_vec())
    }
    /// The TBSCertificate of an authority that the linter accepted in a ceremony.
    pub fn authority(linted: &LintedAuthority) -> Self {
        Self(linted.tbs().to_vec())
    }
    /// An authority's own request to the root; it proves possession of the key that signs it.
    pub fn request(info: &CertReqInfo) -> der::Result<Self> {
        info.to_der().map(Self)
    }
    pub fn status(data: &ResponseData) -> der::Result<Self> {
        data.to_der().map(Self)
    }
    /// A short list, such as the root's.
    pub fn list(list: &TbsCertList) -> der::Result<Self> {
        list.to_der().map(Self)
    }
    /// The signed attributes of a time stamp, as the SET OF that RFC 5652 section 5.4 hashes.
    pub fn time_stamp(attributes: &Attributes) -> Self {
        Self(attributes.der().to_vec())
    }
    pub fn der(&self) -> &[u8] {
        &self.0
    }
}

/// Signs with a key of ours; the result is DER Ecdsa-Sig-Value, or the octets of an RSA signature. The HSM layer verifies it
/// with the key of our certificate, the one that relying parties use, before it lets it go.
pub(crate) async fn sign(hsm: &dyn Hsm, key: &SigningKey, what: &Signable) -> Result<Vec<u8>, HsmError> {
    sign_message(hsm, &key.uri, scheme_of(key)?, &key.spki, &what.0).await
}

fn scheme_of(key: &SigningKey) -> Result<SignatureAlgorithm, HsmError> {
    let unfit = || HsmError::Misconfigured(format!("{} is not a P-256, P-384 or RSA-3072 key", key.uri));
    key.scheme().map(|(scheme, _)| scheme).ok_or_else(unfit)
}

/// Signs several, by one request to the HSM.
pub(crate) async fn sign_all(hsm: &dyn Hsm, key: &SigningKey, what: &[Signable]) -> Result<Vec<Vec<u8>>, HsmError> {
    let inputs = what.iter().map(|one| signing_input(scheme_of(key)?, &one.0));
    sign_digests(hsm, key, &inputs.collect::<Result<Vec<_>, _>>()?).await
}

async fn sign_digests(hsm: &dyn Hsm, key: &SigningKey, digests: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, HsmError> {
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    let request = SignRequest {
        expected: Some(&key.spki),
        ..SignRequest::new(&key.uri, scheme_of(key)?, digests)
    };
    let signatures = hsm.sign_request(request).await?;
    if signatures.len() != digests.len() {
        return Err(HsmError::SelfCheckFailed);
    }
    match key.algorithm {
        KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 => signatures.iter().map(|raw| ecdsa_der(raw)).collect(),
        _ => Ok(signatures),
    }
}

/// Signs a list, which is hashed piece by piece.
pub(crate) async fn sign_list(hsm: &dyn Hsm, key: &SigningKey, list: &ToBeSigned) -> Result<Vec<u8>, HsmError> {
    fn hash<D: Digest>(list: &ToBeSigned) -> Vec<u8> {
        let mut hash = D::new();
        list.pieces().for_each(|piece| hash.update(piece));
        hash.finalize().to_vec()
    }
    let digest = match key.algorithm {
        KeyAlgorithm::EcP384 => hash::<Sha384>(list),
        _ => hash::<Sha256>(list),
    };
    let mut signatures = sign_digests(hsm, key, &[digest]).await?;
    signatures.pop().ok_or(HsmError::SelfCheckFailed)
}
