//! Words: four written languages, Fluent catalogues, the reader's choice (BCP 47, RFC 9110 section 12.5.4).
//!
//! A service keeps its words in `locales/{sq,sr-Latn,en}.ftl`; Serbian Cyrillic is made from the Latin text.
//! ```
//! use std::sync::LazyLock;
//! use signum_core::i18n::{Catalogue, Lang};
//! static WORDS: LazyLock<Catalogue> = LazyLock::new(|| {
//!     Catalogue::new(&[
//!         (Lang::Sq, "greeting = Mirë se erdhët, { $name }"), // include_str!("../locales/sq.ftl")
//!         (Lang::SrLatn, "greeting = Dobro došli, { $name }"),
//!         (Lang::En, "greeting = Welcome, { $name }"),
//!     ])
//! });
//! let text = WORDS.text_with(Lang::SrCyrl, "greeting", &[("name", "Arta".into())]);
//! assert_eq!(text, "Добро дошли, Arta");
//! ```
//! In a handler the extractor [`Locale`] gives the language; in a test [`assert_complete`] keeps the catalogue whole.

mod catalogue;
mod cyrillic;
mod lang;
mod locale;

use std::sync::LazyLock;

pub use catalogue::{Catalogue, Value, assert_complete};
pub use cyrillic::from_latin;
pub use lang::Lang;
pub use locale::{LANG_COOKIE, Locale, local_path, router};

/// The words of the page shell and of the answers that the kit itself gives.
pub static SHELL: LazyLock<Catalogue> = LazyLock::new(|| {
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
    fn the_words_of_the_shell_are_complete() {
        assert_complete(&SHELL);
    }
}
