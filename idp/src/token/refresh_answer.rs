//! The answer to a refresh, kept for whoever lost it on the way. It is encrypted (AES-256-GCM) under a key that follows from our
//! own key and from the refresh token shown: neither the database nor our key alone opens it.

use openssl::error::ErrorStack;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use serde_json::Value as Json;
use signum_core::{Id, Random};
use zeroize::Zeroizing;

use crate::code::Grant;
use crate::derived_key::DerivedKey;

const NONCE: usize = 12;
const TAG: usize = 16;

/// The answer as it is stored: nonce, tag, ciphertext.
pub(super) fn seal(
    key: &DerivedKey,
    random: &dyn Random,
    token: &str,
    grant: Id<Grant>,
    answer: &Json,
) -> Result<Vec<u8>, ErrorStack> {
    let key = key.key(&[token.as_bytes()]);
    let nonce: [u8; NONCE] = random.bytes();
    let mut tag = [0; TAG];
    let text = Zeroizing::new(answer.to_string());
    let cipher = Cipher::aes_256_gcm();
    let sealed = encrypt_aead(
        cipher,
        key.octets(),
        Some(&nonce),
        &grant.bytes(),
        text.as_bytes(),
        &mut tag,
    )?;
    Ok([&nonce[..], &tag, &sealed].concat())
}

/// The answer again; `None` unless token and grant are those it was sealed for.
pub(super) fn open(key: &DerivedKey, token: &str, grant: Id<Grant>, stored: &[u8]) -> Option<Json> {
    let key = key.key(&[token.as_bytes()]);
    let (nonce, rest) = stored.split_at_checked(NONCE)?;
    let (tag, sealed) = rest.split_at_checked(TAG)?;
    let cipher = Cipher::aes_256_gcm();
    let text = decrypt_aead(cipher, key.octets(), Some(nonce), &grant.bytes(), sealed, tag).ok()?;
    serde_json::from_slice(&Zeroizing::new(text)).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use serde_json::json;
    use signum_core::OsRandom;
    use signum_core::http::CsrfKey;

    #[test]
    fn an_answer_opens_only_for_the_token_grant_and_key_it_was_sealed_for() {
        let key = DerivedKey::of(&CsrfKey::random(&OsRandom), "test");
        let (grant, answer) = (Id::new(&OsRandom), json!({"access_token": "secret"}));
        let stored = seal(&key, &OsRandom, "token", grant, &answer).unwrap();
        assert_eq!(open(&key, "token", grant, &stored), Some(answer));
        assert_eq!(open(&key, "other", grant, &stored), None);
        assert_eq!(open(&key, "token", Id::new(&OsRandom), &stored), None);
        let other = DerivedKey::of(&CsrfKey::random(&OsRandom), "test");
        assert_eq!(open(&other, "token", grant, &stored), None);
        assert_eq!(open(&key, "token", grant, &stored[..20]), None);
        let text = String::from_utf8_lossy(&stored);
        assert!(!text.contains("secret") && !text.contains("access_token"));
    }
}
