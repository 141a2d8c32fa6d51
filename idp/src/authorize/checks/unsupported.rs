//! What discovery does not offer is refused by name, not ignored (OpenID Connect Core sections 3.1.2.6, 6 and 7.2.1). A
//! `request_uri` that is no reference of ours is never fetched (Keycloak CVE-2020-10770).

use super::Draft;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let form = draft.given.form;
    if form.has("request_uri") {
        return Err(AuthorizeError::RequestUriNotSupported);
    }
    if form.has("request") {
        return Err(AuthorizeError::RequestNotSupported);
    }
    if form.has("registration") {
        return Err(AuthorizeError::RegistrationNotSupported);
    }
    Ok(())
}
