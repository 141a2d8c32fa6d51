//! What discovery does not offer is refused by name, not ignored (OpenID Connect Core sections 3.1.2.6, 6 and 7.2.1).

use super::Draft;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    if draft.form.has("request") {
        return Err(AuthorizeError::RequestNotSupported);
    }
    if draft.form.has("request_uri") {
        return Err(AuthorizeError::RequestUriNotSupported);
    }
    if draft.form.has("registration") {
        return Err(AuthorizeError::RegistrationNotSupported);
    }
    Ok(())
}
