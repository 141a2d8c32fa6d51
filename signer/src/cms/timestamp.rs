//! The client's side of RFC 3161: a query over the signature value, and the token out of the answer.

use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use const_oid::db::rfc5911::ID_SIGNED_DATA;
use const_oid::db::rfc5912::ID_SHA_256;
use der::asn1::{Int, ObjectIdentifier, OctetString};
use der::{Any, Decode, Encode, Reader, Sequence, SliceReader, Tag};
use sha2::{Digest, Sha256};
use spki::AlgorithmIdentifierOwned;

/// id-ct-TSTInfo (RFC 3161 section 2.4.2).
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// Why an answer of the time-stamping authority is not used.
#[derive(Debug, thiserror::Error)]
pub enum TimestampError {
    #[error("DER: {0}")]
    Der(#[from] der::Error),
    /// PKIStatus other than granted (RFC 3161 section 2.4.2).
    #[error("not granted: status {0}")]
    NotGranted(u8),
    #[error("the token is of something else")]
    Mismatch,
}

/// `MessageImprint` (RFC 3161 section 2.4.1).
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct MessageImprint {
    hash_algorithm: AlgorithmIdentifierOwned,
    hashed_message: OctetString,
}

/// `TimeStampReq` (RFC 3161 section 2.4.1), without policy and extensions.
#[derive(Sequence)]
struct TimeStampReq {
    version: u8,
    message_imprint: MessageImprint,
    nonce: Int,
    cert_req: bool,
}

/// DER of a request for a timestamp over `signature`, with the TSA's certificate asked for.
pub fn query(signature: &[u8], nonce: [u8; 8]) -> Result<Vec<u8>, TimestampError> {
    let request = TimeStampReq {
        version: 1,
        message_imprint: imprint(signature)?,
        nonce: positive(nonce)?,
        cert_req: true,
    };
    Ok(request.to_der()?)
}

/// The token of `response` (DER of a TimeStampResp) if it answers the query over `signature` with `nonce`.
pub fn token(response: &[u8], signature: &[u8], nonce: [u8; 8]) -> Result<Vec<u8>, TimestampError> {
    let mut reader = SliceReader::new(response)?;
    let (status, token) = reader.sequence(|body| {
        let status = body.sequence(|info| {
            let status = u8::decode(info)?;
            while !info.is_finished() {
                Any::decode(info)?;
            }
            Ok::<_, der::Error>(status)
        })?;
        let token = if body.is_finished() { None } else { Some(Any::decode(body)?) };
        Ok::<_, der::Error>((status, token))
    })?;
    // granted(0), grantedWithMods(1)
    if status > 1 {
        return Err(TimestampError::NotGranted(status));
    }
    let token = token.ok_or(TimestampError::NotGranted(status))?.to_der()?;
    answers(&token, signature, nonce)?;
    Ok(token)
}

fn answers(token: &[u8], signature: &[u8], nonce: [u8; 8]) -> Result<(), TimestampError> {
    let content = ContentInfo::from_der(token)?;
    if content.content_type != ID_SIGNED_DATA {
        return Err(TimestampError::Mismatch);
    }
    let signed = SignedData::from_der(&content.content.to_der()?)?;
    let encapsulated = signed.encap_content_info;
    if encapsulated.econtent_type != TST_INFO {
        return Err(TimestampError::Mismatch);
    }
    let info = encapsulated.econtent.ok_or(TimestampError::Mismatch)?.decode_as::<OctetString>()?;
    let (stated, stated_nonce) = imprint_and_nonce(info.as_bytes())?;
    let wanted = positive(nonce)?;
    match stated == imprint(signature)? && stated_nonce == Some(wanted) {
        true => Ok(()),
        false => Err(TimestampError::Mismatch),
    }
}

/// `TSTInfo` (RFC 3161 section 2.4.2): version, policy, messageImprint, serialNumber, genTime, accuracy?, ordering?, nonce?, ...
fn imprint_and_nonce(info: &[u8]) -> Result<(MessageImprint, Option<Int>), TimestampError> {
    let mut reader = SliceReader::new(info)?;
    let found = reader.sequence(|body| {
        u8::decode(body)?;
        body.decode::<ObjectIdentifier>()?;
        let imprint = MessageImprint::decode(body)?;
        Int::decode(body)?;
        let mut nonce = None;
        while !body.is_finished() {
            match Tag::peek(body)? {
                Tag::Integer => nonce = Some(Int::decode(body)?),
                _ => drop(Any::decode(body)?),
            }
        }
        Ok::<_, der::Error>((imprint, nonce))
    })?;
    Ok(found)
}

fn imprint(signature: &[u8]) -> Result<MessageImprint, TimestampError> {
    // Parameters absent: RFC 5754 section 2; OpenSSL and pyHanko compare by value.
    let hash_algorithm = AlgorithmIdentifierOwned {
        oid: ID_SHA_256,
        parameters: None,
    };
    Ok(MessageImprint {
        hash_algorithm,
        hashed_message: OctetString::new(Sha256::digest(signature).to_vec())?,
    })
}

/// An INTEGER of the eight octets, made positive.
fn positive(nonce: [u8; 8]) -> Result<Int, TimestampError> {
    let value = u64::from_be_bytes(nonce) >> 1 | 1;
    Ok(Int::from_der(&value.to_der()?)?)
}
