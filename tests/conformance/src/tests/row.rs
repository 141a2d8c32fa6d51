//! A row: what is refused, what asks for it, how a right request is spoilt, and with which errors it may be refused.

use super::attempt::{Attempt, Said};
use super::party::Party;

pub type Spoil = fn(&mut Attempt, &Party<'_>);

pub struct Row {
    /// The conformance suite's module, a CVE, or the section of a specification.
    pub source: &'static str,
    pub refuses: &'static str,
    pub spoil: Spoil,
    pub errors: &'static [&'static str],
}

pub const fn row(source: &'static str, refuses: &'static str, errors: &'static [&'static str], spoil: Spoil) -> Row {
    Row {
        source,
        refuses,
        spoil,
        errors,
    }
}

pub const CLIENT: &[&str] = &["invalid_client", "invalid_request"];
pub const REQUEST: &[&str] = &["invalid_request"];
pub const PROOF: &[&str] = &["invalid_dpop_proof"];
pub const GRANT: &[&str] = &["invalid_grant"];
pub const TOKEN: &[&str] = &["invalid_token", "invalid_dpop_proof"];

/// Refused as RFC 6749 section 5.2 wants it: status, code, a description in ASCII without line ends, a challenge with 401.
pub fn refused(said: &Said, errors: &[&str]) -> bool {
    let description = said.json()["error_description"].as_str().unwrap_or_default().to_owned();
    let plain = description.bytes().all(|octet| (0x20..0x7f).contains(&octet));
    let challenged = said.status == 400 || (said.status == 401 && !said.challenge.is_empty());
    challenged && plain && errors.contains(&said.error.as_str())
}

/// Every row against its own copy of a right request; all that went wrong, at once.
pub async fn all_refused(party: &Party<'_>, rows: &[Row], right: impl Fn() -> Attempt) {
    let mut wrong = Vec::new();
    for row in rows {
        let mut attempt = right();
        (row.spoil)(&mut attempt, party);
        let said = party.send(&attempt).await;
        if !refused(&said, row.errors) {
            wrong.push(format!("{} ({}): {said:?}", row.refuses, row.source));
        }
    }
    assert!(wrong.is_empty(), "not refused as they should be:\n{}", wrong.join("\n"));
}
