//! `acr_values` (OpenID Connect Core section 3.1.2.1, RFC 9470 section 4; eIDAS Article 8) and the `acr` of `claims` (section
//! 5.5.1.1). One level is a demand: it is reached, or the request fails. A list is a wish, taken from `gov-basic` alone: the
//! first that can be reached counts, and the ID token's `acr` says what was.

use super::Draft;
use crate::authorize::error::AuthorizeError;
use crate::clients::Profile;
use crate::level::Level;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let best = draft.given.best_level;
    let registered = &draft.given.client.metadata.default_acr_values;
    let registered: Vec<_> = registered.iter().filter_map(|word| Level::parse(word)).collect();
    draft.acr = reachable(&registered, best).unwrap_or(draft.acr);
    if let Some(text) = draft.given.form.get("acr_values") {
        let words: Vec<_> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let levels = words.iter().filter_map(|word| Level::parse(word)).collect::<Vec<_>>();
        match (words.as_slice(), levels.as_slice()) {
            ([_], [level]) => draft.acr = *level,
            ([_], []) | ([], _) => return Err(AuthorizeError::InvalidRequest("unknown level in acr_values")),
            _ if draft.given.client.profile != Profile::GovBasic => {
                return Err(AuthorizeError::InvalidRequest("acr_values takes one level"));
            }
            (_, []) => {}
            (_, [dearest, ..]) => draft.acr = reachable(&levels, best).unwrap_or(*dearest),
        }
    }
    if let Some(wish) = &draft.wishes.acr {
        match reachable(&wish.levels, best) {
            Some(level) => draft.acr = level,
            None if wish.essential => return Err(AuthorizeError::UnmetAuthenticationRequirements),
            None => {}
        }
    }
    if draft.acr > best {
        return Err(AuthorizeError::UnmetAuthenticationRequirements);
    }
    Ok(())
}

fn reachable(levels: &[Level], best: Level) -> Option<Level> {
    levels.iter().copied().find(|level| *level <= best)
}
