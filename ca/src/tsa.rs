//! The time-stamping authority: RFC 3161, RFC 5816, EN 319 421 and EN 319 422.
//!
//! Policy BTSP, SHA-256/384/512, accuracy one second, ESSCertIDv2, no ordering; certificates when asked for. Every stamp has
//! its audit event before it leaves: without one there is no stamp.

mod check;
mod token;

use der::asn1::Any;
use der::{Decode, Encode};
use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::{DbError, Timestamp};
use signum_hsm_shim::HsmError;
use signum_pki::certificate::{is_valid_at, validity_seconds};
use signum_pki::tsp::request::TimeStampReq;
use signum_pki::tsp::response::{FailureInfo, TimeStampResp};
use x509_cert::Certificate;

use crate::Service;
use crate::authority::{AuthorityName, Role, SigningKey, own_key};
use crate::issue::IssueError;
use crate::profile::tsu;
use crate::signing::{self, Signable};

/// Why there is no answer at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TsaError {
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Hsm(#[from] HsmError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("encoding: {0}")]
    Encoding(#[from] der::Error),
}

/// The unit that stamps now.
struct Unit {
    key: SigningKey,
    certificate: Vec<u8>,
    parsed: Certificate,
}

impl Service {
    /// Answers a TimeStampReq (DER) with a TimeStampResp (DER), granted or rejected.
    pub(crate) async fn time_stamp_answer(&self, request: &[u8]) -> Result<Vec<u8>, TsaError> {
        let request = match check::read(request) {
            Ok(request) => request,
            Err((failure, why)) => return self.reject(failure, why).await,
        };
        let now = self.cx.now();
        let Some(unit) = self.unit(now).await? else {
            return self
                .reject(
                    FailureInfo::TimeNotAvailable,
                    "no time-stamping unit is in its period of use",
                )
                .await;
        };
        let serial = self.stamp_serial();
        let token = self.token(&request, &unit, &serial, now).await?;
        let detail = &json!({ "response_sha256": hex::encode(Sha256::digest(&token)) });
        let (cx, serial) = (&self.cx, &serial);
        cx.db
            .run("ca.time_stamp", |tx| async move {
                audit::record(
                    &tx,
                    cx,
                    &Event::new("time_stamp.issued", hex::encode(serial), detail.clone()),
                )
                .await
            })
            .await?;
        metrics::counter!("ca_time_stamps_total", "outcome" => "granted").increment(1);
        Ok(TimeStampResp::granted(Any::from_der(&token)?).to_der()?)
    }

    async fn token(
        &self,
        request: &TimeStampReq,
        unit: &Unit,
        serial: &[u8],
        now: Timestamp,
    ) -> Result<Vec<u8>, TsaError> {
        let content = token::info(request, serial, now, self.config.qualified_time_stamps)?;
        let attributes = token::attributes(&content, &unit.certificate, &unit.parsed)?;
        let signature = signing::sign(self.hsm.as_ref(), &unit.key, &Signable::time_stamp(&attributes)?).await?;
        let mut chain = Vec::new();
        if request.cert_req {
            chain.push(unit.parsed.clone());
            chain.push(self.authority(self.stamping()).await?.parsed.clone());
        }
        let algorithm = unit
            .key
            .algorithm_identifier()
            .ok_or(der::Error::from(der::ErrorKind::Failed))?;
        Ok(token::assemble(
            content,
            attributes,
            signature,
            algorithm,
            &unit.parsed,
            chain,
        )?)
    }

    /// The newest unit, when its certificate is valid and its key's year is not over.
    async fn unit(&self, now: Timestamp) -> Result<Option<Unit>, TsaError> {
        let Some((label, certificate)) = self.current_own(&tsu::holder(self.stamping())).await? else {
            return Err(IssueError::NoCeremony.into());
        };
        let parsed = Certificate::from_der(&certificate)?;
        let (from, _) = validity_seconds(&parsed);
        let used_for = tsu::PROFILE.private_key_usage.unwrap_or(tsu::PROFILE.longest);
        if !is_valid_at(&parsed, now.seconds()) || now.seconds() >= from.saturating_add(used_for) {
            return Ok(None);
        }
        let key = own_key(&self.config, &label, &parsed)?;
        Ok(Some(Unit {
            key,
            certificate,
            parsed,
        }))
    }

    /// The authority whose unit stamps.
    fn stamping(&self) -> AuthorityName {
        Role::Tsa.of(self.config.algorithms)
    }

    async fn reject(&self, failure: FailureInfo, why: &'static str) -> Result<Vec<u8>, TsaError> {
        tracing::warn!(?failure, why, "time stamp rejected");
        let (cx, detail) = (&self.cx, &json!({ "failure": format!("{failure:?}") }));
        cx.db
            .run("ca.time_stamp_rejected", |tx| async move {
                audit::record(&tx, cx, &Event::new("time_stamp.rejected", "tsa", detail.clone())).await
            })
            .await?;
        metrics::counter!("ca_time_stamps_total", "outcome" => "rejected").increment(1);
        Ok(TimeStampResp::rejected(failure, why)?)
    }

    /// One configured octet (replica) and 128 random bits, unique without asking anybody.
    fn stamp_serial(&self) -> [u8; 17] {
        let mut serial = [self.config.serial_prefix; 17];
        if let Some(random) = serial.get_mut(1..) {
            self.cx.random.fill(random);
        }
        serial
    }
}
