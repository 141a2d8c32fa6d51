//! `response_type=code` in the query, nothing else (RFC 9700 section 2.1.2: no implicit, no hybrid).

use super::Draft;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    match draft.form.get("response_type") {
        None => return Err(AuthorizeError::InvalidRequest("response_type is missing")),
        Some("code") => {}
        Some(_) => return Err(AuthorizeError::UnsupportedResponseType),
    }
    match draft.form.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(AuthorizeError::InvalidRequest("only response_mode=query is supported")),
    }
}
