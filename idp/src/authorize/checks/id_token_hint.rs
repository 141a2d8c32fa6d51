//! `id_token_hint` (OpenID Connect Core section 3.1.2.1): one of our ID tokens for this client, expired or not.

use super::Draft;
use crate::authorize::error::AuthorizeError;
use crate::token::id_token;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let Some(hint) = draft.given.form.get("id_token_hint") else {
        return Ok(());
    };
    let problem = AuthorizeError::InvalidRequest("id_token_hint is not an ID token of this provider for this client");
    let hint = id_token::read_hint(&draft.given.keys.published, draft.given.issuer, hint).map_err(|_| problem)?;
    if hint.client_id != draft.given.client.client_id {
        return Err(problem);
    }
    if draft
        .hinted_subject
        .as_ref()
        .is_some_and(|other| *other != hint.subject)
    {
        return Err(AuthorizeError::InvalidRequest(
            "id_token_hint and claims name different people",
        ));
    }
    draft.hinted_subject = Some(hint.subject);
    Ok(())
}
