//! Makes answers: ResponseData, signed, as octets (RFC 6960 section 4.2.1).

use std::sync::Arc;

use der::asn1::{Null, OctetString};
use signum_core::Timestamp;
use signum_pki::certificate::validity_seconds;
use signum_pki::ocsp::cert_id::CertId;
use signum_pki::ocsp::response::{ResponderId, ResponseData, RevokedInfo, SingleResponse, Status as Answered};
use signum_pki::oid;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::CrlReason;

use super::OcspError;
use super::responder::{Office, Responder};
use super::standing::Standing;
use crate::Service;
use crate::authority::Role;
use crate::signing::{self, Signable};
use crate::status::Status;
use crate::tbs::{extension, generalized_time};
use crate::tlv;

/// OCSPResponse up to the OCTET STRING's tag: successful, id-pkix-ocsp-basic.
const SUCCESSFUL: [u8; 3] = [0x0a, 0x01, 0x00];
const BASIC: [u8; 11] = [0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];

/// Of one answer: thisUpdate, nextUpdate.
pub(super) type Period = (Timestamp, Timestamp);

impl Service {
    /// What is said of one certificate.
    pub(super) fn single(
        &self,
        office: &Office,
        cert_id: CertId,
        standing: &Standing,
        (this_update, next_update): Period,
    ) -> der::Result<SingleResponse> {
        let mut extensions = Vec::new();
        if standing.has_expired(this_update) {
            extensions.push(self.archive_cutoff(office, this_update)?);
        }
        // RFC 6960 section 4.4.5: what an entry of a list says besides.
        if let Some(since) = standing
            .doubtful_since
            .filter(|_| office.authority.issuer.name.role != Role::Tls)
        {
            extensions.push(extension(oid::INVALIDITY_DATE, false, &generalized_time(since)?)?);
        }
        Ok(SingleResponse {
            cert_id,
            status: answered(office.judged(standing.status))?,
            this_update: generalized_time(this_update)?,
            next_update: Some(generalized_time(next_update)?),
            extensions: (!extensions.is_empty()).then_some(extensions),
        })
    }

    /// RFC 6960 section 4.4.4: how far back our knowledge of expired certificates goes. EN 319 411-2 section 6.3.10 wants the
    /// beginning of the CA; configuration may say less.
    fn archive_cutoff(&self, office: &Office, now: Timestamp) -> der::Result<Extension> {
        let begun = validity_seconds(&office.authority.parsed).0;
        let kept = i64::from(self.config.status_retention_years).saturating_mul(366 * 86_400);
        let since = Timestamp::from_seconds(begun.max(now.seconds().saturating_sub(kept)));
        extension(oid::OCSP_ARCHIVE_CUTOFF, false, &generalized_time(since)?)
    }
}

/// ResponseData by `responder`.
pub(super) fn data(
    responder: &Responder,
    responses: Vec<SingleResponse>,
    nonce: Option<Extension>,
    has_unissued: bool,
    now: Timestamp,
) -> der::Result<ResponseData> {
    let mut extensions: Vec<Extension> = nonce.into_iter().collect();
    if has_unissued {
        extensions.push(extension(oid::OCSP_EXTENDED_REVOKED, false, &Null)?);
    }
    Ok(ResponseData {
        version: 0,
        responder_id: ResponderId::ByKey(OctetString::new(responder.key_hash.as_slice())?),
        produced_at: generalized_time(now)?,
        responses,
        extensions: (!extensions.is_empty()).then_some(extensions),
    })
}

/// Signs each; what comes back is what is stored: data, algorithm, signature.
pub(super) async fn sign(
    service: &Service,
    responder: &Arc<Responder>,
    answers: &[ResponseData],
) -> Result<Vec<Box<[u8]>>, OcspError> {
    let signable = answers.iter().map(Signable::status).collect::<der::Result<Vec<_>>>()?;
    let signatures = signing::sign_all(service.hsm.as_ref(), &responder.key, &signable).await?;
    let contents = signable.iter().zip(signatures).map(|(tbs, signature)| {
        let mut out = Vec::with_capacity(tbs.der().len() + responder.algorithm.len() + signature.len() + 8);
        out.extend_from_slice(tbs.der());
        out.extend_from_slice(&responder.algorithm);
        tlv::head(&mut out, tlv::BIT_STRING, signature.len() + 1);
        out.push(0);
        out.extend(signature);
        out.into_boxed_slice()
    });
    Ok(contents.collect())
}

/// The OCSPResponse around stored content, with the responder's certificate.
pub(super) fn response(content: &[u8], responder: &Responder) -> Vec<u8> {
    let basic = content.len() + responder.certificates.len();
    let octets = tlv::head_length(basic) + basic;
    let bytes = BASIC.len() + tlv::head_length(octets) + octets;
    let explicit = tlv::head_length(bytes) + bytes;
    let all = SUCCESSFUL.len() + tlv::head_length(explicit) + explicit;
    let mut out = Vec::with_capacity(all + 8);
    tlv::head(&mut out, tlv::SEQUENCE, all);
    out.extend_from_slice(&SUCCESSFUL);
    tlv::head(&mut out, tlv::CONTEXT_0, explicit);
    tlv::head(&mut out, tlv::SEQUENCE, bytes);
    out.extend_from_slice(&BASIC);
    tlv::head(&mut out, tlv::OCTET_STRING, octets);
    tlv::head(&mut out, tlv::SEQUENCE, basic);
    out.extend_from_slice(content);
    out.extend_from_slice(&responder.certificates);
    out
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
