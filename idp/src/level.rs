//! Levels of assurance (eIDAS Article 8; Implementing Regulation (EU) 2015/1502) as `acr` values.

use serde::{Deserialize, Serialize};

/// How sure a log-in is; ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Low,
    Substantial,
    High,
}

impl Level {
    /// The `acr` value we put into tokens and store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Substantial => "substantial",
            Self::High => "high",
        }
    }

    /// Reads our short name or the eIDAS URI.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("http://eidas.europa.eu/LoA/").unwrap_or(text) {
            "low" => Some(Self::Low),
            "substantial" => Some(Self::Substantial),
            "high" => Some(Self::High),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_and_read_in_both_forms() {
        assert!(Level::Low < Level::Substantial && Level::Substantial < Level::High);
        assert_eq!(Level::parse("http://eidas.europa.eu/LoA/high"), Some(Level::High));
        assert_eq!(Level::parse("substantial"), Some(Level::Substantial));
        assert_eq!(Level::parse("HIGH"), None);
    }
}
