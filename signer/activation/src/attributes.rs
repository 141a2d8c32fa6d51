//! Signed attributes of a PAdES signature (RFC 5652 section 5.3 and 11, RFC 5035 section 3, EN 319 142-1 section 6.3).

use cms::signed_data::SignedAttributes;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST};
use der::asn1::{Any, OctetString, SetOfVec};
use der::{Encode, Tag};
use sha2::{Digest, Sha256};
use signum_pki::oid::SIGNING_CERTIFICATE_V2;
use signum_pki::tsp::signing_certificate::{EssCertIdV2, SigningCertificateV2};
use x509_cert::attr::Attribute;

/// DER SET OF content-type, message-digest and signing-certificate-v2. PAdES has no signing-time: the PDF's `/M` says it.
pub(crate) fn signed_attributes(message_digest: &[u8; 32], certificate: &[u8]) -> der::Result<Vec<u8>> {
    let names_signer = SigningCertificateV2 {
        certs: vec![EssCertIdV2 {
            hash_algorithm: None,
            cert_hash: OctetString::new(Sha256::digest(certificate).as_slice())?,
            issuer_serial: None,
        }],
        policies: None,
    };
    let mut attributes = SignedAttributes::new();
    attributes.insert(attribute(ID_CONTENT_TYPE, Any::encode_from(&ID_DATA)?)?)?;
    attributes.insert(attribute(
        ID_MESSAGE_DIGEST,
        Any::new(Tag::OctetString, message_digest.as_slice())?,
    )?)?;
    attributes.insert(attribute(SIGNING_CERTIFICATE_V2, Any::encode_from(&names_signer)?)?)?;
    attributes.to_der()
}

fn attribute(oid: ObjectIdentifier, value: Any) -> der::Result<Attribute> {
    let mut values = SetOfVec::new();
    values.insert(value)?;
    Ok(Attribute { oid, values })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use der::Decode;

    #[test]
    fn attributes_are_a_sorted_set_of_three_and_the_digest_is_in_it() {
        let encoded = signed_attributes(&[7; 32], b"certificate").unwrap();
        let set = SignedAttributes::from_der(&encoded).unwrap();
        let oids: Vec<_> = set.iter().map(|attribute| attribute.oid).collect();
        assert_eq!(oids, [ID_CONTENT_TYPE, ID_MESSAGE_DIGEST, SIGNING_CERTIFICATE_V2]);
        let encodings: Vec<_> = set.iter().map(|attribute| attribute.to_der().unwrap()).collect();
        assert!(encodings.is_sorted());
        assert!(encoded.windows(32).any(|window| window == [7; 32]));
    }
}
