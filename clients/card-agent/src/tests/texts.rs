//! The languages say the same things.

use crate::words::{Words, filled};

fn all() -> [&'static Words; 4] {
    ["sq", "sr", "sr-Cyrl", "en"].map(|language| Words::of(language).unwrap())
}

/// Every text of a table, by its debug form: the tables have one type, so only the contents can differ.
fn placeholders(words: &Words) -> Vec<String> {
    let mut found: Vec<_> = format!("{words:?}")
        .split(['{', '}'])
        .skip(1)
        .filter(|name| !name.is_empty() && name.chars().all(|letter| letter.is_ascii_lowercase()))
        .map(str::to_owned)
        .collect();
    found.sort();
    found
}

#[test]
fn every_language_fills_in_the_same_names() {
    let [first, rest @ ..] = all();
    for words in rest {
        assert_eq!(placeholders(words), placeholders(first), "{}", words.go);
    }
}

#[test]
fn languages_are_chosen_by_their_tags() {
    assert_eq!(Words::of("sq_XK.UTF-8").unwrap().cancel, "Anulo");
    assert_eq!(Words::of("sr-Latn").unwrap().cancel, "Otkaži");
    assert_eq!(Words::of("sr_RS@cyrl").unwrap().cancel, "Откажи");
    assert_eq!(Words::of("en-GB").unwrap().cancel, "Cancel");
    assert!(Words::of("de").is_none() && Words::of("C").is_none());
}

#[test]
fn what_is_filled_in_is_not_filled_again() {
    assert_eq!(filled("{a} and {b}", &[("a", "{b}"), ("b", "2")]), "{b} and 2");
    assert_eq!(filled("{unknown}!", &[]), "!");
}
