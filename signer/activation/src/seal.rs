//! The seal of an authenticator set: an HMAC whose key never leaves the HSM, over every field of the set.
//!
//! A row that somebody put into the database by hand has no seal that fits, and nothing but a voucher makes one.

use signum_gesture::Authenticator;
use signum_hsm_shim::token::Token;
use signum_hsm_shim::wrap::WrappedKey;
use subtle::ConstantTimeEq;

use crate::encoding::{Fields, authenticator};
use crate::protocol::{Refusal, SealedSet};

/// Label of the HMAC key.
pub const SEAL_KEY: &str = "people-seal";
const DOMAIN: &[u8] = b"signum-set-v1";
const FIRST_DOMAIN: &[u8] = b"signum-first-set-v1";

/// What the seal covers.
pub(crate) fn covered(set: &SealedSet) -> Vec<u8> {
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

/// Names the one authenticator that set 1 of a new key can have. Made once, when the key is: nothing that happens later, not
/// even a lost or restored memory, makes another for the same key (docs/decisions/0011).
pub(crate) fn promise(token: &Token, key: &WrappedKey, first: &Authenticator) -> Result<Vec<u8>, Refusal> {
    Ok(token
        .mac(SEAL_KEY, &promised(key, first))
        .map_err(Refusal::Hsm)?
        .to_vec())
}

/// Refuses an authenticator that this key was not made for.
pub(crate) fn check_promise(
    token: &Token,
    key: &WrappedKey,
    first: &Authenticator,
    promise: &[u8],
) -> Result<(), Refusal> {
    let expected = token.mac(SEAL_KEY, &promised(key, first)).map_err(Refusal::Hsm)?;
    if bool::from(expected.ct_eq(promise)) {
        Ok(())
    } else {
        Err(Refusal::Set("not the authenticator that this key was made for".into()))
    }
}

fn promised(key: &WrappedKey, first: &Authenticator) -> Vec<u8> {
    Fields::of(FIRST_DOMAIN)
        .field(&key.owner.key)
        .field(&key.owner.person)
        .field(&key.spki)
        .field(&key.binding)
        .field(&authenticator(first))
        .bytes()
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
