//! A checked authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1).

use serde::{Deserialize, Serialize};
use signum_core::Timestamp;

use super::details::Details;
use super::mode::ResponseMode;
use crate::claim::Claims;
use crate::consent::Agreed;
use crate::level::Level;
use crate::scope::Scopes;

/// Everything a response needs to know; only [`checks`](super::checks) makes one. Stored with a pushed request and with an
/// interaction; what is newer than the first form has a default, so that a replica can read what its predecessor stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuthorizeRequest {
    pub client_id: String,
    /// Exactly as registered; of a native application's loopback address with the port it asked for.
    pub redirect_uri: String,
    pub scope: Scopes,
    pub state: Option<String>,
    pub nonce: Option<String>,
    /// PKCE S256 (RFC 7636 section 4.2).
    pub code_challenge: String,
    pub prompt: Prompt,
    /// Seconds.
    pub max_age: Option<u32>,
    /// The least level that will do.
    pub acr: Level,
    pub ui_locales: Option<String>,
    /// `sub` of a valid id_token_hint, or the one the `claims` parameter names.
    pub hinted_subject: Option<String>,
    #[serde(default)]
    pub mode: ResponseMode,
    /// Claims about the person asked for one by one; they go to userinfo with those of the scopes.
    #[serde(default)]
    pub claims: Claims,
    /// The same for the ID token.
    #[serde(default)]
    pub id_token_claims: Claims,
    /// Resource servers that the access tokens will be for (RFC 8707); empty: our own userinfo endpoint.
    #[serde(default)]
    pub resources: Vec<String>,
    /// RFC 9396.
    #[serde(default)]
    pub details: Details,
    /// The key that alone may redeem the code (RFC 9449 section 10).
    #[serde(default)]
    pub dpop_jkt: Option<String>,
    /// What is spent with the answer.
    #[serde(default)]
    pub once: Option<Once>,
}

impl AuthorizeRequest {
    /// Every claim about the person that the answer will release.
    pub(crate) fn released(&self) -> Claims {
        self.scope.claims().union(&self.asked())
    }

    /// What the person has to agree to, but for details.
    pub(crate) fn wanted(&self) -> Agreed {
        Agreed {
            scopes: self.scope.clone(),
            claims: self.asked(),
            resources: self.resources.iter().cloned().collect(),
        }
    }

    /// Every claim asked for one by one.
    pub(crate) fn asked(&self) -> Claims {
        self.claims.union(&self.id_token_claims)
    }
}

/// By what a request came that may be answered once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Once {
    /// SHA-256 of a pushed request's reference, in hex.
    Pushed(String),
    /// `jti` of a request object given by value (RFC 9101).
    Object { jti: String, expires: Timestamp },
}

/// What the relying party says about showing pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Prompt {
    /// No page may be shown.
    pub none: bool,
    /// The person must log in anew.
    pub login: bool,
    /// The person must be asked for consent anew.
    pub consent: bool,
}
