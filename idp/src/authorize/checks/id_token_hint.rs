//! `id_token_hint` (OpenID Connect Core section 3.1.2.1): one of our ID tokens for this client, expired or not.

use super::Draft;
use crate::authorize::error::AuthorizeError;
use crate::token::id_token;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let Some(hint) = draft.form.get("id_token_hint") else {
        return Ok(());
    };
    let problem = AuthorizeError::InvalidRequest("id_token_hint is not an ID token of this provider for this client");
    let hint = id_token::read_hint(draft.keys, draft.issuer, hint).map_err(|_| problem)?;
    if hint.client_id != draft.client.client_id {
        return Err(problem);
    }
    draft.hinted_subject = Some(hint.subject);
    Ok(())
}
