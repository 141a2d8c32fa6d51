//! The certificate's status as the module believes it: a fresh OCSP response of a pinned CA's responder (RFC 6960 section 3.2).

use signum_pki::{CertStatus, verify_ocsp};

use crate::protocol::Refusal;

/// Refuses unless `response` says "good" of exactly this certificate and is at most `max_age` seconds old at `now`.
pub(crate) fn check(response: &[u8], certificate: &[u8], issuer: &[u8], now: i64, max_age: i64) -> Result<(), Refusal> {
    let refused = |why: &str| Err(Refusal::Status(why.to_owned()));
    match verify_ocsp(response, certificate, issuer, now, max_age) {
        Ok(CertStatus::Good) => Ok(()),
        Ok(CertStatus::Revoked { .. }) => refused("revoked"),
        Ok(CertStatus::Unknown) => refused("unknown to its CA"),
        Err(error) => refused(&error.to_string()),
    }
}
