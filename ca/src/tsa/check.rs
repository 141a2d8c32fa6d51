//! Which requests get a stamp, and what the others are told (RFC 3161 section 2.4.2, PKIFailureInfo).

use der::Decode;
use signum_pki::oid;
use signum_pki::tsp::request::TimeStampReq;
use signum_pki::tsp::response::FailureInfo;

type Rejection = (FailureInfo, &'static str);

/// Reads a TimeStampReq, or says why it is rejected.
pub(super) fn read(der: &[u8]) -> Result<TimeStampReq, Rejection> {
    let request =
        TimeStampReq::from_der(der).map_err(|_| (FailureInfo::BadDataFormat, "the request is not a TimeStampReq"))?;
    if request.version != 1 {
        return Err((FailureInfo::BadRequest, "only version 1 is understood"));
    }
    let length = match request.message_imprint.hash_algorithm.oid {
        oid::SHA256 => 32,
        oid::SHA384 => 48,
        oid::SHA512 => 64,
        _ => return Err((FailureInfo::BadAlg, "digests are SHA-256, SHA-384 or SHA-512")),
    };
    if request.message_imprint.hashed_message.as_bytes().len() != length {
        return Err((FailureInfo::BadDataFormat, "the digest's length is not its algorithm's"));
    }
    if request.policy.is_some_and(|policy| policy != oid::BTSP) {
        return Err((FailureInfo::UnacceptedPolicy, "the policy is 0.4.0.2023.1.1"));
    }
    // RFC 3161 section 2.4.1: an extension that is not recognised is refused, critical or not.
    if request
        .extensions
        .as_ref()
        .is_some_and(|extensions| !extensions.is_empty())
    {
        return Err((FailureInfo::UnacceptedExtension, "no extension is understood"));
    }
    if request.nonce.as_ref().is_some_and(|nonce| nonce.as_bytes().len() > 64) {
        return Err((FailureInfo::BadRequest, "the nonce has more than 64 octets"));
    }
    Ok(request)
}
