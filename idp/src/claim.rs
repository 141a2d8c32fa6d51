//! Claims about a person (OpenID Connect Core section 5.1), one by one: what a scope or the `claims` parameter asks for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use signum_core::DbError;
use signum_core::db::Row;

use crate::clients::Client;
use crate::people::Person;

/// One claim about a person. The order is the one in which people expect to read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    GivenName,
    FamilyName,
    /// Given and family name together.
    Name,
    Birthdate,
    /// Only with a recorded legal basis.
    PersonalNumber,
}

/// A set of claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Claims(BTreeSet<Claim>);

/// One datum about a person under its claim name; the consent page shows it as it will be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Datum {
    pub claim: &'static str,
    pub value: String,
}

impl Claim {
    pub const ALL: [Claim; 5] = [
        Claim::GivenName,
        Claim::FamilyName,
        Claim::Name,
        Claim::Birthdate,
        Claim::PersonalNumber,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::GivenName => "given_name",
            Self::FamilyName => "family_name",
            Self::Name => "name",
            Self::Birthdate => "birthdate",
            Self::PersonalNumber => "personal_number",
        }
    }

    /// `None` for a claim that we do not have.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|claim| claim.name() == name)
    }

    fn of(self, person: &Person) -> String {
        match self {
            Self::GivenName => person.given_name.clone(),
            Self::FamilyName => person.family_name.clone(),
            Self::Name => format!("{} {}", person.given_name, person.family_name),
            Self::Birthdate => person.birthdate.clone(),
            Self::PersonalNumber => person.personal_number.clone(),
        }
    }
}

impl Claims {
    /// Reads a stored list of names; `None` when one is unknown.
    pub fn parse(text: &str) -> Option<Self> {
        text.split(' ')
            .filter(|name| !name.is_empty())
            .map(Claim::parse)
            .collect::<Option<BTreeSet<_>>>()
            .map(Self)
    }

    /// This column of a row; `NULL` is none.
    pub(crate) fn of_row(row: &Row, column: &'static str) -> Result<Self, DbError> {
        let text: Option<String> = row.get(column)?;
        Self::parse(text.as_deref().unwrap_or_default()).ok_or_else(|| DbError::Column {
            column: column.to_owned(),
            problem: "an unknown claim".to_owned(),
        })
    }

    /// What of it `client` may be given today: the personal number only while its legal basis is on record, whatever was agreed.
    pub(crate) fn allowed_to(&self, client: &Client) -> Claims {
        let allowed = |claim: &Claim| *claim != Claim::PersonalNumber || client.legal_basis_personal_number;
        self.iter().filter(allowed).collect()
    }

    pub fn insert(&mut self, claim: Claim) {
        self.0.insert(claim);
    }
    pub fn contains(&self, claim: Claim) -> bool {
        self.0.contains(&claim)
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn covers(&self, wanted: &Claims) -> bool {
        wanted.0.is_subset(&self.0)
    }
    pub fn union(&self, other: &Claims) -> Claims {
        Self(self.0.union(&other.0).copied().collect())
    }
    pub fn minus(&self, other: &Claims) -> Claims {
        Self(self.0.difference(&other.0).copied().collect())
    }
    pub fn iter(&self) -> impl Iterator<Item = Claim> {
        self.0.iter().copied()
    }

    /// What people are told of: a composed name is left out beside its parts.
    pub fn shown(&self) -> impl Iterator<Item = Claim> {
        let parts = self.contains(Claim::GivenName) && self.contains(Claim::FamilyName);
        self.iter().filter(move |claim| !(parts && *claim == Claim::Name))
    }

    /// What these claims release about `person`, one line a datum.
    pub fn data(&self, person: &Person) -> Vec<Datum> {
        self.shown()
            .map(|claim| Datum {
                claim: claim.name(),
                value: claim.of(person),
            })
            .collect()
    }

    /// The same as members of a userinfo answer.
    pub fn values(&self, person: &Person) -> Map<String, Json> {
        self.iter()
            .map(|claim| (claim.name().to_owned(), json!(claim.of(person))))
            .collect()
    }
}

impl FromIterator<Claim> for Claims {
    fn from_iter<I: IntoIterator<Item = Claim>>(claims: I) -> Self {
        Self(claims.into_iter().collect())
    }
}

impl std::fmt::Display for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.iter().map(Claim::name).collect();
        f.write_str(&names.join(" "))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_stored_list_is_read_back_and_an_unknown_claim_is_not_read() {
        let claims: Claims = [Claim::PersonalNumber, Claim::Name].into_iter().collect();
        assert_eq!(Claims::parse(&claims.to_string()), Some(claims));
        assert_eq!(Claims::parse(""), Some(Claims::default()));
        assert_eq!(Claims::parse("name shoe_size"), None);
    }
}
