//! No parameter more than once (RFC 6749 section 3.1).

use super::Draft;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    if draft.form.repeats_any() {
        return Err(AuthorizeError::InvalidRequest("a parameter is repeated"));
    }
    Ok(())
}
