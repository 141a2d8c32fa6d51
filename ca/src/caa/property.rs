//! One CAA record, and what a set of them permits (RFC 8659 section 4, RFC 8657).

use std::fmt;

/// How we check who owns a domain, as `validationmethods` names it (RFC 8657 section 4: `ca-` and a name of the CA's own).
const OUR_METHOD: &str = "ca-desk";
/// The first bit of the flags: whoever does not know the tag must not issue.
const CRITICAL: u8 = 0x80;

/// Flags, tag and value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Property {
    pub flags: u8,
    /// Compared without regard to case.
    pub tag: String,
    pub value: Vec<u8>,
}

impl Property {
    fn is(&self, tag: &str) -> bool {
        self.tag.eq_ignore_ascii_case(tag)
    }

    fn is_known(&self) -> bool {
        ["issue", "issuewild", "iodef"].iter().any(|tag| self.is(tag))
    }

    /// Whether an `issue` or `issuewild` record lets one of `ours` issue. What is malformed lets nobody.
    fn authorises(&self, ours: &[String]) -> bool {
        let value = std::str::from_utf8(&self.value).ok().and_then(IssueValue::read);
        value.is_some_and(|value| {
            let named = value
                .issuer
                .is_some_and(|issuer| ours.iter().any(|name| name.eq_ignore_ascii_case(issuer)));
            named && value.are_parameters_kept()
        })
    }
}

/// As a zone file writes it: `0 issue "pki.example.org"` (RFC 8659 section 4.1.1).
impl fmt::Display for Property {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} \"", self.flags, self.tag)?;
        for octet in &self.value {
            match octet {
                b'"' | b'\\' => write!(out, "\\{}", char::from(*octet))?,
                b' '..=b'~' => write!(out, "{}", char::from(*octet))?,
                _ => write!(out, "\\{octet:03}")?,
            }
        }
        out.write_str("\"")
    }
}

/// Whether the set lets one of `ours` certify a name, or a wildcard below it; else why not.
pub(super) fn permits(set: &[Property], wildcard: bool, ours: &[String]) -> Result<(), &'static str> {
    if set.iter().any(|p| p.flags & CRITICAL != 0 && !p.is_known()) {
        return Err("a critical property that this CA does not know");
    }
    let of = |tag: &str| set.iter().filter(|p| p.is(tag)).collect::<Vec<_>>();
    let wild = of("issuewild");
    // RFC 8659 section 4.3: issuewild counts for wildcards alone, and before issue.
    let deciding = if wildcard && !wild.is_empty() {
        wild
    } else {
        of("issue")
    };
    if deciding.is_empty() || deciding.iter().any(|p| p.authorises(ours)) {
        return Ok(());
    }
    Err("no property names this CA with conditions that it keeps")
}

/// `pki.example.org; validationmethods=ca-desk`.
struct IssueValue<'a> {
    issuer: Option<&'a str>,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> IssueValue<'a> {
    /// The grammar of RFC 8659 section 4.2.
    fn read(text: &'a str) -> Option<Self> {
        let (issuer, parameters) = match text.split_once(';') {
            Some((issuer, parameters)) => (trimmed(issuer), trimmed(parameters)),
            None => (trimmed(text), ""),
        };
        if !issuer.is_empty() && !issuer.split('.').all(is_label) {
            return None;
        }
        let parameters = match parameters {
            "" => Vec::new(),
            some => some.split(';').map(parameter).collect::<Option<_>>()?,
        };
        let issuer = Some(issuer).filter(|issuer| !issuer.is_empty());
        Some(Self { issuer, parameters })
    }

    /// Each parameter restricts whom the owner lets issue. Ours have no accounts (`accounturi`), and what we do not know we do
    /// not keep.
    fn are_parameters_kept(&self) -> bool {
        match self.parameters.as_slice() {
            [] => true,
            [("validationmethods", methods)] => methods.split(',').any(|method| method == OUR_METHOD),
            _ => false,
        }
    }
}

fn parameter(text: &str) -> Option<(&str, &str)> {
    let (tag, value) = text.split_once('=')?;
    let (tag, value) = (trimmed(tag), trimmed(value));
    let fits = is_label(tag) && value.bytes().all(|b| matches!(b, 0x21..=0x3a | 0x3c..=0x7e));
    fits.then_some((tag, value))
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn property(flags: u8, tag: &str, value: &[u8]) -> Property {
        Property {
            flags,
            tag: tag.to_owned(),
            value: value.to_vec(),
        }
    }

    fn permitted(set: &[(u8, &str, &str)], wildcard: bool) -> bool {
        let set: Vec<_> = set
            .iter()
            .map(|(flags, tag, value)| property(*flags, tag, value.as_bytes()))
            .collect();
        permits(&set, wildcard, &["pki.example.org".to_owned()]).is_ok()
    }

    #[test]
    fn whom_an_issue_property_names_may_issue() {
        for value in [
            "pki.example.org",
            " \tpki.example.org ",
            "PKI.Example.ORG",
            "pki.example.org;",
            "pki.example.org ; ",
            "pki.example.org; validationmethods=ca-desk",
            "pki.example.org;validationmethods = dns-01,ca-desk ",
        ] {
            assert!(permitted(&[(0, "issue", value)], false), "{value}");
            assert!(permitted(&[(0, "issue", ";"), (0, "ISSUE", value)], false), "{value}");
        }
    }

    #[test]
    fn nobody_else_may() {
        for value in [
            "",
            ";",
            " ; ",
            "other.example.org",
            "example.org",
            "www.pki.example.org",
            "pki.example.org.",
            "-pki.example.org",
            "pki..example.org",
            "pki.example.org pki.example.org",
            "pki.example.org; validationmethods",
            "pki.example.org; =x",
            "pki.example.org; a=b c",
            "pki.example.org; a-=b",
            "pki.example.org;;",
            "pki.example.org; validationmethods=dns-01",
            "pki.example.org; validationmethods=",
            "pki.example.org; validationmethods=ca-desk; validationmethods=ca-desk",
            "pki.example.org; accounturi=https://pki.example.org/1",
            "pki.example.org; validationmethods=ca-desk; accounturi=https://pki.example.org/1",
            "pki.example.org; of-tomorrow=1",
            "%%%%%",
        ] {
            assert!(!permitted(&[(0, "issue", value)], false), "{value}");
        }
        let broken = property(0, "issue", b"pki.example.org; a=\xff");
        assert!(permits(&[broken], false, &["pki.example.org".to_owned()]).is_err());
    }

    #[test]
    fn a_set_that_restricts_nobody_permits_all() {
        assert!(permitted(&[], false));
        assert!(permitted(&[(0, "iodef", "mailto:security@example.org")], false));
        assert!(permitted(&[(128, "iodef", "mailto:security@example.org")], false));
        assert!(permitted(&[(0, "of-tomorrow", "x")], false));
        assert!(permitted(&[(0, "issuewild", ";")], false), "no wildcard is asked for");
    }

    #[test]
    fn a_critical_property_of_tomorrow_forbids_whatever_stands_beside_it() {
        let set = [(0, "issue", "pki.example.org"), (128, "tbs", "Unknown")];
        assert!(!permitted(&set, false));
        assert!(!permitted(&set[1..], true));
        assert!(permitted(&[(127, "tbs", "reserved bits mean nothing")], false));
    }

    #[test]
    fn issuewild_counts_for_wildcards_alone_and_there_before_issue() {
        let (ours, others) = ("pki.example.org", "other.example.org");
        let set = |wild, plain| [(0, "issuewild", wild), (0, "issue", plain)];
        assert!(permitted(&set(ours, others), true) && !permitted(&set(ours, others), false));
        assert!(!permitted(&set(others, ours), true) && permitted(&set(others, ours), false));
        assert!(permitted(&[(0, "issue", ours)], true) && !permitted(&[(0, "issue", others)], true));
    }

    #[test]
    fn records_are_written_as_in_a_zone_file() {
        assert_eq!(property(0, "issue", b"a\"\\b").to_string(), r#"0 issue "a\"\\b""#);
        assert_eq!(property(128, "x", &[7, 0xff]).to_string(), r#"128 x "\007\255""#);
    }
}
