//! What this service keeps of the verified claims (Core 1.0 sections 2 and 5.1): only what it shows.

use openidconnect::{
    EndUserBirthday, LocalizedClaim,
    core::{CoreIdTokenClaims, CoreUserInfoClaims},
};
use std::ops::Deref;

/// A person who has proved who they are to the provider.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) given_name: Option<String>,
    pub(crate) family_name: Option<String>,
    pub(crate) birth_date: Option<String>,
    /// Level of assurance, as the provider writes it.
    pub(crate) acr: Option<String>,
    /// How the person proved who they are (RFC 8176).
    pub(crate) amr: Vec<String>,
    /// When, in Coordinated Universal Time: for people and for machines.
    pub(crate) logged_in_at: (String, String),
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) audience: String,
}

impl Person {
    /// The log-in from an ID token that has been verified; the person's data from the userinfo endpoint, because an ID token does
    /// not hold them (Core 1.0 section 5.4).
    pub(crate) fn new(claims: &CoreIdTokenClaims, info: &CoreUserInfoClaims) -> Self {
        let at = claims.auth_time().unwrap_or_else(|| claims.issue_time());
        Self {
            given_name: first(info.given_name()),
            family_name: first(info.family_name()),
            birth_date: info.birthdate().map(text),
            acr: claims.auth_context_ref().map(|acr| acr.as_str().to_owned()),
            amr: claims
                .auth_method_refs()
                .into_iter()
                .flatten()
                .map(|amr| amr.as_str().to_owned())
                .collect(),
            logged_in_at: (
                at.format("%d.%m.%Y %H:%M:%S UTC").to_string(),
                at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            ),
            subject: claims.subject().as_str().to_owned(),
            issuer: claims.issuer().as_str().to_owned(),
            audience: claims
                .audiences()
                .iter()
                .map(|audience| audience.as_str())
                .collect::<Vec<_>>()
                .join(" "),
        }
    }
}

fn text(date: &EndUserBirthday) -> String {
    date.as_str().to_owned()
}

fn first<T: Deref<Target = String>>(claim: Option<&LocalizedClaim<T>>) -> Option<String> {
    claim?.iter().next().map(|(_, text)| text.to_string())
}

/// A birth date as people here write it: `1990-05-17` becomes `17.05.1990`; other forms stay as they are
/// (the year alone is allowed too, Core 1.0 section 5.1).
pub(crate) fn day_first(date: &str) -> String {
    match date.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] if *year != "0000" => format!("{day}.{month}.{year}"),
        _ => date.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birth_date_is_written_with_the_day_first() {
        assert_eq!(day_first("1990-05-17"), "17.05.1990");
        assert_eq!(day_first("1990"), "1990");
    }
}
