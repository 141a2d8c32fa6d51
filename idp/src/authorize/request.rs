//! A checked authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1).

use serde::{Deserialize, Serialize};

use crate::level::Level;
use crate::scope::Scopes;

/// Everything a response needs to know; only [`checks`](super::checks) makes one. Stored with an interaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuthorizeRequest {
    pub client_id: String,
    /// Exactly as registered.
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
    /// `sub` of a valid id_token_hint.
    pub hinted_subject: Option<String>,
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
