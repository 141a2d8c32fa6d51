//! `scope`: with `openid`, and allowed to this client; unknown ones are ignored (OpenID Connect Core section 3.1.2.1), and the token
//! response says which were granted (RFC 6749 section 3.3).

use super::Draft;
use crate::authorize::error::AuthorizeError;
use crate::scope::{Scope, Scopes};

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let asked = draft
        .form
        .get("scope")
        .ok_or(AuthorizeError::InvalidScope("scope is missing"))?;
    let scopes = Scopes::known(asked);
    if !scopes.contains(Scope::Openid) {
        return Err(AuthorizeError::InvalidScope("scope openid is required"));
    }
    if !draft.client.may_ask(&scopes) {
        return Err(AuthorizeError::InvalidScope(
            "the client has no legal basis for this scope",
        ));
    }
    draft.scope = Some(scopes);
    Ok(())
}
