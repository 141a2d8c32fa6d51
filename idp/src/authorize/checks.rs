//! The checks of an authorization request as a table: one small file each, run in order, the first refusal wins.

pub(crate) mod acr_values;
pub(crate) mod client;
pub(crate) mod form;
pub(crate) mod id_token_hint;
pub(crate) mod max_age;
pub(crate) mod nonce;
pub(crate) mod pkce;
pub(crate) mod prompt;
pub(crate) mod response_type;
pub(crate) mod scope;
pub(crate) mod state;
pub(crate) mod ui_locales;
pub(crate) mod unsupported;

use super::error::AuthorizeError;
use super::request::{AuthorizeRequest, Prompt};
use crate::clients::Client;
use crate::form::Form;
use crate::jws::Jwk;
use crate::level::Level;
use crate::scope::Scopes;

/// What a check may look at, and the request it fills in.
pub(crate) struct Draft<'a> {
    pub form: &'a Form,
    pub client: &'a Client,
    pub redirect_uri: &'a str,
    pub issuer: &'a str,
    pub keys: &'a [Jwk],
    /// The best level that any means of log-in reaches here.
    pub best_level: Level,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub scope: Option<Scopes>,
    pub code_challenge: Option<String>,
    pub prompt: Prompt,
    pub max_age: Option<u32>,
    pub acr: Level,
    pub ui_locales: Option<String>,
    pub hinted_subject: Option<String>,
}

/// One check: refuses, or fills in its part of the draft.
type Check = fn(&mut Draft<'_>) -> Result<(), AuthorizeError>;

/// `state` comes first, so that every later refusal can carry it.
const CHECKS: &[Check] = &[
    state::check,
    form::check,
    unsupported::check,
    response_type::check,
    pkce::check,
    scope::check,
    nonce::check,
    prompt::check,
    max_age::check,
    acr_values::check,
    ui_locales::check,
    id_token_hint::check,
];

impl<'a> Draft<'a> {
    pub(crate) fn new(
        form: &'a Form,
        client: &'a Client,
        redirect_uri: &'a str,
        issuer: &'a str,
        keys: &'a [Jwk],
        best_level: Level,
    ) -> Self {
        Self {
            form,
            client,
            redirect_uri,
            issuer,
            keys,
            best_level,
            state: None,
            nonce: None,
            scope: None,
            code_challenge: None,
            prompt: Prompt::default(),
            max_age: None,
            acr: Level::Substantial,
            ui_locales: None,
            hinted_subject: None,
        }
    }

    /// Runs the table. The draft keeps `state` for the refusal's redirect.
    pub(crate) fn check(&mut self) -> Result<AuthorizeRequest, AuthorizeError> {
        for check in CHECKS {
            check(self)?;
        }
        let missing = AuthorizeError::InvalidRequest("incomplete request");
        Ok(AuthorizeRequest {
            client_id: self.client.client_id.clone(),
            redirect_uri: self.redirect_uri.to_owned(),
            scope: self.scope.take().ok_or(missing)?,
            state: self.state.clone(),
            nonce: self.nonce.take(),
            code_challenge: self.code_challenge.take().ok_or(missing)?,
            prompt: self.prompt,
            max_age: self.max_age,
            acr: self.acr,
            ui_locales: self.ui_locales.take(),
            hinted_subject: self.hinted_subject.take(),
        })
    }
}
