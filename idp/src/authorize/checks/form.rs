//! No parameter more than once (RFC 6749 section 3.1), not too many, no control characters.

use super::Draft;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    match draft.given.form.flaw() {
        Some(flaw) => Err(AuthorizeError::InvalidRequest(flaw)),
        None => Ok(()),
    }
}
