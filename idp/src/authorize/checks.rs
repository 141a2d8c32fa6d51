//! The checks of an authorization request as a table: one small file each, run in order, the first refusal wins. The same table
//! judges what is pushed, what is signed and what comes with the browser.

pub(crate) mod acr_values;
pub(crate) mod authorization_details;
pub(crate) mod claims;
pub(crate) mod client;
pub(crate) mod display;
pub(crate) mod dpop_jkt;
pub(crate) mod form;
pub(crate) mod id_token_hint;
pub(crate) mod max_age;
pub(crate) mod nonce;
pub(crate) mod pkce;
pub(crate) mod prompt;
pub(crate) mod pushed;
pub(crate) mod resource;
pub(crate) mod response_mode;
pub(crate) mod response_type;
pub(crate) mod scope;
pub(crate) mod signed;
pub(crate) mod state;
pub(crate) mod ui_locales;
pub(crate) mod unsupported;

use std::sync::Arc;

use super::claims::Wishes;
use super::details::Details;
use super::error::AuthorizeError;
use super::mode::ResponseMode;
use super::request::{AuthorizeRequest, Once, Prompt};
use super::response::Back;
use crate::clients::Client;
use crate::form::Form;
use crate::keys::SigningKeys;
use crate::level::Level;
use crate::scope::Scopes;

/// By which way a request's parameters came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// In an address that anybody may have written.
    Browser,
    /// From the client itself (RFC 9126).
    Pushed,
}

/// What is known before the first check.
pub(crate) struct Given<'a> {
    /// The parameters; of a signed request those of the request object alone.
    pub form: &'a Form,
    pub client: &'a Client,
    pub redirect_uri: &'a str,
    pub way: Way,
    /// Whether the parameters are from a request object of the client (RFC 9101).
    pub signed: bool,
    pub issuer: &'a str,
    /// Our own signing keys.
    pub keys: Arc<SigningKeys>,
    /// Of the resource servers that the request names those that the client may ask for (RFC 8707).
    pub targets: Vec<String>,
    /// Types of authorization details that there are (RFC 9396 section 10).
    pub details_types: &'a [String],
    /// The best level that any means of log-in reaches here.
    pub best_level: Level,
}

/// What a check may look at, and the request it fills in.
pub(crate) struct Draft<'a> {
    pub given: Given<'a>,
    pub state: Option<String>,
    pub mode: ResponseMode,
    pub nonce: Option<String>,
    pub scope: Option<Scopes>,
    pub code_challenge: Option<String>,
    pub prompt: Prompt,
    pub max_age: Option<u32>,
    pub wishes: Wishes,
    pub details: Details,
    pub resources: Vec<String>,
    pub acr: Level,
    pub ui_locales: Option<String>,
    pub hinted_subject: Option<String>,
    pub dpop_jkt: Option<String>,
}

/// One check: refuses, or fills in its part of the draft.
type Check = fn(&mut Draft<'_>) -> Result<(), AuthorizeError>;

/// `state` and `response_mode` come first, so that every later refusal can carry the one in the other.
const CHECKS: &[Check] = &[
    state::check,
    response_mode::check,
    form::check,
    unsupported::check,
    pushed::check,
    signed::check,
    response_type::check,
    pkce::check,
    scope::check,
    nonce::check,
    prompt::check,
    display::check,
    max_age::check,
    claims::check,
    acr_values::check,
    authorization_details::check,
    resource::check,
    ui_locales::check,
    id_token_hint::check,
    dpop_jkt::check,
];

impl<'a> Draft<'a> {
    pub(crate) fn new(given: Given<'a>) -> Self {
        Self {
            mode: response_mode::without_one(given.client),
            given,
            state: None,
            nonce: None,
            scope: None,
            code_challenge: None,
            prompt: Prompt::default(),
            max_age: None,
            wishes: Wishes::default(),
            details: Details::default(),
            resources: Vec::new(),
            acr: Level::Substantial,
            ui_locales: None,
            hinted_subject: None,
            dpop_jkt: None,
        }
    }

    /// Where a refusal goes, as far as the checks have come.
    pub(crate) fn back(&self) -> Back<'_> {
        Back {
            client_id: &self.given.client.client_id,
            redirect_uri: self.given.redirect_uri,
            mode: self.mode,
            state: self.state.as_deref(),
        }
    }

    /// Runs the table; `once` is what the answer will spend. The draft keeps what a refusal needs.
    pub(crate) fn check(&mut self, once: Option<Once>) -> Result<AuthorizeRequest, AuthorizeError> {
        for check in CHECKS {
            check(self)?;
        }
        let missing = AuthorizeError::InvalidRequest("incomplete request");
        let wishes = std::mem::take(&mut self.wishes);
        Ok(AuthorizeRequest {
            client_id: self.given.client.client_id.clone(),
            redirect_uri: self.given.redirect_uri.to_owned(),
            scope: self.scope.take().ok_or(missing)?,
            state: self.state.clone(),
            nonce: self.nonce.take(),
            code_challenge: self.code_challenge.take().ok_or(missing)?,
            prompt: self.prompt,
            max_age: self.max_age,
            acr: self.acr,
            ui_locales: self.ui_locales.take(),
            hinted_subject: self.hinted_subject.take(),
            mode: self.mode,
            claims: wishes.claims,
            id_token_claims: wishes.id_token_claims,
            resources: std::mem::take(&mut self.resources),
            details: std::mem::take(&mut self.details),
            dpop_jkt: self.dpop_jkt.take(),
            once,
        })
    }
}
