//! `scope`: with `openid`, and allowed to this client; an unknown one is refused, never dropped (RFC 6749 section 3.3; TARA).

use super::Draft;
use crate::authorize::error::AuthorizeError;
use crate::clients::Client;
use crate::scope::{Scope, Scopes};

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let asked = draft.given.form.get("scope");
    let scopes = asked_by(
        draft.given.client,
        asked.ok_or(AuthorizeError::InvalidScope("scope is missing"))?,
    )?;
    if !scopes.contains(Scope::Openid) {
        return Err(AuthorizeError::InvalidScope("scope openid is required"));
    }
    draft.scope = Some(scopes);
    Ok(())
}

/// What `client` asks for, if it may: known scopes, of its registration, with a legal basis where one is needed. The same for
/// every grant.
pub(crate) fn asked_by(client: &Client, text: &str) -> Result<Scopes, AuthorizeError> {
    let refuse = |why| Err(AuthorizeError::InvalidScope(why));
    let Ok(scopes) = Scopes::asked(text) else {
        return refuse("unknown scope");
    };
    if let Some(registered) = &client.metadata.scope {
        let registered: Vec<_> = registered.split(' ').collect();
        let name = |scope| match scope {
            // Who may ask for anybody may ask for this one.
            Scope::Representee(_) => Scope::AnyRepresentee.name(),
            named => named.name(),
        };
        if !scopes.iter().all(|scope| registered.contains(&name(scope))) {
            return refuse("the client is not registered for this scope");
        }
    }
    if !client.may_ask(&scopes) {
        return refuse("the client has no legal basis for this scope");
    }
    Ok(scopes)
}
