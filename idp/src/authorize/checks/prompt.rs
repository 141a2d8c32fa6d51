//! `prompt` (OpenID Connect Core section 3.1.2.1): none alone, login, consent; select_account is a log-in here.

use super::Draft;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    for word in draft
        .given
        .form
        .get("prompt")
        .unwrap_or_default()
        .split(' ')
        .filter(|word| !word.is_empty())
    {
        match word {
            "none" => draft.prompt.none = true,
            "login" | "select_account" => draft.prompt.login = true,
            "consent" => draft.prompt.consent = true,
            _ => return Err(AuthorizeError::InvalidRequest("unknown prompt")),
        }
    }
    if draft.prompt.none && (draft.prompt.login || draft.prompt.consent) {
        return Err(AuthorizeError::InvalidRequest("prompt=none stands alone"));
    }
    Ok(())
}
