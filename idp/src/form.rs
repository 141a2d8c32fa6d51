//! Parameters of a query or form (RFC 6749 section 3.1): each at most once, empty means absent, a bounded number.

use std::collections::HashSet;

/// Several times what any request of OAuth or OpenID Connect has; the rest is not read.
const MOST: usize = 64;

/// Those that may stand more than once (RFC 8707 section 2).
const REPEATED: [&str; 1] = ["resource"];

/// Decoded `application/x-www-form-urlencoded` parameters, in order.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    parameters: Vec<(String, String)>,
    flaw: Option<&'static str>,
}

impl Form {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        Self::read(url::form_urlencoded::parse(bytes).into_owned())
    }

    /// The same rules for parameters that came another way (RFC 9101).
    pub(crate) fn of(parameters: Vec<(String, String)>) -> Self {
        Self::read(parameters.into_iter())
    }

    fn read(mut all: impl Iterator<Item = (String, String)>) -> Self {
        let parameters: Vec<_> = all.by_ref().take(MOST).collect();
        let flaw = if all.next().is_some() {
            Some("there are too many parameters")
        } else {
            flaw(&parameters)
        };
        Self { parameters, flaw }
    }

    /// The one value of `name`; `None` when absent, empty or repeated.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self
            .parameters
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| v.as_str());
        match (values.next(), values.next()) {
            (Some(value), None) if !value.is_empty() => Some(value),
            _ => None,
        }
    }

    /// Every value of a parameter that may be repeated.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let values = self.parameters.iter().filter(|(n, v)| n == name && !v.is_empty());
        values.map(|(_, value)| value.clone()).collect()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|(n, _)| n == name)
    }

    /// Why the whole request is refused (`invalid_request`), if it is: a repeated parameter, too many, or control characters,
    /// which no parameter of ours may have (RFC 6749 appendix A).
    pub(crate) fn flaw(&self) -> Option<&'static str> {
        self.flaw
    }

    /// The same as a query, encoded anew: whatever octets the form had, these may stand in an address.
    pub(crate) fn to_query(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.parameters)
            .finish()
    }
}

fn flaw(parameters: &[(String, String)]) -> Option<&'static str> {
    let mut names = HashSet::new();
    let once = |name: &str| !REPEATED.contains(&name);
    if !parameters
        .iter()
        .all(|(name, _)| names.insert(name.as_str()) || !once(name))
    {
        return Some("a parameter is repeated");
    }
    let control = |text: &str| text.chars().any(char::is_control);
    parameters
        .iter()
        .any(|(name, value)| control(name) || control(value))
        .then_some("a parameter has a control character")
}

/// RFC 6749 appendix A VSCHAR: printable ASCII.
pub(crate) fn printable(text: &str) -> bool {
    text.bytes().all(|b| (0x20..=0x7e).contains(&b))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn many(count: usize) -> String {
        let pairs: Vec<_> = (0..count).map(|n| format!("p{n}=")).collect();
        pairs.join("&")
    }

    #[test]
    fn a_form_of_a_hundred_thousand_parameters_is_refused_and_hardly_read() {
        assert_eq!(Form::parse(many(MOST).as_bytes()).flaw(), None);
        assert!(
            Form::parse(many(MOST + 1).as_bytes())
                .flaw()
                .unwrap()
                .contains("too many")
        );
        let flood = Form::parse(many(100_000).as_bytes());
        assert!(flood.flaw().unwrap().contains("too many"));
        assert_eq!(flood.parameters.len(), MOST);
    }

    #[test]
    fn a_repeated_parameter_or_a_control_character_is_a_flaw() {
        for (text, problem) in [
            ("a=1&b=2&a=3", "repeated"),
            ("a=x%00y", "control"),
            ("a%0d=x", "control"),
            ("a=\x01", "control"),
        ] {
            assert!(
                Form::parse(text.as_bytes()).flaw().unwrap().contains(problem),
                "{text:?}"
            );
        }
        assert_eq!(Form::parse("a=\u{eb}+%C5%A1&b=".as_bytes()).flaw(), None);
    }

    #[test]
    fn a_form_becomes_a_query_of_ascii_alone() {
        assert_eq!(
            Form::parse(b"state=x y&a=\x01&b=%26").to_query(),
            "state=x+y&a=%01&b=%26"
        );
    }
}
