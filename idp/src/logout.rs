//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0 sections 2 and 3).

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id};

use crate::authorize::response;
use crate::clients::{self, Client};
use crate::form::{Form, printable};
use crate::service::Idp;
use crate::session::{self, Session};
use crate::token::id_token::{self, Hint};

/// Why a logout request is answered with a page and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LogoutError {
    #[error("a parameter is repeated or malformed")]
    Malformed,
    #[error("id_token_hint is not an ID token of this provider")]
    BadHint,
    #[error("unknown client, or another than the hint's")]
    BadClient,
    #[error("post_logout_redirect_uri is not registered")]
    BadRedirect,
}

impl LogoutError {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "logout_malformed",
            Self::BadHint => "logout_hint",
            Self::BadClient => "logout_client",
            Self::BadRedirect => "logout_redirect",
        }
    }
}

/// A checked logout request.
pub(crate) struct LogoutRequest {
    pub client: Option<Client>,
    /// Registered for `client`.
    pub redirect_uri: Option<String>,
    pub state: Option<String>,
    hint: Option<Hint>,
}

impl LogoutRequest {
    /// Where the browser goes afterwards, if the client said so.
    pub(crate) fn location(&self) -> Option<String> {
        let uri = self.redirect_uri.as_deref()?;
        Some(response::address(uri, &[("state", self.state.as_deref())]))
    }
}

/// Checks the parameters. Without a client that is known for sure there is no redirect.
pub(crate) async fn check(idp: &Idp, form: &Form) -> Result<Result<LogoutRequest, LogoutError>, DbError> {
    let state = form.get("state");
    if form.flaw().is_some() || state.is_some_and(|state| state.len() > 1024 || !printable(state)) {
        return Ok(Err(LogoutError::Malformed));
    }
    let hint = match form.get("id_token_hint") {
        None => None,
        Some(token) => match id_token::read_hint(&idp.keys.published, idp.issuer(), token) {
            Ok(hint) => Some(hint),
            Err(_) => return Ok(Err(LogoutError::BadHint)),
        },
    };
    let hinted = hint.as_ref().map(|hint| hint.client_id.as_str());
    let named = form.get("client_id").or(hinted);
    if hinted.is_some() && named != hinted {
        return Ok(Err(LogoutError::BadClient));
    }
    let client = match named {
        None => None,
        Some(id) => match clients::find(&idp.cx, id).await? {
            Some(client) => Some(client),
            None => return Ok(Err(LogoutError::BadClient)),
        },
    };
    let redirect_uri = form.get("post_logout_redirect_uri");
    if let Some(uri) = redirect_uri {
        let registered = |client: &Client| client.post_logout_redirect_uris.iter().any(|known| known == uri);
        if !client.as_ref().is_some_and(registered) {
            return Ok(Err(LogoutError::BadRedirect));
        }
    }
    Ok(Ok(LogoutRequest {
        client,
        redirect_uri: redirect_uri.map(str::to_owned),
        state: state.map(str::to_owned),
        hint,
    }))
}

/// Whether the person must be asked: the hint is not of this very session, or other services share it.
pub(crate) async fn must_ask(idp: &Idp, request: &LogoutRequest, session: &Session) -> Result<bool, DbError> {
    let Some(hint) = &request.hint else {
        return Ok(true);
    };
    let clients = session::clients(&idp.cx, session.id).await?;
    let only_this = matches!(clients.as_slice(), [(client, sid)]
        if *client == hint.client_id && Some(sid) == hint.sid.as_ref());
    Ok(!only_this)
}

/// Ends the session and revokes what was issued in it.
pub(crate) async fn log_out(idp: &Idp, session: Id<Session>) -> Result<(), DbError> {
    let cx = &idp.cx;
    cx.db
        .run("logout", |tx| async move {
            session::end(&tx, cx, session, "logout").await?;
            audit::record(&tx, cx, &Event::new("logout.done", session, json!({}))).await
        })
        .await
}
