//! The one way to the HSM: only what this module's [`Signable`] holds can be signed.
//!
//! A certificate becomes signable by being [`Linted`](crate::issue::Linted), an authority's in a ceremony by being
//! [`LintedAuthority`], and by nothing else; status answers, lists and
//! time stamps become so as their own types, so octets from elsewhere have no path here.

use cms::signed_data::SignedAttributes;
use der::Encode;
use signum_hsm_shim::{Hsm, HsmError, signer::sign_message};
use signum_pki::ocsp::response::ResponseData;
use x509_cert::crl::TbsCertList;
use x509_cert::request::CertReqInfo;

use crate::authority::SigningKey;
use crate::ceremony::LintedAuthority;
use crate::issue::Linted;

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
    pub fn list(list: &TbsCertList) -> der::Result<Self> {
        list.to_der().map(Self)
    }
    /// The signed attributes of a time stamp, as the SET OF that RFC 5652 section 5.4 hashes.
    pub fn time_stamp(attributes: &SignedAttributes) -> der::Result<Self> {
        attributes.to_der().map(Self)
    }
    pub fn der(&self) -> &[u8] {
        &self.0
    }
}

/// Signs with a key of ours; the result is DER Ecdsa-Sig-Value, or the octets of an RSA signature. The HSM layer verifies it
/// with the key of our certificate, the one that relying parties use, before it lets it go.
pub(crate) async fn sign(hsm: &dyn Hsm, key: &SigningKey, what: &Signable) -> Result<Vec<u8>, HsmError> {
    let unfit = || HsmError::Misconfigured(format!("{} is not a P-256, P-384 or RSA-3072 key", key.uri));
    let (scheme, _) = key.scheme().ok_or_else(unfit)?;
    sign_message(hsm, &key.uri, scheme, &key.spki, &what.0).await
}
