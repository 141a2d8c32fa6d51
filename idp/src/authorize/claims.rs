//! The `claims` parameter (OpenID Connect Core section 5.5): claims one by one, a level, a person.

use serde_json::{Map, Value as Json};

use super::error::AuthorizeError;
use crate::claim::{Claim, Claims};
use crate::jose::strict_json;
use crate::level::Level;

/// What a `claims` parameter asks for, as far as we know of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// About the person, for the userinfo answer.
    pub claims: Claims,
    /// About the person, for the ID token.
    pub id_token_claims: Claims,
    pub acr: Option<AcrWish>,
    /// A positive answer may be about this person alone (section 3.1.2.2).
    pub subject: Option<String>,
}

/// `acr` with `value` or `values` (section 5.5.1.1), dearest first; unknown levels are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AcrWish {
    /// Without one of them the request fails.
    pub essential: bool,
    pub levels: Vec<Level>,
}

const MALFORMED: AuthorizeError =
    AuthorizeError::InvalidRequest("claims is not as OpenID Connect Core section 5.5 has it");

impl Wishes {
    pub(crate) fn parse(text: &str) -> Result<Self, AuthorizeError> {
        let Some(Json::Object(request)) = strict_json::value(text.as_bytes()) else {
            return Err(MALFORMED);
        };
        let mut wishes = Self::default();
        for (to, members) in &request {
            // Members other than these two are for other specifications.
            if to == "userinfo" || to == "id_token" {
                let members = members.as_object().ok_or(MALFORMED)?;
                for (name, wish) in members {
                    wishes.add(name, &one(wish)?, to == "id_token")?;
                }
            }
        }
        Ok(wishes)
    }

    fn add(&mut self, name: &str, wish: &One, in_id_token: bool) -> Result<(), AuthorizeError> {
        match name {
            "sub" => match wish.values.as_slice() {
                [] => {}
                [subject] if self.subject.as_ref().is_none_or(|other| other == subject) => {
                    self.subject = Some(subject.clone());
                }
                _ => return Err(AuthorizeError::InvalidRequest("claims names more than one sub")),
            },
            "acr" if in_id_token => {
                self.acr = Some(AcrWish {
                    essential: wish.essential && !wish.values.is_empty(),
                    levels: wish.values.iter().filter_map(|value| Level::parse(value)).collect(),
                });
            }
            other => {
                if let Some(claim) = Claim::parse(other) {
                    let claims = if in_id_token {
                        &mut self.id_token_claims
                    } else {
                        &mut self.claims
                    };
                    claims.insert(claim);
                }
            }
        }
        Ok(())
    }
}

struct One {
    essential: bool,
    /// Texts of `value` and `values`.
    values: Vec<String>,
}

/// One member of `userinfo` or `id_token`: null, or an object.
fn one(wish: &Json) -> Result<One, AuthorizeError> {
    let empty = Map::new();
    let members = match wish {
        Json::Null => &empty,
        Json::Object(members) => members,
        _ => return Err(MALFORMED),
    };
    let essential = match members.get("essential") {
        None => false,
        Some(Json::Bool(essential)) => *essential,
        Some(_) => return Err(MALFORMED),
    };
    let several = match members.get("values") {
        None => &Vec::new(),
        Some(Json::Array(values)) => values,
        Some(_) => return Err(MALFORMED),
    };
    let values = members.get("value").into_iter().chain(several);
    Ok(One {
        essential,
        values: values.filter_map(Json::as_str).map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn known_claims_levels_and_the_person_are_read_and_the_rest_is_passed_over() {
        let wishes = Wishes::parse(
            r#"{"userinfo":{"given_name":{"essential":true},"picture":null},
                "id_token":{"birthdate":null,"sub":{"value":"s1"},"auth_time":{"essential":true},
                            "acr":{"essential":true,"values":["high","gold"]}},"other":1}"#,
        )
        .unwrap();
        assert_eq!(wishes.claims, [Claim::GivenName].into_iter().collect());
        assert_eq!(wishes.id_token_claims, [Claim::Birthdate].into_iter().collect());
        assert_eq!(wishes.subject.as_deref(), Some("s1"));
        assert_eq!(
            wishes.acr,
            Some(AcrWish {
                essential: true,
                levels: vec![Level::High]
            })
        );
        assert_eq!(Wishes::parse("{}").unwrap(), Wishes::default());
    }

    #[test]
    fn what_is_not_of_the_specified_form_is_refused() {
        for bad in [
            "",
            "x",
            "[]",
            r#"{"userinfo":[]}"#,
            r#"{"userinfo":{"name":1}}"#,
            r#"{"userinfo":{"name":{"essential":"yes"}}}"#,
            r#"{"userinfo":{"name":{"values":"x"}}}"#,
            r#"{"userinfo":{"name":null,"name":null}}"#,
            r#"{"id_token":{"sub":{"values":["a","b"]}}}"#,
            r#"{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}"#,
        ] {
            assert_eq!(
                Wishes::parse(bad),
                Err(if bad.contains("sub") {
                    AuthorizeError::InvalidRequest("claims names more than one sub")
                } else {
                    MALFORMED
                }),
                "{bad}"
            );
        }
    }
}
