//! `nonce` (OpenID Connect Core section 3.1.2.1): absent, or at most 1024 printable characters.

use super::Draft;
use crate::authorize::error::AuthorizeError;
use crate::form::printable;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let nonce = draft.given.form.get("nonce");
    if nonce.is_some_and(|nonce| nonce.len() > 1024 || !printable(nonce)) {
        return Err(AuthorizeError::InvalidRequest(
            "nonce has to be at most 1024 printable characters",
        ));
    }
    draft.nonce = nonce.map(str::to_owned);
    Ok(())
}
