//! The seal of an authenticator set: an HMAC whose key never leaves the HSM, over every field of the set.
//!
//! A row that somebody put into the database by hand has no seal that fits, and nothing but a voucher makes one.

use signum_hsm_shim::token::Token;
use subtle::ConstantTimeEq;

use crate::encoding::{Fields, authenticator};
use crate::protocol::{Refusal, SealedSet};

/// Label of the HMAC key.
pub const SEAL_KEY: &str = "people-seal";
const DOMAIN: &[u8] = b"signum-set-v1";

/// What the seal covers.
fn covered(set: &SealedSet) -> Vec<u8> {
    let mut fields = Fields::of(DOMAIN)
        .field(&set.credential)
        .field(&set.person)
        .field(&set.version.to_be_bytes())
        .field(&(set.authenticators.len() as u64).to_be_bytes());
    for member in &set.authenticators {
        fields = fields.field(&authenticator(member));
    }
    fields.field(&set.certificate_request).field(&set.vouchers).bytes()
}

/// Puts the seal on; the caller has verified the vouchers.
pub(crate) fn seal(token: &Token, mut set: SealedSet) -> Result<SealedSet, Refusal> {
    set.seal = token.mac(SEAL_KEY, &covered(&set)).map_err(Refusal::Hsm)?.to_vec();
    Ok(set)
}

/// Refuses a set whose seal was not made here over exactly these fields.
pub(crate) fn check(token: &Token, set: &SealedSet) -> Result<(), Refusal> {
    let expected = token.mac(SEAL_KEY, &covered(set)).map_err(Refusal::Hsm)?;
    if bool::from(expected.ct_eq(&set.seal)) {
        Ok(())
    } else {
        Err(Refusal::Set("its seal does not hold".into()))
    }
}
