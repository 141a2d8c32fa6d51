//! PKCE with S256, always (RFC 7636 section 4.3; `plain` and downgrades refused, RFC 9700 section 2.1.1).

use super::Draft;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    if draft.given.form.get("code_challenge_method") != Some("S256") {
        return Err(AuthorizeError::InvalidRequest("code_challenge_method=S256 is required"));
    }
    let base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    match draft.given.form.get("code_challenge") {
        // SHA-256 in base64url without padding.
        Some(challenge) if challenge.len() == 43 && challenge.bytes().all(base64url) => {
            draft.code_challenge = Some(challenge.to_owned());
            Ok(())
        }
        Some(_) => Err(AuthorizeError::InvalidRequest(
            "code_challenge is not an S256 challenge",
        )),
        None => Err(AuthorizeError::InvalidRequest("code_challenge is required")),
    }
}
