//! `resource` (RFC 8707 section 2): the resource servers that access tokens of this grant will be for, each one registered for
//! the client. The issuer needs no naming: its own tokens can always be had.

use super::Draft;
use crate::authorize::error::AuthorizeError;

/// More servers than any service has need of; each makes the token worth more to a thief.
const MOST: usize = 5;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let asked = draft.given.form.all("resource");
    if asked.len() > MOST || !asked.iter().all(|resource| draft.given.targets.contains(resource)) {
        return Err(AuthorizeError::InvalidTarget);
    }
    let issuer = draft.given.issuer;
    draft.resources = draft
        .given
        .targets
        .iter()
        .filter(|resource| *resource != issuer)
        .cloned()
        .collect();
    Ok(())
}
