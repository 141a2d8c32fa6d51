//! A registration as JSON (RFC 7591 section 2): what a client says of itself, in and out. Our own members are `profile` and
//! `purpose`; names are in languages by `client_name#sq` (section 2.2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::{Metadata, Profile, Words};

/// Languages of a name without a tag.
const UNTAGGED: &str = "en";
const LONGEST_NAME: usize = 120;
const LONGEST_PURPOSE: usize = 400;
/// Most entries of any list, and longest text anywhere else.
const MOST: usize = 50;
const LONGEST: usize = 2_000;

/// What is registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub profile: Profile,
    pub name: Words,
    pub purpose: Words,
    pub metadata: Metadata,
}

impl Document {
    /// Unknown members are passed over, as RFC 7591 section 2 wants; the error is for the one who wrote it.
    pub fn parse(given: &Map<String, Json>) -> Result<Self, String> {
        let mut given = given.clone();
        // Members that are set by officers alone.
        given.remove("tara_compat");
        let profile = match given.get("profile") {
            None => Profile::default(),
            Some(name) => name
                .as_str()
                .and_then(Profile::parse)
                .ok_or("profile: fapi2, fapi2-ms, gov-basic or native")?,
        };
        bounded(&given)?;
        let (name, purpose) = (
            words(&given, "client_name", LONGEST_NAME)?,
            words(&given, "purpose", LONGEST_PURPOSE)?,
        );
        let says = |member: &str| given.contains_key(member);
        let (method, code) = (says("token_endpoint_auth_method"), says("grant_types"));
        let mut metadata: Metadata = serde_json::from_value(Json::Object(given)).map_err(|error| format!("{error}"))?;
        if !method && let Some(first) = profile.client_auth_methods().first() {
            metadata.token_endpoint_auth_method = *first;
        }
        if code && !metadata.may_use(super::GrantType::AuthorizationCode) {
            metadata.response_types.clear();
        }
        let bound = metadata.dpop_bound_access_tokens || metadata.tls_client_certificate_bound_access_tokens;
        if profile.requires_sender_constraint() && !bound {
            metadata.dpop_bound_access_tokens = true;
        }
        Ok(Self {
            profile,
            name,
            purpose,
            metadata,
        })
    }

    /// The members of a client information response (section 3.2.1) that are metadata.
    pub fn to_json(&self) -> Map<String, Json> {
        let mut out = match json!(self.metadata) {
            Json::Object(members) => members,
            _ => Map::new(),
        };
        out.insert("profile".to_owned(), json!(self.profile.name()));
        for (member, words) in [("client_name", &self.name), ("purpose", &self.purpose)] {
            for (tag, text) in words {
                if tag == UNTAGGED {
                    out.insert(member.to_owned(), json!(text));
                }
                out.insert(format!("{member}#{tag}"), json!(text));
            }
        }
        out
    }
}

/// `member`, and `member#TAG` for the languages that people read here.
fn words(given: &Map<String, Json>, member: &str, longest: usize) -> Result<Words, String> {
    let mut words = Words::new();
    let tagged = ["sq", "sr-Latn", "en"].map(|tag| (format!("{member}#{tag}"), tag));
    for (name, tag) in std::iter::once((member.to_owned(), UNTAGGED)).chain(tagged) {
        let Some(value) = given.get(&name) else { continue };
        let text = value.as_str().map(str::trim).unwrap_or_default();
        if text.is_empty() || text.chars().count() > longest || text.chars().any(hidden) {
            return Err(format!("{name}: 1 to {longest} characters on one line"));
        }
        words.insert(tag.to_owned(), text.to_owned());
    }
    Ok(words)
}

/// Control characters, and those that make a text look like another one (Unicode TR 36 section 2.2: bidirectional overrides).
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

fn bounded(given: &Map<String, Json>) -> Result<(), String> {
    for (name, value) in given {
        let good = match value {
            Json::String(text) => text.len() <= LONGEST && !text.contains('\0'),
            Json::Array(entries) => entries.len() <= MOST && entries.iter().all(short),
            _ => true,
        };
        if !good {
            let name: String = name.chars().filter(char::is_ascii_graphic).take(64).collect();
            return Err(format!("{name}: too long"));
        }
    }
    Ok(())
}

fn short(entry: &Json) -> bool {
    entry
        .as_str()
        .is_none_or(|text| text.len() <= LONGEST && !text.contains('\0'))
}
