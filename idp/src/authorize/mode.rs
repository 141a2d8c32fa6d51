//! How an answer goes to the client (OAuth 2.0 Multiple Response Type Encoding Practices, Form Post Response Mode, JARM).

use serde::{Deserialize, Serialize};

/// A response mode of response_type=code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ResponseMode {
    #[default]
    #[serde(rename = "query")]
    Query,
    #[serde(rename = "form_post")]
    FormPost,
    /// JARM section 2.3.1; `jwt` means this for a code (section 2.3.4).
    #[serde(rename = "query.jwt")]
    QueryJwt,
    /// JARM section 2.3.3.
    #[serde(rename = "form_post.jwt")]
    FormPostJwt,
}

impl ResponseMode {
    /// As discovery lists them.
    pub(crate) const NAMES: [&'static str; 5] = ["query", "form_post", "query.jwt", "form_post.jwt", "jwt"];

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "query" => Some(Self::Query),
            "form_post" => Some(Self::FormPost),
            "query.jwt" | "jwt" => Some(Self::QueryJwt),
            "form_post.jwt" => Some(Self::FormPostJwt),
            _ => None,
        }
    }

    /// Whether the answer is a JWT of ours.
    pub(crate) fn signed(self) -> bool {
        matches!(self, Self::QueryJwt | Self::FormPostJwt)
    }

    /// Whether the browser posts the answer.
    pub(crate) fn posted(self) -> bool {
        matches!(self, Self::FormPost | Self::FormPostJwt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_mode_is_read_and_fragments_are_not() {
        assert!(
            ResponseMode::NAMES
                .iter()
                .all(|name| ResponseMode::parse(name).is_some())
        );
        for other in ["fragment", "fragment.jwt", "web_message", "Query", ""] {
            assert_eq!(ResponseMode::parse(other), None, "{other}");
        }
    }
}
