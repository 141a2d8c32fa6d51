//! What people read, in Albanian, Serbian (both scripts) and English. The languages' tables are equal in shape by type.

mod albanian;
mod english;
mod serbian_cyrillic;
mod serbian_latin;

/// All texts of one language; names in braces are filled in.
#[derive(Debug)]
pub struct Words {
    pub title: &'static str,
    pub go: &'static str,
    pub cancel: &'static str,
    /// origin, name
    pub log_in: &'static str,
    /// origin, name
    pub show: &'static str,
    /// origin, name, function, digest
    pub sign: &'static str,
    /// left
    pub tries: &'static str,
    /// secret, fewest, most
    pub prompt: &'static str,
    /// secret
    pub wrong: &'static str,
    /// secret, fewest, most
    pub form: &'static str,
    /// secret
    pub last_try: &'static str,
    /// secret
    pub blocked: &'static str,
    pub insert: &'static str,
    /// name, number
    pub which: &'static str,
    pub doctor: Doctor,
}

/// What `card-agent doctor` prints: what is there, what is missing, how to mend it.
#[derive(Debug)]
pub struct Doctor {
    pub service: &'static str,
    pub no_service: &'static str,
    /// name
    pub reader: &'static str,
    pub no_reader: &'static str,
    /// name, number
    pub card: &'static str,
    pub no_card: &'static str,
    /// answer
    pub unknown_card: &'static str,
    /// why
    pub unreadable: &'static str,
    /// secret, left
    pub tries: &'static str,
    /// secret
    pub blocked: &'static str,
    pub window: &'static str,
    pub no_window: &'static str,
    /// browser
    pub browser: &'static str,
    /// browser
    pub stale: &'static str,
    pub no_browser: &'static str,
}

impl Words {
    /// Those of the language (BCP 47), else of the environment, else English.
    pub fn chosen(language: Option<&str>) -> &'static Self {
        let environment = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        language
            .and_then(Self::of)
            .or_else(|| environment.as_deref().and_then(Self::of))
            .unwrap_or(&english::WORDS)
    }

    /// Those of the language, if it is one of ours.
    pub fn of(language: &str) -> Option<&'static Self> {
        let language = language.to_ascii_lowercase().replace('_', "-");
        let mut parts = language.split(['-', '.', '@']);
        match parts.next() {
            Some("sq") => Some(&albanian::WORDS),
            Some("sr") if language.contains("cyrl") => Some(&serbian_cyrillic::WORDS),
            Some("sr") => Some(&serbian_latin::WORDS),
            Some("en") => Some(&english::WORDS),
            _ => None,
        }
    }
}

/// The text with its names filled in. What is filled in is never filled again.
pub fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        result.push_str(before);
        let (name, next) = after.split_once('}').unwrap_or((after, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        result.push_str(value.map_or("", |(_, value)| value));
        rest = next;
    }
    result.push_str(rest);
    result
}
