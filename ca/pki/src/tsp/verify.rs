//! Whether a time-stamp token may be believed (RFC 3161 section 2.2, RFC 5652 section 5.6) and what time it gives.

use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use const_oid::ObjectIdentifier;
use der::asn1::OctetString;
use der::{Decode, Encode};
use openssl::hash::{MessageDigest, hash};
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use super::response::{TimeStampResp, TstInfo};
use super::signing_certificate::SigningCertificateV2;
use crate::certificate::{is_time_stamping_only, may_sign_data, spki};
use crate::chain::{Purpose, verify_chain};
use crate::{oid, signature};

/// What a believable token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeStamp {
    /// Seconds since the Unix epoch.
    pub gen_time: i64,
    pub policy: ObjectIdentifier,
    /// Big-endian octets, as in the request; `None` when there was none.
    pub nonce: Option<Vec<u8>>,
    pub serial: Vec<u8>,
}

/// Why a token is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeStampError {
    #[error("not a time-stamp token: {0}")]
    Malformed(&'static str),
    #[error("the request was rejected")]
    Rejected,
    #[error("the token is over other data")]
    OtherData,
    #[error("the TSU's certificate: {0}")]
    Certificate(String),
    #[error("the token's signature does not verify")]
    Signature,
}

/// The token of a granted TimeStampResp (DER), as DER of its ContentInfo.
pub fn token_of(response: &[u8]) -> Result<Vec<u8>, TimeStampError> {
    let response = TimeStampResp::from_der(response).map_err(|_| TimeStampError::Malformed("response"))?;
    if response.status.status > 1 {
        return Err(TimeStampError::Rejected);
    }
    let token = response.token.ok_or(TimeStampError::Rejected)?;
    token.to_der().map_err(|_| TimeStampError::Malformed("token"))
}

/// Verifies `token` (ContentInfo) over the SHA-256 `digest`; the TSU's path ends in one of `roots` at genTime.
///
/// `intermediates` are added to the certificates that the token carries.
pub fn verify_time_stamp(
    token: &[u8],
    digest: &[u8; 32],
    intermediates: &[Vec<u8>],
    roots: &[Vec<u8>],
) -> Result<TimeStamp, TimeStampError> {
    let malformed = |what| move |_| TimeStampError::Malformed(what);
    let info = ContentInfo::from_der(token).map_err(malformed("content info"))?;
    if info.content_type != oid::SIGNED_DATA {
        return Err(TimeStampError::Malformed("content type"));
    }
    let signed: SignedData = info.content.decode_as().map_err(malformed("signed data"))?;
    let content = content(&signed)?;
    let tst = TstInfo::from_der(&content).map_err(malformed("TSTInfo"))?;
    let imprint = &tst.message_imprint;
    if imprint.hash_algorithm.oid != oid::SHA256 || imprint.hashed_message.as_bytes() != digest {
        return Err(TimeStampError::OtherData);
    }
    let mut carried = certificates(&signed)?;
    let [signer] = signed.signer_infos.0.as_slice() else {
        return Err(TimeStampError::Malformed("signer infos"));
    };
    let tsu = signer_certificate(signer, &carried)?;
    verify_signature(signer, &tsu, &content)?;
    let gen_time = i64::try_from(tst.gen_time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    carried.extend_from_slice(intermediates);
    verify_chain(&tsu, &carried, roots, Purpose::TimeStamping, gen_time)
        .map_err(|e| TimeStampError::Certificate(e.to_string()))?;
    Ok(TimeStamp {
        gen_time,
        policy: tst.policy,
        nonce: tst.nonce.map(|n| n.as_bytes().to_vec()),
        serial: tst.serial_number.as_bytes().to_vec(),
    })
}

fn content(signed: &SignedData) -> Result<Vec<u8>, TimeStampError> {
    let encapsulated = &signed.encap_content_info;
    if encapsulated.econtent_type != oid::TST_INFO {
        return Err(TimeStampError::Malformed("encapsulated type"));
    }
    let content = encapsulated
        .econtent
        .as_ref()
        .ok_or(TimeStampError::Malformed("content"))?;
    let octets: OctetString = content.decode_as().map_err(|_| TimeStampError::Malformed("content"))?;
    Ok(octets.as_bytes().to_vec())
}

fn certificates(signed: &SignedData) -> Result<Vec<Vec<u8>>, TimeStampError> {
    let mut out = Vec::new();
    for choice in signed.certificates.iter().flat_map(|set| set.0.iter()) {
        if let CertificateChoices::Certificate(certificate) = choice {
            out.push(
                certificate
                    .to_der()
                    .map_err(|_| TimeStampError::Malformed("certificate"))?,
            );
        }
    }
    Ok(out)
}

fn signer_certificate(signer: &SignerInfo, carried: &[Vec<u8>]) -> Result<Vec<u8>, TimeStampError> {
    for der in carried {
        let Ok(certificate) = Certificate::from_der(der) else {
            continue;
        };
        let tbs = certificate.tbs_certificate();
        let is_signer = match &signer.sid {
            SignerIdentifier::IssuerAndSerialNumber(id) => {
                id.issuer == *tbs.issuer() && id.serial_number == *tbs.serial_number()
            }
            SignerIdentifier::SubjectKeyIdentifier(id) => {
                matches!(tbs.get_extension::<SubjectKeyIdentifier>(), Ok(Some((_, ski))) if ski == *id)
            }
        };
        if is_signer && is_time_stamping_only(&certificate) && may_sign_data(&certificate) {
            return Ok(der.clone());
        }
    }
    Err(TimeStampError::Certificate(
        "not in the token, or not for time stamping".to_owned(),
    ))
}

/// Signed attributes: contentType, messageDigest and signingCertificateV2 must fit, the signature covers their SET.
fn verify_signature(signer: &SignerInfo, tsu: &[u8], content: &[u8]) -> Result<(), TimeStampError> {
    let malformed = |what: &'static str| TimeStampError::Malformed(what);
    let digest = match signer.digest_alg.oid {
        oid::SHA256 => MessageDigest::sha256(),
        oid::SHA384 => MessageDigest::sha384(),
        oid::SHA512 => MessageDigest::sha512(),
        _ => return Err(malformed("digest algorithm")),
    };
    let content_digest = hash(digest, content).map_err(|_| malformed("digest"))?;
    let content_type: ObjectIdentifier = attribute(signer, oid::CONTENT_TYPE)?;
    let message_digest: OctetString = attribute(signer, oid::MESSAGE_DIGEST)?;
    let signing_certificate: SigningCertificateV2 = attribute(signer, oid::SIGNING_CERTIFICATE_V2)?;
    if content_type != oid::TST_INFO || message_digest.as_bytes() != &*content_digest || !signing_certificate.names(tsu)
    {
        return Err(TimeStampError::Signature);
    }
    let attributes = signer.signed_attrs.as_ref().ok_or(malformed("signed attributes"))?;
    let message = attributes.to_der().map_err(|_| malformed("signed attributes"))?;
    let certificate = Certificate::from_der(tsu).map_err(|_| malformed("certificate"))?;
    let key = spki(&certificate).map_err(|_| malformed("key"))?;
    if signature::verifies(&key, &signer.signature_algorithm, &message, signer.signature.as_bytes()) {
        Ok(())
    } else {
        Err(TimeStampError::Signature)
    }
}

/// The one value of the one signed attribute of a type.
fn attribute<T>(signer: &SignerInfo, kind: ObjectIdentifier) -> Result<T, TimeStampError>
where
    T: for<'a> der::Choice<'a> + for<'a> der::DecodeValue<'a, Error = der::Error>,
{
    let missing = || TimeStampError::Malformed("signed attribute missing or doubled");
    let mut found = signer
        .signed_attrs
        .iter()
        .flat_map(|set| set.iter())
        .filter(|a| a.oid == kind);
    let (Some(attribute), None) = (found.next(), found.next()) else {
        return Err(missing());
    };
    let [value] = attribute.values.as_slice() else {
        return Err(missing());
    };
    value.decode_as().map_err(|_| missing())
}
