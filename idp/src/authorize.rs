//! The authorization endpoint's flow (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2): check, decide, answer.

pub(crate) mod checks;
pub(crate) mod decide;
pub(crate) mod error;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod resume;

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id, Timestamp};

use checks::Draft;
use decide::{Known, Next};
use error::{AuthorizeError, PageError};
use request::AuthorizeRequest;

use crate::account::house_client;
use crate::form::Form;
use crate::interaction::{self, Interaction};
use crate::service::Idp;
use crate::session::{self, Session};
use crate::{code, consent, subject};

/// What the browser is told.
pub(crate) enum Answer {
    /// Client and redirect URI do not belong together: a page, never a redirect.
    Page(PageError),
    /// To the client, with a code or an error.
    Client { location: String },
    /// A new interaction, with its cookie's secret; the browser goes to log in or to consent.
    Interaction {
        id: Id<Interaction>,
        cookie: String,
        step: Step,
        ui_locales: Option<String>,
    },
}

/// A page of an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    LogIn,
    Consent,
    Continue,
}

/// Handles an authorization request.
pub(crate) async fn authorize(idp: &Idp, form: &Form, session_cookie: Option<&str>) -> Result<Answer, DbError> {
    let (client, redirect_uri) = match checks::client::identify(&idp.cx, form).await? {
        Ok(known) => known,
        Err(error) => {
            tracing::warn!(reason = error.code(), "authorization request refused with a page");
            return Ok(Answer::Page(error));
        }
    };
    let keys = idp.keys.current();
    let mut draft = Draft::new(
        form,
        &client,
        redirect_uri,
        idp.issuer(),
        &keys.published,
        idp.best_level(),
    );
    let request = match draft.check() {
        Ok(request) => request,
        Err(error) => {
            record_refusal(idp, &client.client_id, error).await?;
            let location = response::error(redirect_uri, idp.issuer(), draft.state.as_deref(), error);
            return Ok(Answer::Client { location });
        }
    };
    let session = current_session(idp, session_cookie).await?;
    answer(idp, request, &client.sector, session.as_ref()).await
}

/// Answers a checked request of the person whose session this is.
pub(crate) async fn answer(
    idp: &Idp,
    request: AuthorizeRequest,
    sector: &str,
    session: Option<&Session>,
) -> Result<Answer, DbError> {
    let mut decided = next(idp, &request, sector, session, None).await?;
    if let (Next::Answer, Some(session)) = decided {
        if let Some(location) = answer_with_code(idp, &request, session).await? {
            return Ok(Answer::Client { location });
        }
        // Logged out since the session was looked up: there is nobody any more.
        decided = next(idp, &request, sector, None, None).await?;
    }
    match decided {
        (Next::Refuse(error), _) => {
            let (to, state) = (&request.redirect_uri, request.state.as_deref());
            let location = response::error(to, idp.issuer(), state, error);
            Ok(Answer::Client { location })
        }
        (Next::AskConsent, Some(session)) => begin(idp, request, Some(session.id), Step::Consent).await,
        (Next::Continue, Some(session)) => begin(idp, request, Some(session.id), Step::Continue).await,
        (Next::LogIn | Next::AskConsent | Next::Continue | Next::Answer, _) => {
            begin(idp, request, None, Step::LogIn).await
        }
    }
}

async fn begin(
    idp: &Idp,
    request: AuthorizeRequest,
    session: Option<Id<Session>>,
    step: Step,
) -> Result<Answer, DbError> {
    let (id, cookie) = interaction::begin(&idp.cx, &idp.config, &request, session).await?;
    Ok(Answer::Interaction {
        id,
        cookie,
        step,
        ui_locales: request.ui_locales,
    })
}

pub(crate) async fn current_session(idp: &Idp, cookie: Option<&str>) -> Result<Option<Session>, DbError> {
    match cookie {
        Some(cookie) => session::find(&idp.cx, &idp.config, cookie).await,
        None => Ok(None),
    }
}

/// Gathers what is known of the person and decides; hands the session back to whoever goes on with it.
async fn next<'s>(
    idp: &Idp,
    request: &AuthorizeRequest,
    sector: &str,
    session: Option<&'s Session>,
    begun: Option<Timestamp>,
) -> Result<(Next, Option<&'s Session>), DbError> {
    let now = idp.cx.now();
    let Some(session) = session else {
        return Ok((decide::decide(request, None, begun, now), None));
    };
    let subject = subject::known_subject(&idp.cx, session.person, sector).await?;
    let consent = consent::given(&idp.cx, session.person, &request.client_id).await?;
    // Nothing leaves the house for a person's own pages, so there is nothing to agree to.
    let consent = if request.client_id == house_client::ID {
        Some(request.scope.clone())
    } else {
        consent
    };
    let known = Known {
        authentication: &session.authentication,
        subject: subject.as_deref(),
        consent: consent.as_ref(),
        met: request.client_id == house_client::ID || session::knows(&idp.cx, session.id, &request.client_id).await?,
    };
    Ok((decide::decide(request, Some(&known), begun, now), Some(session)))
}

/// Issues a code without any interaction, because the person is logged in and has agreed before; `None` when the session has
/// ended meanwhile.
async fn answer_with_code(idp: &Idp, request: &AuthorizeRequest, session: &Session) -> Result<Option<String>, DbError> {
    let (cx, config) = (&idp.cx, &idp.config);
    let code = cx
        .db
        .run::<_, DbError, _, _>("authorize.answer", |tx| async move {
            match session::touch(&tx, cx, session).await? {
                Some(live) => code::issue(&tx, cx, config, request, &live).await.map(Some),
                None => Ok(None),
            }
        })
        .await?;
    Ok(code.map(|code| response::code(request, idp.issuer(), &code)))
}

async fn record_refusal(idp: &Idp, client_id: &str, error: AuthorizeError) -> Result<(), DbError> {
    tracing::warn!(client = client_id, code = error.code(), %error, "authorization request refused");
    let cx = &idp.cx;
    let event = &Event::new("authorize.refused", client_id, json!({"code": error.code()}));
    cx.db
        .run(
            "authorize.refused",
            |tx| async move { audit::record(&tx, cx, event).await },
        )
        .await
}
