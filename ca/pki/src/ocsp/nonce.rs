//! The nonce that ties an answer to the one question it was made for (RFC 9654).

use der::asn1::OctetString;
use der::{Decode, Encode};
use x509_cert::ext::Extension;

use super::request::{OcspRequest, ocsp_request};
use super::response::{BasicOcspResponse, OcspResponse, ResponseData};
use crate::oid;

/// DER of a request with this nonce for one certificate (both DER), by SHA-256 hashes.
pub fn ocsp_request_with_nonce(certificate: &[u8], issuer: &[u8], nonce: &[u8]) -> der::Result<Vec<u8>> {
    let mut request = OcspRequest::from_der(&ocsp_request(certificate, issuer)?)?;
    let value = OctetString::new(nonce)?.to_der()?;
    request.tbs.extensions = Some(vec![Extension {
        extn_id: oid::OCSP_NONCE,
        critical: false,
        extn_value: OctetString::new(value)?,
    }]);
    request.to_der()
}

/// Whether a response says one thing alone and bears exactly this nonce. Whether it may be believed is
/// [`verify_ocsp`](super::verify::verify_ocsp)'s to say.
pub fn is_the_one_answer_to(response: &[u8], nonce: &[u8]) -> bool {
    let check = || -> der::Result<bool> {
        let Some(bytes) = OcspResponse::from_der(response)?.bytes else {
            return Ok(false);
        };
        let basic = BasicOcspResponse::from_der(bytes.response.as_bytes())?;
        let data = ResponseData::from_der(&basic.tbs.to_der()?)?;
        let expected = OctetString::new(nonce)?.to_der()?;
        let mut nonces = data
            .extensions
            .iter()
            .flatten()
            .filter(|e| e.extn_id == oid::OCSP_NONCE);
        let (first, more) = (nonces.next(), nonces.next());
        let same = first.is_some_and(|nonce| nonce.extn_value.as_bytes() == expected);
        Ok(same && more.is_none() && data.responses.len() == 1)
    };
    check().unwrap_or(false)
}
