//! The time-stamping authority: RFC 3161, RFC 5816, EN 319 421 and EN 319 422.
//!
//! Policy BTSP, SHA-256/384/512, genTime in milliseconds, accuracy one second, ESSCertIDv2, no ordering; certificates when asked
//! for. Every stamp is recorded before it leaves, and none is made while the clock may be wrong.

mod check;
mod clock;
mod ledger;
mod token;
mod unit;

use std::time::Duration;

use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::DbError;
use signum_core::audit::{self, Event};
use signum_hsm_shim::HsmError;
use signum_pki::tsp::response::{FailureInfo, TimeStampResp};

use crate::Service;
use crate::authority::{AuthorityName, Role};
use crate::issue::IssueError;
use crate::signing::{self, Signable};
use crate::tlv;
use ledger::Entry;

pub use clock::{Chrony, ClockCheck, ClockQuality, Unchecked};
pub(crate) use ledger::Ledger;
pub(crate) use token::Attributes;
pub(crate) use unit::Units;

/// What every stamp states; genTime is rounded down by less than a millisecond, which is far within. No clock of ours may be off by more.
const ACCURACY: Duration = Duration::from_secs(1);
/// PKIStatusInfo { status granted }.
const GRANTED: [u8; 5] = [tlv::SEQUENCE, 0x03, tlv::INTEGER, 0x01, 0x00];

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

impl Service {
    /// Answers a TimeStampReq (DER) with a TimeStampResp (DER), granted or rejected.
    pub(crate) async fn time_stamp_answer(&self, request: &[u8]) -> Result<Vec<u8>, TsaError> {
        let request = match check::read(request) {
            Ok(request) => request,
            Err((failure, why)) => return self.reject(failure, why).await,
        };
        if let Err(why) = self.clock_is_good().await {
            tracing::error!(why, "no time stamp: the clock is not good enough");
            return self
                .reject(FailureInfo::TimeNotAvailable, "the time source is not available")
                .await;
        }
        let now = self.cx.now();
        let Some(unit) = self.unit(self.stamping(), now).await? else {
            return self
                .reject(
                    FailureInfo::TimeNotAvailable,
                    "no time-stamping unit is in its period of use",
                )
                .await;
        };
        let serial = self.stamp_serial();
        let content = token::info(&request, &serial, now, self.config.qualified_time_stamps)?;
        let attributes = Attributes::new(&content, &unit)?;
        let signature = signing::sign(self.hsm.as_ref(), &unit.key, &Signable::time_stamp(&attributes)).await?;
        let token = token::assemble(&content, &attributes, &signature, &unit, request.cert_req)?;
        let entry = Entry {
            serial,
            token: Sha256::digest(&token).into(),
        };
        self.ledger.record(&self.cx, &unit.key.uri.object, entry).await?;
        metrics::counter!("ca_time_stamps_total", "outcome" => "granted").increment(1);
        Ok(granted(&token))
    }

    /// EN 319 421 section 7.7.2: no stamp while the clock may be off by more than the accuracy the stamp states.
    async fn clock_is_good(&self) -> Result<(), String> {
        self.clock_check.quality().await.problem().map_or(Ok(()), Err)
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

/// TimeStampResp around a token.
fn granted(token: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(token.len() + 16);
    tlv::head(&mut out, tlv::SEQUENCE, GRANTED.len() + token.len());
    out.extend_from_slice(&GRANTED);
    out.extend_from_slice(token);
    out
}
