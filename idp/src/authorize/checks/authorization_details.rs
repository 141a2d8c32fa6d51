//! `authorization_details` (RFC 9396 section 2), in the types that the client is registered for.

use super::Draft;
use crate::authorize::details::Details;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    if let Some(text) = draft.given.form.get("authorization_details") {
        let types = &draft.given.client.metadata.authorization_details_types;
        draft.details = Details::parse(text, types)?;
    }
    Ok(())
}
