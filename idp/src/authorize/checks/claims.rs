//! `claims` (OpenID Connect Core section 5.5): one by one is no way round the legal basis or the registered scopes.

use super::Draft;
use crate::authorize::claims::Wishes;
use crate::authorize::error::AuthorizeError;
use crate::clients::Client;
use crate::scope::Scope;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let Some(text) = draft.given.form.get("claims") else {
        return Ok(());
    };
    let wishes = Wishes::parse(text)?;
    let may = |claim| {
        Scope::ALL
            .into_iter()
            .any(|scope| scope.claims().contains(&claim) && allowed(draft.given.client, scope))
    };
    if !wishes.claims.union(&wishes.id_token_claims).iter().all(may) {
        return Err(AuthorizeError::InvalidRequest(
            "the client may not ask for one of these claims",
        ));
    }
    draft.hinted_subject = wishes.subject.clone();
    draft.wishes = wishes;
    Ok(())
}

fn allowed(client: &Client, scope: Scope) -> bool {
    super::scope::asked_by(client, scope.name()).is_ok()
}
