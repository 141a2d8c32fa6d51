//! `authorization_details` (RFC 9396 section 2), in the types that there are and the client is registered for.

use super::Draft;
use crate::authorize::details::Details;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    if let Some(text) = draft.given.form.get("authorization_details") {
        let registered = &draft.given.client.metadata.authorization_details_types;
        let known = draft.given.details_types;
        let types: Vec<_> = registered.iter().filter(|kind| known.contains(kind)).cloned().collect();
        draft.details = Details::parse(text, &types)?;
    }
    Ok(())
}
