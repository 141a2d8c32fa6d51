//! `display` and `login_hint` (OpenID Connect Core section 3.1.2.1): read, bounded, and of no consequence. Our pages fit every
//! screen, and a passkey itself says whose it is: a hint would only tell who has an account.

use super::Draft;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let form = draft.given.form;
    if form
        .get("display")
        .is_some_and(|display| !["page", "popup", "touch", "wap"].contains(&display))
    {
        return Err(AuthorizeError::InvalidRequest("display is page, popup, touch or wap"));
    }
    if form.get("login_hint").is_some_and(|hint| hint.len() > 1024) {
        return Err(AuthorizeError::InvalidRequest("login_hint has at most 1024 octets"));
    }
    Ok(())
}
