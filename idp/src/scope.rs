//! Scopes and the data each one releases (OpenID Connect Core section 5.4).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::people::Person;
use crate::representation::RepresenteeSub;

/// What a relying party may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Openid,
    /// given_name, family_name, name, birthdate.
    Profile,
    /// personal_number; only with a legal basis.
    PersonalNumber,
    /// Whom the person may act for.
    RepresenteeList,
    /// Whoever of them is chosen later, by a refresh.
    #[serde(rename = "representee.*")]
    AnyRepresentee,
    /// This one.
    Representee(RepresenteeSub),
}

/// The scope that names a represented person begins so.
const REPRESENTEE: &str = "representee.";

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
    /// Those with a name of their own; there are as many [`Scope::Representee`] as represented people.
    pub const ALL: [Scope; 5] = [
        Scope::Openid,
        Scope::Profile,
        Scope::PersonalNumber,
        Scope::RepresenteeList,
        Scope::AnyRepresentee,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Openid => "openid",
            Self::Profile => "profile",
            Self::PersonalNumber => "personal_number",
            Self::RepresenteeList => "representee_list",
            Self::AnyRepresentee => "representee.*",
            // Its name goes on with the `sub`.
            Self::Representee(_) => REPRESENTEE,
        }
    }

    /// The claims a scope stands for.
    pub const fn claims(self) -> &'static [&'static str] {
        match self {
            Self::Openid => &["sub"],
            Self::Profile => &["given_name", "family_name", "name", "birthdate"],
            Self::PersonalNumber => &["personal_number"],
            Self::RepresenteeList | Self::AnyRepresentee | Self::Representee(_) => &[],
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let named = Self::ALL.into_iter().find(|scope| scope.name() == text);
        named.or_else(|| {
            let sub = text.strip_prefix(REPRESENTEE)?;
            RepresenteeSub::parse(sub).map(Self::Representee)
        })
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
    /// Whether it is about for whom the person may act.
    pub fn asks_for_representation(&self) -> bool {
        let about = |scope: &Scope| {
            matches!(scope, Scope::RepresenteeList | Scope::AnyRepresentee | Scope::Representee(_))
        };
        self.0.iter().any(about)
    }
    /// Whether `scope` follows from these.
    pub fn allows(&self, scope: Scope) -> bool {
        let chosen = matches!(scope, Scope::Representee(_)) && self.contains(Scope::AnyRepresentee);
        chosen || self.contains(scope)
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
        let names = self.iter().map(|scope| match scope {
            Scope::Representee(sub) => format!("{REPRESENTEE}{sub}"),
            named => named.name().to_owned(),
        });
        f.write_str(&names.collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_representee_is_a_scope_that_reads_back_and_nothing_else_is_one() {
        let text = "openid representee_list representee.* representee.000102030405060708090a0b0c0d0e0f";
        let scopes = Scopes::parse(text);
        assert_eq!(scopes.as_ref().map(ToString::to_string).as_deref(), Some(text));
        let json = serde_json::json!(scopes);
        assert_eq!(serde_json::from_value::<Option<Scopes>>(json).ok().flatten(), scopes);
        for bad in ["representee.", "representee.x", "representee.00", "representee.000102030405060708090A0B0C0D0E0F"] {
            assert!(Scopes::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn unknown_scope_is_not_read() {
        assert!(Scopes::parse("openid email").is_none());
        assert_eq!(
            Scopes::parse("profile openid").map(|s| s.to_string()),
            Some("openid profile".into())
        );
    }
}
