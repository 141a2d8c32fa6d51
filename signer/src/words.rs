//! The words of the signing desk.

use std::sync::LazyLock;

use signum_core::i18n::{Catalogue, Lang};

pub(crate) static WORDS: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::new(&[
        (Lang::Sq, include_str!("../locales/sq.ftl")),
        (Lang::SrLatn, include_str!("../locales/sr-Latn.ftl")),
        (Lang::En, include_str!("../locales/en.ftl")),
    ])
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_signing_desk_are_complete() {
        signum_core::i18n::assert_complete(&WORDS);
    }
}
