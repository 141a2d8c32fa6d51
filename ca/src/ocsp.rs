//! The OCSP responder: RFC 6960, RFC 9654 (nonce). Each CA has its own delegated responder key.
//!
//! A serial number that was never issued is answered `revoked` since 1970 with extended-revoked (RFC 6960 section 2.2), never
//! `good`: a certificate forged under our CA's name must not pass.

use der::asn1::{Any, BitString, Null, OctetString};
use der::{Decode, Encode};
use signum_core::{DbError, Timestamp};
use signum_hsm_shim::HsmError;
use signum_pki::certificate::is_valid_at;
use signum_pki::ocsp::cert_id::CertId;
use signum_pki::ocsp::request::OcspRequest;
use signum_pki::ocsp::response::{
    BasicOcspResponse, OcspResponse, ResponderId, ResponseData, ResponseStatus, RevokedInfo, SingleResponse,
    Status as Answered,
};
use signum_pki::ocsp::verify::key_hash;
use signum_pki::oid;
use x509_cert::Certificate;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::CrlReason;

use crate::Service;
use crate::authority::{AuthorityName, SigningKey, own_key};
use crate::issue::IssueError;
use crate::signing::{self, Signable};
use crate::status::Status;
use crate::tbs::{extension, generalized_time};

/// Longer requests are not for one relying party's one question.
const MOST_QUESTIONS: usize = 10;

/// Why there is no answer at all; the router makes internalError or tryLater of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OcspError {
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Hsm(#[from] HsmError),
    #[error("status: {0}")]
    Status(#[from] DbError),
    #[error("encoding: {0}")]
    Encoding(#[from] der::Error),
}

/// An OCSPResponse.
pub(crate) struct Answer {
    pub der: Vec<u8>,
    /// Signed, and the same for everyone who asks: until when caches may use it.
    pub cacheable_until: Option<Timestamp>,
}

impl Answer {
    pub fn error(status: ResponseStatus) -> Result<Self, der::Error> {
        Ok(Self {
            der: OcspResponse::error(status).to_der()?,
            cacheable_until: None,
        })
    }
}

/// The delegated key of an authority.
struct Responder {
    key: SigningKey,
    certificate: Vec<u8>,
    parsed: Certificate,
}

/// A request that may be answered.
struct Question {
    ids: Vec<CertId>,
    nonce: Option<Extension>,
}

impl Service {
    /// Answers an OCSPRequest (DER) for certificates of `authority`.
    pub(crate) async fn ocsp_answer(&self, authority: AuthorityName, request: &[u8]) -> Result<Answer, OcspError> {
        let Some(question) = Question::read(request) else {
            return Ok(Answer::error(ResponseStatus::MalformedRequest)?);
        };
        let issuer = self.authority(authority).await?;
        if !question.ids.iter().all(|id| id.is_of(&issuer.parsed)) {
            return Ok(Answer::error(ResponseStatus::Unauthorized)?);
        }
        let now = Timestamp::from_seconds(self.cx.now().seconds());
        let Some(responder) = self.responder(authority, now).await? else {
            tracing::error!(%authority, "no valid OCSP responder certificate");
            return Ok(Answer::error(ResponseStatus::TryLater)?);
        };
        let next_update = Timestamp::from_seconds(now.seconds() + i64::from(self.config.ocsp_seconds));
        let mut responses = Vec::new();
        let mut has_unissued = false;
        for id in question.ids {
            let status = self
                .status_at(authority, id.serial_number.as_bytes(), self.cx.now())
                .await?;
            has_unissued |= status == Status::Unissued;
            responses.push(SingleResponse {
                cert_id: id,
                status: answered(status)?,
                this_update: generalized_time(now)?,
                next_update: Some(generalized_time(next_update)?),
                extensions: None,
            });
        }
        let cacheable_until = question.nonce.is_none().then_some(next_update);
        let mut extensions: Vec<Extension> = question.nonce.into_iter().collect();
        if has_unissued {
            extensions.push(extension(oid::OCSP_EXTENDED_REVOKED, false, &Null)?);
        }
        let data = ResponseData {
            version: 0,
            responder_id: ResponderId::ByKey(OctetString::new(key_hash(&responder.parsed).unwrap_or_default())?),
            produced_at: generalized_time(now)?,
            responses,
            extensions: (!extensions.is_empty()).then_some(extensions),
        };
        let der = self.signed(&data, &responder).await?;
        metrics::counter!("ca_ocsp_answers_total", "ca" => authority.as_str()).increment(1);
        Ok(Answer { der, cacheable_until })
    }

    async fn signed(&self, data: &ResponseData, responder: &Responder) -> Result<Vec<u8>, OcspError> {
        let tbs = Signable::status(data)?;
        let signature = signing::sign(self.hsm.as_ref(), &responder.key, &tbs).await?;
        let algorithm = responder
            .key
            .algorithm_identifier()
            .ok_or(der::Error::from(der::ErrorKind::Failed))?;
        let basic = BasicOcspResponse {
            tbs: Any::from_der(tbs.der())?,
            signature_algorithm: algorithm,
            signature: BitString::from_bytes(&signature)?,
            certs: Some(vec![Any::from_der(&responder.certificate)?]),
        };
        Ok(OcspResponse::successful(&basic)?.to_der()?)
    }

    /// The newest responder of that authority, when it is valid.
    async fn responder(&self, authority: AuthorityName, now: Timestamp) -> Result<Option<Responder>, OcspError> {
        let Some((label, certificate)) = self.current_own(&format!("ocsp-{authority}")).await? else {
            return Ok(None);
        };
        let parsed = Certificate::from_der(&certificate)?;
        if !is_valid_at(&parsed, now.seconds()) {
            return Ok(None);
        }
        let key = own_key(&self.config, &label, &parsed)?;
        Ok(Some(Responder {
            key,
            certificate,
            parsed,
        }))
    }
}

fn answered(status: Status) -> der::Result<Answered> {
    let revoked = |since: Timestamp, reason: CrlReason| -> der::Result<Answered> {
        Ok(Answered::Revoked(RevokedInfo {
            revocation_time: generalized_time(since)?,
            // Unspecified is told by silence (RFC 5280 section 5.3.1).
            reason: (reason != CrlReason::Unspecified).then_some(reason),
        }))
    };
    match status {
        Status::Good => Ok(Answered::Good(Null)),
        Status::Revoked { since, reason } => revoked(since, reason),
        // RFC 6960 section 2.2: certificateHold since 1 January 1970.
        Status::Unissued => revoked(Timestamp(0), CrlReason::CertificateHold),
    }
}

impl Question {
    fn read(request: &[u8]) -> Option<Self> {
        let request = OcspRequest::from_der(request).ok()?;
        let tbs = request.tbs;
        if tbs.version != 0 || tbs.request_list.is_empty() || tbs.request_list.len() > MOST_QUESTIONS {
            return None;
        }
        let mut nonce = None;
        for extension in tbs.extensions.into_iter().flatten() {
            if extension.extn_id == oid::OCSP_NONCE {
                let octets = OctetString::from_der(extension.extn_value.as_bytes()).ok()?;
                // RFC 9654 section 2.1.
                if nonce.is_some() || !(1..=128).contains(&octets.as_bytes().len()) {
                    return None;
                }
                nonce = Some(Extension {
                    critical: false,
                    ..extension
                });
            } else if extension.critical {
                return None;
            }
        }
        let ids = tbs.request_list.into_iter().map(|r| r.cert_id).collect();
        Some(Self { ids, nonce })
    }
}
