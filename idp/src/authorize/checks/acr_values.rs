//! `acr_values`: levels of assurance, the dearest first (OpenID Connect Core section 3.1.2.1; eIDAS Article 8). A voluntary wish:
//! what is unknown or beyond us is passed over, and the ID token's `acr` says what was reached.

use super::Draft;
use crate::authorize::error::AuthorizeError;
use crate::level::Level;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let wishes = draft.form.get("acr_values").unwrap_or_default().split(' ');
    let best = draft.best_level;
    if let Some(level) = wishes.filter_map(Level::parse).find(|level| *level <= best) {
        draft.acr = level;
    }
    if draft.acr > draft.best_level {
        return Err(AuthorizeError::UnmetAuthenticationRequirements);
    }
    Ok(())
}
