//! OCSPRequest (RFC 6960 section 4.1).

use der::asn1::Any;
use der::{Decode, Encode, Sequence};
use x509_cert::Certificate;
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::name::GeneralName;

use super::cert_id::CertId;

#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct OcspRequest {
    pub tbs: TbsRequest,
    /// Signed requests are accepted, their signature is not looked at (RFC 6960 section 4.1.2: optional).
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub signature: Option<Any>,
}

#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct TbsRequest {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", default = "Default::default")]
    pub version: u8,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub requestor_name: Option<GeneralName>,
    pub request_list: Vec<Request>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    pub extensions: Option<Extensions>,
}

#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct Request {
    pub cert_id: CertId,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub extensions: Option<Extensions>,
}

/// DER of a request without nonce for one certificate (both DER), by SHA-256 hashes.
pub fn ocsp_request(certificate: &[u8], issuer: &[u8]) -> der::Result<Vec<u8>> {
    let cert_id = CertId::sha256(&Certificate::from_der(certificate)?, &Certificate::from_der(issuer)?)?;
    OcspRequest {
        tbs: TbsRequest {
            version: 0,
            requestor_name: None,
            request_list: vec![Request {
                cert_id,
                extensions: None,
            }],
            extensions: None,
        },
        signature: None,
    }
    .to_der()
}
