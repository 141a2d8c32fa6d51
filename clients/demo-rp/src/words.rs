//! What the pages say, in four languages; the compiler sees to it that no language lacks a sentence.

mod albanian;
mod english;
mod serbian_cyrillic;
mod serbian_latin;

/// All words of one language.
pub(crate) struct Words {
    /// BCP 47 tag.
    pub(crate) tag: &'static str,
    /// The language's name in itself.
    pub(crate) own_name: &'static str,
    pub(crate) municipality: &'static str,
    pub(crate) service: &'static str,
    pub(crate) demonstration: &'static str,
    pub(crate) skip: &'static str,
    pub(crate) choose_language: &'static str,
    pub(crate) logged_out: &'static str,
    pub(crate) try_again: &'static str,
    pub(crate) go_home: &'static str,
    pub(crate) home: Home,
    pub(crate) me: Me,
    pub(crate) failures: Failures,
}

/// Words of the first page.
pub(crate) struct Home {
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
    pub(crate) log_in: &'static str,
    pub(crate) my_page: &'static str,
    pub(crate) asked: &'static str,
    /// What is asked for, and why.
    pub(crate) items: [(&'static str, &'static str); 3],
    pub(crate) not_asked: &'static str,
}

/// Words of the person's own page.
pub(crate) struct Me {
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
    pub(crate) name: &'static str,
    pub(crate) birth_date: &'static str,
    pub(crate) level: &'static str,
    pub(crate) low: &'static str,
    pub(crate) substantial: &'static str,
    pub(crate) high: &'static str,
    pub(crate) not_said: &'static str,
    pub(crate) since: &'static str,
    pub(crate) log_out: &'static str,
    pub(crate) checked: &'static str,
    pub(crate) checks: [&'static str; 4],
    pub(crate) technical: &'static str,
}

/// Title and text of what can go wrong.
pub(crate) struct Failures {
    pub(crate) access_denied: (&'static str, &'static str),
    pub(crate) not_begun_here: (&'static str, &'static str),
    pub(crate) unverified: (&'static str, &'static str),
    pub(crate) refused: (&'static str, &'static str),
    pub(crate) provider_away: (&'static str, &'static str),
    pub(crate) busy: (&'static str, &'static str),
    pub(crate) only_here: (&'static str, &'static str),
    pub(crate) not_found: (&'static str, &'static str),
}

const ALL: [&Words; 4] = [
    &albanian::WORDS,
    &serbian_latin::WORDS,
    &serbian_cyrillic::WORDS,
    &english::WORDS,
];

impl Words {
    /// Every language, in the order in which pages offer them.
    pub(crate) fn all() -> [&'static Words; 4] {
        ALL
    }

    /// The language of somebody who has not said any.
    pub(crate) fn default_language() -> &'static Words {
        &albanian::WORDS
    }

    /// The words for a BCP 47 tag; Serbian without a script is Latin.
    pub(crate) fn of(tag: &str) -> Option<&'static Words> {
        let tag = tag.to_ascii_lowercase();
        let language = tag.split('-').next()?;
        match language {
            "sr" if tag.split('-').any(|part| part == "cyrl") => Some(&serbian_cyrillic::WORDS),
            "sr" => Some(&serbian_latin::WORDS),
            _ => ALL.into_iter().find(|words| words.tag == language),
        }
    }
}
