//! TimeStampReq (RFC 3161 section 2.4.1).

use const_oid::ObjectIdentifier;
use der::asn1::{Int, OctetString, Uint};
use der::{Encode, Sequence};
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::Extensions;

use crate::oid;

#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct TimeStampReq {
    pub version: u8,
    pub message_imprint: MessageImprint,
    pub policy: Option<ObjectIdentifier>,
    pub nonce: Option<Int>,
    #[asn1(default = "Default::default")]
    pub cert_req: bool,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub extensions: Option<Extensions>,
}

#[derive(Clone, Debug, Eq, PartialEq, Sequence)]
pub struct MessageImprint {
    pub hash_algorithm: AlgorithmIdentifierOwned,
    pub hashed_message: OctetString,
}

/// DER of a request over a SHA-256 `digest` that asks for the TSU's certificate; `nonce` is an unsigned number.
pub fn tsp_request(digest: &[u8; 32], nonce: &[u8]) -> der::Result<Vec<u8>> {
    TimeStampReq {
        version: 1,
        message_imprint: MessageImprint {
            hash_algorithm: AlgorithmIdentifierOwned {
                oid: oid::SHA256,
                parameters: None,
            },
            hashed_message: OctetString::new(digest.as_slice())?,
        },
        policy: None,
        nonce: Some(Uint::new(nonce)?.into()),
        cert_req: true,
        extensions: None,
    }
    .to_der()
}
