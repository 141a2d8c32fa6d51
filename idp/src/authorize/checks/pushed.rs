//! Clients that push their requests have no other way (FAPI 2.0 Security Profile section 5.3.2.2; RFC 9126 section 6).

use super::{Draft, Way};
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let client = draft.given.client;
    let required = client.profile.requires_par() || client.metadata.require_pushed_authorization_requests;
    if required && draft.given.way != Way::Pushed {
        return Err(AuthorizeError::InvalidRequest(
            "this client has to push its authorization requests",
        ));
    }
    Ok(())
}
