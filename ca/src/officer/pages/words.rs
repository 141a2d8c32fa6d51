//! The words of officers' pages.

use std::sync::LazyLock;

use signum_core::i18n::{Catalogue, Lang};

pub(super) static WORDS: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::new(&[
        (Lang::Sq, include_str!("../../../locales/officer/sq.ftl")),
        (Lang::SrLatn, include_str!("../../../locales/officer/sr-Latn.ftl")),
        (Lang::En, include_str!("../../../locales/officer/en.ftl")),
    ])
});

pub(super) fn word(lang: Lang, key: &str) -> String {
    WORDS.text(lang, key)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_words_of_officers_pages_are_complete() {
        signum_core::i18n::assert_complete(&super::WORDS);
    }
}
