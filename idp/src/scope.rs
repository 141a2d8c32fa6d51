//! Scopes and the data each one releases (OpenID Connect Core section 5.4).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::people::Person;

/// What a relying party may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Openid,
    /// given_name, family_name, name, birthdate.
    Profile,
    /// personal_number; only with a legal basis.
    PersonalNumber,
}

/// A set of scopes; always holds `openid` when it came from a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

/// One datum about a person under its claim name; the consent page shows it as it will be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Datum {
    pub claim: &'static str,
    pub value: String,
}

impl Scope {
    pub const ALL: [Scope; 3] = [Scope::Openid, Scope::Profile, Scope::PersonalNumber];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Openid => "openid",
            Self::Profile => "profile",
            Self::PersonalNumber => "personal_number",
        }
    }

    /// The claims a scope stands for.
    pub const fn claims(self) -> &'static [&'static str] {
        match self {
            Self::Openid => &["sub"],
            Self::Profile => &["given_name", "family_name", "name", "birthdate"],
            Self::PersonalNumber => &["personal_number"],
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == text)
    }
}

impl Scopes {
    /// Reads a stored list; `None` when one is unknown.
    pub fn parse(text: &str) -> Option<Self> {
        text.split(' ')
            .map(Scope::parse)
            .collect::<Option<BTreeSet<_>>>()
            .map(Self)
    }

    /// What a client asks for, as far as it is known here.
    pub(crate) fn known(text: &str) -> Self {
        Self(text.split(' ').filter_map(Scope::parse).collect())
    }

    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }
    pub fn covers(&self, wanted: &Scopes) -> bool {
        wanted.0.is_subset(&self.0)
    }
    pub fn union(&self, other: &Scopes) -> Scopes {
        Self(self.0.union(&other.0).copied().collect())
    }
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// What these scopes release about `person`, in the order in which people expect it.
    pub fn data(&self, person: &Person) -> Vec<Datum> {
        let datum = |claim, value: &str| Datum {
            claim,
            value: value.to_owned(),
        };
        let mut out = Vec::new();
        if self.contains(Scope::Profile) {
            out.push(datum("given_name", &person.given_name));
            out.push(datum("family_name", &person.family_name));
            out.push(datum("birthdate", &person.birthdate));
        }
        if self.contains(Scope::PersonalNumber) {
            out.push(datum("personal_number", &person.personal_number));
        }
        out
    }

    /// The same as claims, with the composed `name`.
    pub fn claims(&self, person: &Person) -> Map<String, Json> {
        let mut claims: Map<String, Json> = self
            .data(person)
            .into_iter()
            .map(|d| (d.claim.to_owned(), json!(d.value)))
            .collect();
        if self.contains(Scope::Profile) {
            let name = format!("{} {}", person.given_name, person.family_name);
            claims.insert("name".to_owned(), json!(name));
        }
        claims
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.iter().map(Scope::name).collect();
        f.write_str(&names.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_scope_is_not_read() {
        assert!(Scopes::parse("openid email").is_none());
        assert_eq!(
            Scopes::parse("profile openid").map(|s| s.to_string()),
            Some("openid profile".into())
        );
    }
}
