//! Random 256-bit secrets that browsers and clients hold; the database holds only their SHA-256.

use sha2::{Digest, Sha256};
use signum_core::Random;

/// What is stored of a secret. The secrets have 256 bits of entropy, so a plain hash is enough.
pub(crate) type Hashed = [u8; 32];

/// A fresh secret (43 characters of base64url) and what to store of it.
pub(crate) fn fresh(random: &dyn Random) -> (String, Hashed) {
    let secret = random.token();
    let hash = hashed(&secret);
    (secret, hash)
}

pub(crate) fn hashed(secret: &str) -> Hashed {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whether a text can be one of our secrets at all. What else is hashed and stored has another form, so that nobody shows it.
pub(crate) fn has_the_form(secret: &str) -> bool {
    let base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    secret.len() == 43 && secret.bytes().all(base64url)
}
