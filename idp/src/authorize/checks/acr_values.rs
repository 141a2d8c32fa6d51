//! `acr_values`: one level of assurance, the least that will do (OpenID Connect Core section 3.1.2.1; eIDAS Article 8).

use super::Draft;
use crate::authorize::error::AuthorizeError;
use crate::level::Level;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    if let Some(text) = draft.form.get("acr_values") {
        let problem = AuthorizeError::InvalidRequest("acr_values is one of low, substantial, high");
        draft.acr = Level::parse(text).ok_or(problem)?;
    }
    if draft.acr > draft.best_level {
        return Err(AuthorizeError::UnmetAuthenticationRequirements);
    }
    Ok(())
}
