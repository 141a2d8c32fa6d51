//! The words of ceremonies, in every language of the platform.

use std::sync::LazyLock;

use signum_core::i18n::{Catalogue, Lang};

pub(super) static WORDS: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::new(&[
        (Lang::Sq, include_str!("../../locales/ceremony/sq.ftl")),
        (Lang::SrLatn, include_str!("../../locales/ceremony/sr-Latn.ftl")),
        (Lang::En, include_str!("../../locales/ceremony/en.ftl")),
    ])
});

/// A sentence with its variables, all of them texts.
pub(super) fn say(lang: Lang, key: &str, values: &[(&str, String)]) -> String {
    let values: Vec<_> = values.iter().map(|(name, text)| (*name, text.clone().into())).collect();
    WORDS.text_with(lang, key, &values)
}

#[cfg(test)]
mod tests {
    use signum_core::i18n::assert_complete;

    #[test]
    fn the_words_of_ceremonies_are_complete() {
        assert_complete(&super::WORDS);
    }
}
