//! The token endpoint's flow (RFC 6749 section 3.2): client authentication, then one file per grant.

pub(crate) mod authorization_code;
pub(crate) mod id_token;

use serde_json::{Value as Json, json};
use signum_core::{DbError, retry_on_db_conflict};
use signum_hsm_shim::HsmError;

use crate::client_auth::{self, ClientAuthError, Shown};
use crate::form::Form;
use crate::service::Idp;

/// What goes wrong at the token endpoint.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// Unknown client, wrong secret or no authentication; all look alike.
    #[error("client authentication failed")]
    InvalidClient,
    /// Whatever is wrong with a code looks alike; the audit log knows.
    #[error("the code cannot be redeemed")]
    InvalidGrant,
    #[error("this grant type is not supported")]
    UnsupportedGrantType,
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Hsm(#[from] HsmError),
}
retry_on_db_conflict!(TokenError);

impl From<ClientAuthError> for TokenError {
    fn from(error: ClientAuthError) -> Self {
        match error {
            ClientAuthError::InvalidRequest(problem) => Self::InvalidRequest(problem),
            ClientAuthError::InvalidClient(_) => Self::InvalidClient,
            ClientAuthError::Db(error) => Self::Db(error),
        }
    }
}

/// A successful answer (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3).
pub(crate) struct Tokens {
    pub access_token: String,
    pub expires_in: u32,
    pub id_token: String,
    pub scope: String,
}

impl Tokens {
    pub(crate) fn to_json(&self) -> Json {
        json!({
            "access_token": self.access_token,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "id_token": self.id_token,
            "scope": self.scope,
        })
    }
}

/// Handles a token request; `authorization` is the header of that name.
pub(crate) async fn token(idp: &Idp, form: &Form, authorization: Option<&str>) -> Result<Tokens, TokenError> {
    if let Some(flaw) = form.flaw() {
        return Err(TokenError::InvalidRequest(flaw));
    }
    let shown = Shown {
        form,
        authorization,
        certificate: None,
    };
    let client = client_auth::authenticate(idp, &shown).await?.client;
    match form.get("grant_type") {
        Some("authorization_code") => authorization_code::redeem(idp, &client, form).await,
        Some(_) => Err(TokenError::UnsupportedGrantType),
        None => Err(TokenError::InvalidRequest("grant_type is missing")),
    }
}
