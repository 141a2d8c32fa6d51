//! `max_age` (OpenID Connect Core section 3.1.2.1, RFC 9470 section 4): whole seconds; else the registered `default_max_age`.

use super::Draft;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let Some(text) = draft.given.form.get("max_age") else {
        draft.max_age = draft.given.client.metadata.default_max_age;
        return Ok(());
    };
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let seconds = text.parse().ok().filter(|_| digits);
    draft.max_age = Some(seconds.ok_or(AuthorizeError::InvalidRequest("max_age is a number of seconds"))?);
    Ok(())
}
