//! Clients that sign their requests have no other way (FAPI 2.0 Message Signing section 5.3; RFC 9101 section 10.5).

use super::Draft;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let client = draft.given.client;
    let required = client.profile.requires_jar() || client.metadata.require_signed_request_object;
    if required && !draft.given.signed {
        return Err(AuthorizeError::InvalidRequest("this client has to sign its requests"));
    }
    Ok(())
}
