//! `dpop_jkt` (RFC 9449 section 10): the thumbprint of the key with which alone the code may be redeemed.

use super::Draft;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let Some(jkt) = draft.given.form.get("dpop_jkt") else {
        return Ok(());
    };
    let base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if jkt.len() != 43 || !jkt.bytes().all(base64url) {
        return Err(AuthorizeError::InvalidRequest("dpop_jkt is not a SHA-256 thumbprint"));
    }
    draft.dpop_jkt = Some(jkt.to_owned());
    Ok(())
}
