//! Whether an OCSP response may be believed (RFC 6960 section 3.2) and what it says.

use der::{Decode, Encode};
use openssl::hash::{MessageDigest, hash};
use x509_cert::Certificate;

use super::response::{
    BasicOcspResponse, OcspResponse, ResponderId, ResponseData, ResponseStatus, SingleResponse, Status,
};
use crate::certificate::{has_purpose, may_sign_data, public_key_octets, spki};
use crate::chain::verify_issued_by;
use crate::{oid, signature};

/// What a believable response says of the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertStatus {
    Good,
    /// Since `at` (seconds since the Unix epoch); `reason` is a CRLReason, 0 when none was given.
    Revoked {
        at: i64,
        reason: u8,
    },
    Unknown,
}

/// Why a response is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OcspError {
    #[error("not an OCSP response")]
    Malformed,
    #[error("the responder answered with an error status")]
    NoAnswer,
    #[error("the certificate is not of this issuer")]
    WrongIssuer,
    #[error("no answer about this certificate")]
    OtherCertificate,
    #[error("the responder is not authorised by the issuer")]
    Responder,
    #[error("the response's signature does not verify")]
    Signature,
    #[error("the response is not yet valid")]
    Future,
    #[error("the response is too old")]
    Stale,
}

/// How far the responder's clock may be ahead of ours, in seconds.
const CLOCK_SKEW: i64 = 10;

/// Verifies `response` (OCSPResponse) about `certificate` of `issuer` (all DER): signature, delegation, subject and age.
///
/// `max_age` is how many seconds ago thisUpdate and producedAt may lie; nextUpdate is required and heeded besides.
pub fn verify_ocsp(
    response: &[u8],
    certificate: &[u8],
    issuer: &[u8],
    now_seconds: i64,
    max_age: i64,
) -> Result<CertStatus, OcspError> {
    let certificate = Certificate::from_der(certificate).map_err(|_| OcspError::Malformed)?;
    let issuer_der = issuer;
    let issuer = Certificate::from_der(issuer).map_err(|_| OcspError::Malformed)?;
    if certificate.tbs_certificate().issuer() != issuer.tbs_certificate().subject() {
        return Err(OcspError::WrongIssuer);
    }
    let basic = basic(response)?;
    let tbs = basic.tbs.to_der().map_err(|_| OcspError::Malformed)?;
    let data = ResponseData::from_der(&tbs).map_err(|_| OcspError::Malformed)?;
    let responder = authorised_responder(&basic, &data, (&issuer, issuer_der), now_seconds)?;
    let key = spki(&responder).map_err(|_| OcspError::Malformed)?;
    if !signature::verifies(&key, &basic.signature_algorithm, &tbs, basic.signature.raw_bytes()) {
        return Err(OcspError::Signature);
    }
    let about = |single: &&SingleResponse| single.cert_id.is_of(&issuer) && single.cert_id.has_serial_of(&certificate);
    let single = data.responses.iter().find(about).ok_or(OcspError::OtherCertificate)?;
    check_age(
        single,
        data.produced_at.to_unix_duration().as_secs(),
        now_seconds,
        max_age,
    )?;
    Ok(match &single.status {
        Status::Good(_) => CertStatus::Good,
        Status::Unknown(_) => CertStatus::Unknown,
        Status::Revoked(info) => CertStatus::Revoked {
            at: seconds(info.revocation_time.to_unix_duration().as_secs()),
            reason: info.reason.map_or(0, |reason| reason as u8),
        },
    })
}

fn basic(response: &[u8]) -> Result<BasicOcspResponse, OcspError> {
    let response = OcspResponse::from_der(response).map_err(|_| OcspError::Malformed)?;
    if response.status != ResponseStatus::Successful {
        return Err(OcspError::NoAnswer);
    }
    let bytes = response.bytes.ok_or(OcspError::Malformed)?;
    if bytes.response_type != oid::OCSP_BASIC {
        return Err(OcspError::Malformed);
    }
    BasicOcspResponse::from_der(bytes.response.as_bytes()).map_err(|_| OcspError::Malformed)
}

/// The issuer itself, or a certificate it issued for OCSP signing (RFC 6960 section 4.2.2.2).
fn authorised_responder(
    basic: &BasicOcspResponse,
    data: &ResponseData,
    (issuer, issuer_der): (&Certificate, &[u8]),
    now_seconds: i64,
) -> Result<Certificate, OcspError> {
    if is_identified(&data.responder_id, issuer) {
        return Ok(issuer.clone());
    }
    for der in basic.certs.iter().flatten() {
        let der = der.to_der().map_err(|_| OcspError::Malformed)?;
        let Ok(candidate) = Certificate::from_der(&der) else {
            continue;
        };
        let delegated = is_identified(&data.responder_id, &candidate)
            && has_purpose(&candidate, oid::OCSP_SIGNING)
            && may_sign_data(&candidate)
            && verify_issued_by(&der, issuer_der, now_seconds).is_ok();
        if delegated {
            return Ok(candidate);
        }
    }
    Err(OcspError::Responder)
}

fn is_identified(id: &ResponderId, certificate: &Certificate) -> bool {
    match id {
        ResponderId::ByName(name) => name == certificate.tbs_certificate().subject(),
        ResponderId::ByKey(expected) => key_hash(certificate).is_some_and(|hash| hash == expected.as_bytes()),
    }
}

/// KeyHash of RFC 6960 section 4.2.1: SHA-1 over the key's octets.
pub fn key_hash(certificate: &Certificate) -> Option<Vec<u8>> {
    let octets = public_key_octets(&spki(certificate).ok()?).ok()?;
    hash(MessageDigest::sha1(), &octets).ok().map(|digest| digest.to_vec())
}

fn check_age(single: &SingleResponse, produced_at: u64, now: i64, max_age: i64) -> Result<(), OcspError> {
    let this_update = seconds(single.this_update.to_unix_duration().as_secs());
    let produced_at = seconds(produced_at);
    if this_update > now.saturating_add(CLOCK_SKEW) || produced_at > now.saturating_add(CLOCK_SKEW) {
        return Err(OcspError::Future);
    }
    let oldest = now.saturating_sub(max_age);
    let next_update = single.next_update.ok_or(OcspError::Stale)?.to_unix_duration().as_secs();
    if this_update < oldest || produced_at < oldest || seconds(next_update) <= now {
        return Err(OcspError::Stale);
    }
    Ok(())
}

fn seconds(unsigned: u64) -> i64 {
    i64::try_from(unsigned).unwrap_or(i64::MAX)
}
