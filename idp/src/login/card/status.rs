//! Whether a card is good at this moment (RFC 6960, RFC 9654): the responder that the operator names is asked each time anew,
//! and where it does not answer nobody logs in.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use signum_core::{Cx, Timestamp};
use signum_pki::{CertStatus, is_the_one_answer_to, ocsp_request_with_nonce, verify_ocsp};

use super::certificate::Authentic;
use super::refusal::Refusal;
use super::settings::{CardSettings, Issuer};
use crate::outbound::Outbound;

/// How many seconds old an answer may be.
const MAX_AGE: i64 = 120;
const LONGEST_ANSWER: usize = 64 * 1024;
/// Good certificates that are remembered at a time; of others the responder is asked each time.
const MOST_REMEMBERED: usize = 10_000;

/// Asks, and remembers for a moment who was good.
pub(super) struct Status {
    outbound: Outbound,
    remember: Duration,
    /// By the certificate's hash, until when the answer counts; this replica's own.
    good: Mutex<HashMap<[u8; 32], Timestamp>>,
}

impl Status {
    pub(super) fn new(outbound: Outbound, settings: &CardSettings) -> Result<Self, String> {
        settings.check()?;
        Ok(Self {
            outbound,
            remember: Duration::from_secs(settings.status_seconds.into()),
            good: Mutex::default(),
        })
    }

    /// `Ok`: the certificate is good.
    pub(super) async fn check(&self, cx: &Cx, certificate: &Authentic, issuer: &Issuer) -> Result<(), Refusal> {
        let certified = certificate.octets_hash();
        if self.remembers(&certified, cx.now()) {
            return Ok(());
        }
        self.ask(cx, certificate, issuer).await?;
        self.note(certified, cx.now());
        Ok(())
    }

    /// The same, whatever is remembered.
    pub(super) async fn ask(&self, cx: &Cx, certificate: &Authentic, issuer: &Issuer) -> Result<(), Refusal> {
        let nonce = cx.random.bytes::<32>();
        let request = ocsp_request_with_nonce(&certificate.der, &issuer.certificate, &nonce)
            .map_err(|_| Refusal::CertificateMalformed)?;
        let answer = self
            .outbound
            .post_octets(
                issuer.responder.as_str(),
                "application/ocsp-request",
                request,
                LONGEST_ANSWER,
            )
            .await;
        let answer = answer.map_err(|error| {
            tracing::error!(%error, "the OCSP responder of the cards does not answer");
            Refusal::StatusUnavailable
        })?;
        if !is_the_one_answer_to(&answer, &nonce) {
            tracing::error!("the OCSP responder of the cards answered another question");
            return Err(Refusal::StatusUnbelieved);
        }
        let now = cx.now().seconds();
        match verify_ocsp(&answer, &certificate.der, &issuer.certificate, now, MAX_AGE) {
            Ok(CertStatus::Good) => Ok(()),
            Ok(CertStatus::Revoked { .. }) => Err(Refusal::Revoked),
            Ok(CertStatus::Unknown) => Err(Refusal::StatusUnknown),
            Err(error) => {
                tracing::error!(%error, "the OCSP responder of the cards is not believed");
                Err(Refusal::StatusUnbelieved)
            }
        }
    }

    fn remembers(&self, certified: &[u8; 32], now: Timestamp) -> bool {
        let good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        good.get(certified).is_some_and(|until| *until > now)
    }

    fn note(&self, certified: [u8; 32], now: Timestamp) {
        if self.remember.is_zero() {
            return;
        }
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        if good.len() >= MOST_REMEMBERED {
            good.retain(|_, until| *until > now);
        }
        if good.len() < MOST_REMEMBERED {
            good.insert(certified, now.plus(self.remember));
        }
    }
}
