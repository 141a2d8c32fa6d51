//! The provider's words, and a client's words in the reader's language.

use std::sync::LazyLock;

use signum_core::i18n::{Catalogue, Lang, from_latin};

use crate::claim::Datum;
use crate::clients::Words;
use crate::people;

pub(super) static WORDS: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::new(&[
        (Lang::Sq, include_str!("../../locales/sq.ftl")),
        (Lang::Sq, include_str!("../../locales/session.sq.ftl")),
        (Lang::Sq, include_str!("../../locales/device.sq.ftl")),
        (Lang::Sq, include_str!("../../locales/card.sq.ftl")),
        (Lang::Sq, include_str!("../../locales/passkeys.sq.ftl")),
        (Lang::SrLatn, include_str!("../../locales/sr-Latn.ftl")),
        (Lang::SrLatn, include_str!("../../locales/session.sr-Latn.ftl")),
        (Lang::SrLatn, include_str!("../../locales/device.sr-Latn.ftl")),
        (Lang::SrLatn, include_str!("../../locales/card.sr-Latn.ftl")),
        (Lang::SrLatn, include_str!("../../locales/passkeys.sr-Latn.ftl")),
        (Lang::En, include_str!("../../locales/en.ftl")),
        (Lang::En, include_str!("../../locales/session.en.ftl")),
        (Lang::En, include_str!("../../locales/device.en.ftl")),
        (Lang::En, include_str!("../../locales/card.en.ftl")),
        (Lang::En, include_str!("../../locales/passkeys.en.ftl")),
    ])
});

/// The words of `lang`; Serbian Cyrillic is made from the Latin text.
pub(super) fn in_language(words: &Words, lang: Lang) -> String {
    let text = |tag: &str| words.get(tag).cloned();
    match lang {
        Lang::SrCyrl => text("sr-Cyrl").or_else(|| text("sr-Latn").map(|latin| from_latin(&latin))),
        other => text(other.tag()),
    }
    .unwrap_or_default()
}

/// A datum as people read it: a date in words, everything else as it is sent.
pub(super) fn shown(lang: Lang, datum: &Datum) -> String {
    let date = (datum.claim == "birthdate")
        .then(|| people::date(&datum.value))
        .flatten();
    date.map_or_else(|| datum.value.clone(), |date| lang.date(date))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_complete_in_every_language() {
        signum_core::i18n::assert_complete(&WORDS);
    }
}
