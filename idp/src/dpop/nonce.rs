//! Nonces that no replica has to remember (RFC 9449 section 8): an HMAC over the time, under a key that all share.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use signum_core::Timestamp;
use subtle::ConstantTimeEq;

use crate::derived_key::DerivedKey;
use crate::service::Idp;

/// Seconds for which one nonce is told; it is taken for as long again.
const STEP: i64 = 120;

/// The nonce that clients use from now on, for the header DPoP-Nonce.
pub(crate) fn fresh(idp: &Idp) -> String {
    of_step(&idp.derived.dpop_nonce, step(idp.cx.now()))
}

/// Whether this nonce was told lately.
pub(super) fn is_good(key: &DerivedKey, now: Timestamp, shown: &str) -> bool {
    let now = step(now);
    let told = |step| bool::from(of_step(key, step).as_bytes().ct_eq(shown.as_bytes()));
    // The next one too: another replica's clock may be ahead.
    told(now) | told(now - 1) | told(now + 1)
}

fn step(now: Timestamp) -> i64 {
    now.seconds().div_euclid(STEP)
}

fn of_step(key: &DerivedKey, step: i64) -> String {
    let mac = key.mac(&[&step.to_be_bytes()]);
    B64.encode(mac.iter().copied().take(18).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use signum_core::OsRandom;
    use signum_core::http::CsrfKey;

    #[test]
    fn a_nonce_is_good_for_two_to_four_minutes_and_only_under_its_key() {
        let key = DerivedKey::of(&CsrfKey::random(&OsRandom), "a");
        let at = |seconds: i64| Timestamp::from_seconds(1_200_000 + seconds);
        let nonce = of_step(&key, step(at(0)));
        assert!(is_good(&key, at(0), &nonce) && is_good(&key, at(239), &nonce));
        assert!(!is_good(&key, at(240), &nonce) && !is_good(&key, at(-121), &nonce));
        assert!(!is_good(
            &DerivedKey::of(&CsrfKey::random(&OsRandom), "a"),
            at(0),
            &nonce
        ));
        assert!(!is_good(&key, at(0), "") && !is_good(&key, at(0), &nonce[1..]));
    }
}
