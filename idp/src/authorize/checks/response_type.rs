//! `response_type=code`, nothing else (RFC 9700 section 2.1.2: no implicit, no hybrid).

use super::Draft;
use crate::authorize::error::AuthorizeError;
use crate::clients::GrantType;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    match draft.given.form.get("response_type") {
        None => return Err(AuthorizeError::InvalidRequest("response_type is missing")),
        Some("code") => {}
        Some(_) => return Err(AuthorizeError::UnsupportedResponseType),
    }
    if !draft.given.client.metadata.may_use(GrantType::AuthorizationCode) {
        return Err(AuthorizeError::UnauthorizedClient(
            "the client is not registered for codes",
        ));
    }
    Ok(())
}
