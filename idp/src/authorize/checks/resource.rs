//! `resource` (RFC 8707 section 2): the resource servers that access tokens of this grant will be for, each one known here.

use super::Draft;
use crate::authorize::error::AuthorizeError;

/// More servers than any service has need of; each makes the token worth more to a thief.
const MOST: usize = 5;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let asked = draft.given.form.all("resource");
    if asked.len() > MOST || !asked.iter().all(|resource| draft.given.targets.contains(resource)) {
        return Err(AuthorizeError::InvalidTarget);
    }
    draft.resources = asked;
    Ok(())
}
