//! Reads a finished CMS back and verifies it with OpenSSL, another implementation than the one that made it.

use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use const_oid::db::rfc5911::{ID_MESSAGE_DIGEST, ID_SIGNED_DATA};
use der::asn1::OctetStringRef;
use der::{Decode, Encode};
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::stack::Stack;
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;

use super::CmsError;

/// What [`check`] saw to be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// A signature timestamp is there (its own validity is the validator's business).
    pub timestamped: bool,
}

/// Verifies that `cms` is a signature by `certificate` over `content` whose SHA-256 is `digest`.
///
/// `content` are the octets of the ByteRange; the certificate's own path is not judged here.
pub fn check(cms: &[u8], content: &[u8], digest: &[u8; 32], certificate: &[u8]) -> Result<Checked, CmsError> {
    let info = ContentInfo::from_der(cms)?;
    if info.content_type != ID_SIGNED_DATA {
        return Err(CmsError::Attributes);
    }
    let signed = SignedData::from_der(&info.content.to_der()?)?;
    let [signer] = signed.signer_infos.0.as_slice() else {
        return Err(CmsError::Attributes);
    };
    let attributes = signer.signed_attrs.as_ref().ok_or(CmsError::Attributes)?;
    let stated = attributes
        .iter()
        .find(|attribute| attribute.oid == ID_MESSAGE_DIGEST)
        .and_then(|attribute| attribute.values.get(0))
        .ok_or(CmsError::Attributes)?;
    if stated.decode_as::<&OctetStringRef>()?.as_bytes() != digest {
        return Err(CmsError::MessageDigest);
    }
    let timestamped = signer
        .unsigned_attrs
        .as_ref()
        .is_some_and(|attributes| attributes.iter().any(|a| a.oid == super::TIME_STAMP_TOKEN));
    verify(cms, content, certificate)?;
    Ok(Checked { timestamped })
}

/// Only `certificate` may be the signer: certificates inside the CMS are not looked at (CMS_NOINTERN).
fn verify(cms: &[u8], content: &[u8], certificate: &[u8]) -> Result<(), CmsError> {
    let mut parsed = CmsContentInfo::from_der(cms)?;
    let mut signers = Stack::new()?;
    signers.push(X509::from_der(certificate)?)?;
    let store = X509StoreBuilder::new()?.build();
    let options = CMSOptions::BINARY | CMSOptions::NOINTERN | CMSOptions::NO_SIGNER_CERT_VERIFY;
    parsed.verify(Some(&signers), Some(&store), Some(content), None, options)?;
    Ok(())
}
