//! Rich Authorization Requests (RFC 9396 section 2): what a client wants to do, in its registered types and the common members.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use signum_core::DbError;
use signum_core::db::Row;

use super::error::AuthorizeError;

/// What people can read and decide about on one page.
const MOST: usize = 10;
const LONGEST: usize = 200;

/// One element of `authorization_details`, with the members of section 2.2 and no others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detail {
    #[serde(rename = "type")]
    pub kind: String,
    /// Resource servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub datatypes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub privileges: Vec<String>,
}

/// The whole parameter; empty when it was not given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Details(Vec<Detail>);

impl Details {
    /// Reads the parameter of a client that may ask for details of `types` (section 5).
    pub(crate) fn parse(text: &str, types: &[String]) -> Result<Self, AuthorizeError> {
        let refuse = |why| Err(AuthorizeError::InvalidAuthorizationDetails(why));
        let Ok(details) = serde_json::from_str::<Self>(text) else {
            return refuse(
                "authorization_details is an array of objects with type and the members of RFC 9396 section 2.2",
            );
        };
        if details.0.is_empty() || details.0.len() > MOST {
            return refuse("authorization_details has 1 to 10 elements");
        }
        for detail in &details.0 {
            if !types.contains(&detail.kind) {
                return refuse("the client is not registered for this type of authorization details");
            }
            if !detail.texts().all(readable) {
                return refuse("a text of authorization_details is empty, too long or not readable");
            }
            if !detail.locations.iter().all(|uri| url::Url::parse(uri).is_ok()) {
                return refuse("locations are absolute URIs");
            }
        }
        Ok(details)
    }

    /// For storing and for tokens; `None` when there are none.
    pub(crate) fn stored(&self) -> Option<String> {
        let text = || serde_json::to_string(self).ok();
        (!self.0.is_empty()).then(text).flatten()
    }

    /// Column `authorization_details` of a row.
    pub(crate) fn of_row(row: &Row) -> Result<Self, DbError> {
        let text: Option<String> = row.get("authorization_details")?;
        let read = text.map(|text| serde_json::from_str(&text)).transpose();
        read.map(Option::unwrap_or_default).map_err(|error| DbError::Column {
            column: "authorization_details".to_owned(),
            problem: error.to_string(),
        })
    }

    /// As a member of a token or an answer; `None` when there are none.
    pub(crate) fn member(&self) -> Option<Json> {
        (!self.0.is_empty()).then(|| json!(self))
    }

    /// What a token request asks for of these (RFC 9396 section 6): elements that were agreed to, as they were; without a wish all.
    pub(crate) fn narrowed(&self, asked: Option<&str>) -> Result<Self, AuthorizeError> {
        let Some(text) = asked else {
            return Ok(self.clone());
        };
        let types: Vec<_> = self.iter().map(|detail| detail.kind.clone()).collect();
        let asked = Self::parse(text, &types)?;
        let agreed = asked.iter().all(|detail| self.0.contains(detail));
        agreed
            .then_some(asked)
            .ok_or(AuthorizeError::InvalidAuthorizationDetails(
                "only details that were agreed to can be asked for",
            ))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Detail> {
        self.0.iter()
    }
}

impl Detail {
    /// Everything of it that is shown.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let lists = [&self.locations, &self.actions, &self.datatypes, &self.privileges];
        let listed = lists.into_iter().flatten();
        listed.chain(&self.identifier).map(String::as_str)
    }
}

/// A person must be able to read what they agree to: no control characters, and none that turn or hide other characters.
fn readable(text: &str) -> bool {
    let hidden = |c: char| matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    !text.trim().is_empty() && text.len() <= LONGEST && !text.chars().any(|c| c.is_control() || hidden(c))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(text: &str) -> Result<Details, AuthorizeError> {
        Details::parse(text, &["land_register".to_owned()])
    }

    #[test]
    fn registered_types_with_the_common_members_are_read_and_stored_as_they_came() {
        let text = r#"[{"type":"land_register","locations":["https://land.example.org/"],"actions":["read"],"identifier":"parcel 7"}]"#;
        assert_eq!(parse(text).unwrap().stored().as_deref(), Some(text));
        assert_eq!(Details::default().stored(), None);
    }

    #[test]
    fn a_token_request_narrows_to_elements_that_were_agreed_to_and_never_widens() {
        let read = r#"{"type":"land_register","actions":["read"]}"#;
        let copy = r#"{"type":"land_register","actions":["copy"]}"#;
        let both = parse(&format!("[{read},{copy}]")).unwrap();
        let one = parse(&format!("[{copy}]")).unwrap();
        assert_eq!(both.narrowed(None).unwrap(), both);
        assert_eq!(both.narrowed(Some(&format!("[{copy}]"))).unwrap(), one);
        for wider in [
            format!("[{read}]"),
            r#"[{"type":"land_register"}]"#.to_owned(),
            r#"[{"type":"land_register","actions":["copy","read"]}]"#.to_owned(),
            r#"[{"type":"payment"}]"#.to_owned(),
            "[]".to_owned(),
        ] {
            assert_eq!(
                one.narrowed(Some(&wider)).unwrap_err().code(),
                "invalid_authorization_details",
                "{wider}"
            );
        }
        assert!(Details::default().narrowed(Some(&format!("[{read}]"))).is_err());
    }

    #[test]
    fn other_types_and_unknown_or_malformed_members_are_refused() {
        let eleven = format!("[{}]", [r#"{"type":"land_register"}"#; 11].join(","));
        let long = format!(r#"[{{"type":"land_register","identifier":"{}"}}]"#, "x".repeat(201));
        for bad in [
            "",
            "[]",
            "{}",
            "[1]",
            r#"{"type":"land_register"}"#,
            r#"[{"actions":["read"]}]"#,
            r#"[{"type":"payment"}]"#,
            r#"[{"type":"land_register","type":"land_register"}]"#,
            r#"[{"type":"land_register","everything":true}]"#,
            r#"[{"type":"land_register","actions":"read"}]"#,
            r#"[{"type":"land_register","actions":[""]}]"#,
            r#"[{"type":"land_register","locations":["/x"]}]"#,
            "[{\"type\":\"land_register\",\"identifier\":\"\\u202egnihton\"}]",
            "[{\"type\":\"land_register\",\"identifier\":\"a\\u0000\"}]",
            &eleven,
            &long,
        ] {
            assert_eq!(parse(bad).unwrap_err().code(), "invalid_authorization_details", "{bad}");
        }
    }
}
