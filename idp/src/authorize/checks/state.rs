//! `state` (RFC 6749 sections 4.1.1 and A.5): absent, or 8 to 1024 printable characters.

use super::Draft;
use crate::authorize::error::AuthorizeError;
use crate::form::printable;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let Some(state) = draft.given.form.get("state") else {
        return Ok(());
    };
    if !good(state) {
        return Err(AuthorizeError::InvalidRequest(
            "state has to be 8 to 1024 printable characters",
        ));
    }
    draft.state = Some(state.to_owned());
    Ok(())
}

pub(crate) fn good(state: &str) -> bool {
    (8..=1024).contains(&state.len()) && printable(state)
}
