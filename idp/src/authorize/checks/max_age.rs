//! `max_age` (OpenID Connect Core section 3.1.2.1): whole seconds.

use super::Draft;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let Some(text) = draft.form.get("max_age") else {
        return Ok(());
    };
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let seconds = text.parse().ok().filter(|_| digits);
    draft.max_age = Some(seconds.ok_or(AuthorizeError::InvalidRequest("max_age is a number of seconds"))?);
    Ok(())
}
