//! Scopes and the data each one releases (OpenID Connect Core section 5.4).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::claim::{Claim, Claims};
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
    /// Refresh tokens that outlive the page (OpenID Connect Core section 11); says nothing about the person.
    OfflineAccess,
}

/// The scope that names a represented person begins so.
const REPRESENTEE: &str = "representee.";

/// A set of scopes; always holds `openid` when it came from a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scope {
    /// Those with a name of their own; there are as many [`Scope::Representee`] as represented people.
    pub const ALL: [Scope; 6] = [
        Scope::Openid,
        Scope::Profile,
        Scope::PersonalNumber,
        Scope::RepresenteeList,
        Scope::AnyRepresentee,
        Scope::OfflineAccess,
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
            Self::OfflineAccess => "offline_access",
        }
    }

    /// The claims about the person that a scope stands for.
    pub const fn claims(self) -> &'static [Claim] {
        match self {
            Self::Openid | Self::OfflineAccess => &[],
            Self::Profile => &[Claim::GivenName, Claim::FamilyName, Claim::Name, Claim::Birthdate],
            Self::PersonalNumber => &[Claim::PersonalNumber],
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

    /// What a client asks for; the first unknown word otherwise (RFC 6749 section 3.3). White space may be doubled.
    pub(crate) fn asked(text: &str) -> Result<Self, &str> {
        let words = text.split(' ').filter(|word| !word.is_empty());
        words
            .map(|word| Scope::parse(word).ok_or(word))
            .collect::<Result<BTreeSet<_>, _>>()
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
            matches!(
                scope,
                Scope::RepresenteeList | Scope::AnyRepresentee | Scope::Representee(_)
            )
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

    /// The claims about a person that these scopes stand for.
    pub fn claims(&self) -> Claims {
        self.iter().flat_map(Scope::claims).copied().collect()
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
        for bad in [
            "representee.",
            "representee.x",
            "representee.00",
            "representee.000102030405060708090A0B0C0D0E0F",
        ] {
            assert!(Scopes::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn unknown_scope_is_not_read() {
        assert!(Scopes::parse("openid email").is_none());
        assert_eq!(Scopes::asked("openid  email"), Err("email"));
        assert_eq!(
            Scopes::parse("profile openid").map(|s| s.to_string()),
            Some("openid profile".into())
        );
    }
}
