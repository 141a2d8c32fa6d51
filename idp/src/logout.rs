//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0 sections 2 and 3).

pub(crate) mod deliver;
pub(crate) mod outbox;
mod token;

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id};

use crate::authorize::response;
use crate::clients::{self, Client};
use crate::form::{Form, printable};
use crate::service::Idp;
use crate::session::{self, Session, Why};
use crate::token::id_token;

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
    hint: Option<Hinted>,
}

/// What the hint says of the session that is to end.
struct Hinted {
    client_id: String,
    sid: Option<String>,
}

impl LogoutRequest {
    /// The service that asks.
    pub(crate) fn asked_by(&self) -> Option<&str> {
        self.client.as_ref().map(|client| client.client_id.as_str())
    }

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
    let hint = match hinted(idp, form) {
        Ok(hint) => hint,
        Err(error) => return Ok(Err(error)),
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
        let registered = |client: &Client| {
            client
                .metadata
                .post_logout_redirect_uris
                .iter()
                .any(|known| known == uri)
        };
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

/// The hint of the request: an ID token, or what [`without_long_hint`] made of one.
fn hinted(idp: &Idp, form: &Form) -> Result<Option<Hinted>, LogoutError> {
    if let Some(token) = form.get("id_token_hint") {
        let hint = id_token::read_hint(&idp.keys.current().published, idp.issuer(), token)
            .map_err(|_| LogoutError::BadHint)?;
        return Ok(Some(Hinted {
            client_id: hint.client_id,
            sid: hint.sid,
        }));
    }
    let Some((said, proof)) = form.get(HINTED).and_then(|hint| hint.rsplit_once('.')) else {
        return Ok(None);
    };
    let (sid, client_id) = said.split_once('.').ok_or(LogoutError::BadHint)?;
    if !idp.csrf.proves(HINTED, said, proof) {
        return Err(LogoutError::BadHint);
    }
    Ok(Some(Hinted {
        client_id: client_id.to_owned(),
        sid: Some(sid.to_owned()).filter(|sid| !sid.is_empty()),
    }))
}

/// Our own short form of a verified hint: `sid.client_id.proof`.
const HINTED: &str = "hinted";

/// The query of a checked request, with a short hint in place of an ID token: an address has less room than a form.
pub(crate) fn without_long_hint(idp: &Idp, form: &Form) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in ["client_id", "post_logout_redirect_uri", "state", "ui_locales"] {
        if let Some(value) = form.get(name) {
            query.append_pair(name, value);
        }
    }
    if let Ok(Some(hint)) = hinted(idp, form) {
        let said = format!("{}.{}", hint.sid.unwrap_or_default(), hint.client_id);
        let proof = idp.csrf.proof(HINTED, &said);
        query.append_pair(HINTED, &format!("{said}.{proof}"));
    }
    query.finish()
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

/// Ends the session and revokes what was issued in it; `by` is the service that asked for it.
pub(crate) async fn log_out(idp: &Idp, session: Id<Session>, by: Option<&str>) -> Result<(), DbError> {
    let cx = &idp.cx;
    cx.db
        .run("logout", |tx| async move {
            session::end(&tx, cx, session, Why::LogOut, by).await?;
            audit::record(&tx, cx, &Event::new("logout.done", session, json!({}))).await
        })
        .await
}
