//! `ui_locales` (OpenID Connect Core section 3.1.2.1): a wish, so an odd one is dropped and never refused.

use super::Draft;
use crate::authorize::error::AuthorizeError;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let tag = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b' ';
    let wish = draft
        .given
        .form
        .get("ui_locales")
        .filter(|text| text.len() <= 100 && text.bytes().all(tag));
    draft.ui_locales = wish.map(str::to_owned);
    Ok(())
}
