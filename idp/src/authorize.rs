//! The authorization endpoint's flow (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2): check, decide, answer.

pub(crate) mod checks;
pub(crate) mod claims;
pub(crate) mod decide;
pub(crate) mod details;
pub(crate) mod error;
mod jarm;
pub(crate) mod mode;
pub(crate) mod object;
mod once;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod resume;

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id, Tx};

use checks::{Draft, Given, Way, client};
use decide::{Begun, Known, Next};
use error::{AuthorizeError, PageError, Unanswered};
use object::Object;
use request::AuthorizeRequest;
use response::ToClient;

use crate::account::house_client;
use crate::clients::{Client, sandbox};
use crate::form::Form;
use crate::interaction::{self, Interaction};
use crate::par::store;
use crate::people::Person;
use crate::service::Idp;
use crate::session::{self, Session};
use crate::token::resource;
use crate::{code, consent, subject};

/// What the browser is told.
pub(crate) enum Answer {
    /// Client and redirect URI do not belong together: a page, never a redirect.
    Page(PageError),
    /// To the client, with a code or an error.
    Client(ToClient),
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
pub(crate) async fn authorize(idp: &Idp, form: &Form, session_cookie: Option<&str>) -> Result<Answer, Unanswered> {
    let client = match client::identify(&idp.cx, form).await? {
        Ok(client) => client,
        Err(error) => return Ok(page(error)),
    };
    let request = match form.get("request_uri").filter(|uri| store::is_reference(uri)) {
        Some(reference) => match pushed(idp, &client, reference).await? {
            Some(request) => request,
            None => return Ok(page(PageError::RequestUri)),
        },
        None => match given(idp, &client, form).await? {
            Ok(request) => request,
            Err(answer) => return Ok(answer),
        },
    };
    let session = current_session(idp, session_cookie).await?;
    answer(idp, request, &client.sector, session.as_ref()).await
}

fn page(error: PageError) -> Answer {
    tracing::warn!(reason = error.code(), "authorization request refused with a page");
    Answer::Page(error)
}

/// A pushed request was checked when it came; whatever else stands in the address is not looked at (RFC 9126 section 4).
async fn pushed(idp: &Idp, client: &Client, reference: &str) -> Result<Option<AuthorizeRequest>, DbError> {
    let request = store::find(&idp.cx, &client.client_id, reference).await?;
    // The registration may have changed in the meantime.
    Ok(request.filter(|request| client.has_redirect_uri(&request.redirect_uri)))
}

/// Checks the parameters that came with the browser, or the request object among them.
async fn given(idp: &Idp, client: &Client, form: &Form) -> Result<Result<AuthorizeRequest, Answer>, Unanswered> {
    let object = match form.get("request").filter(|_| object::can_sign(client)) {
        Some(token) => match object::read(idp, client, token).await {
            Ok(object) => Some(object),
            Err(error) => return refuse_object(idp, client, form, error).await.map(Err),
        },
        None => None,
    };
    let signed = object.is_some();
    let (form, once) = match &object {
        Some(Object { form, once }) => (form, once.clone()),
        None => (form, None),
    };
    let redirect_uri = match client::redirect_uri(client, form) {
        Ok(uri) => uri,
        Err(error) => return Ok(Err(page(error))),
    };
    let way = Source {
        way: Way::Browser,
        signed,
        targets: resource::known(idp, client, form).await?,
    };
    let mut draft = draft(idp, client, form, redirect_uri, way);
    match draft.check(once) {
        Ok(request) => Ok(Ok(request)),
        Err(error) => {
            record_refusal(idp, &client.client_id, error).await?;
            let answer = response::error(idp, draft.back(), error).await?;
            Ok(Err(Answer::Client(answer)))
        }
    }
}

/// A request object that is not the client's: only what stands beside it can say where the refusal goes.
async fn refuse_object(idp: &Idp, client: &Client, form: &Form, error: AuthorizeError) -> Result<Answer, Unanswered> {
    record_refusal(idp, &client.client_id, error).await?;
    let Ok(redirect_uri) = client::redirect_uri(client, form) else {
        return Ok(page(PageError::RequestObject));
    };
    let way = Source {
        way: Way::Browser,
        signed: false,
        targets: Vec::new(),
    };
    let mut outside = draft(idp, client, form, redirect_uri, way);
    outside.state = form
        .get("state")
        .filter(|state| checks::state::good(state))
        .map(str::to_owned);
    Ok(Answer::Client(response::error(idp, outside.back(), error).await?))
}

/// How the parameters came, and which of the resource servers they name are known.
pub(crate) struct Source {
    pub way: Way,
    pub signed: bool,
    pub targets: Vec<String>,
}

pub(crate) fn draft<'a>(
    idp: &'a Idp,
    client: &'a Client,
    form: &'a Form,
    redirect_uri: &'a str,
    source: Source,
) -> Draft<'a> {
    Draft::new(Given {
        form,
        client,
        redirect_uri,
        way: source.way,
        signed: source.signed,
        targets: source.targets,
        details_types: &idp.config.authorization_details_types,
        issuer: idp.issuer(),
        keys: idp.keys.current(),
        best_level: idp.best_level(),
    })
}

/// Answers a checked request of the person whose session this is.
pub(crate) async fn answer(
    idp: &Idp,
    request: AuthorizeRequest,
    sector: &str,
    session: Option<&Session>,
) -> Result<Answer, Unanswered> {
    let mut decided = next(idp, &request, sector, session, None).await?;
    if let (Next::Answer, Some(session)) = decided {
        match answer_with_code(idp, &request, session).await? {
            Issued::Code(code) => return Ok(Answer::Client(response::code(idp, &request, &code).await?)),
            Issued::Spent => return Ok(page(PageError::RequestUri)),
            // Logged out since the session was looked up: there is nobody any more.
            Issued::LoggedOut => decided = next(idp, &request, sector, None, None).await?,
            Issued::Withdrawn => {
                let denied = AuthorizeError::AccessDenied;
                return Ok(Answer::Client(response::error(idp, (&request).into(), denied).await?));
            }
        }
    }
    match decided {
        (Next::Refuse(error), _) => refuse(idp, &request, error).await,
        (Next::AskConsent, Some(session)) => begin(idp, request, Some(session.id), None, Step::Consent).await,
        (Next::StepUp, Some(session)) => begin(idp, request, None, Some(session.person), Step::LogIn).await,
        (Next::Continue, Some(session)) => begin(idp, request, Some(session.id), None, Step::Continue).await,
        (Next::LogIn | Next::StepUp | Next::AskConsent | Next::Continue | Next::Answer, _) => {
            begin(idp, request, None, None, Step::LogIn).await
        }
    }
}

/// An error is an answer as well: it spends what may be answered once, and the audit log knows of it.
async fn refuse(idp: &Idp, request: &AuthorizeRequest, error: AuthorizeError) -> Result<Answer, Unanswered> {
    tracing::warn!(
        client = request.client_id,
        code = error.code(),
        "authorization request refused"
    );
    let (cx, event) = (&idp.cx, &refusal(&request.client_id, error));
    let first = cx
        .db
        .run::<_, DbError, _, _>("authorize.refuse", |tx| async move {
            if !once::spend(&tx, cx, request).await? {
                return Ok(false);
            }
            audit::record(&tx, cx, event).await.map(|()| true)
        })
        .await?;
    match first {
        true => Ok(Answer::Client(response::error(idp, request.into(), error).await?)),
        false => Ok(page(PageError::RequestUri)),
    }
}

fn refusal(client_id: &str, error: AuthorizeError) -> Event {
    Event::new("authorize.refused", client_id, json!({"code": error.code()}))
}

async fn begin(
    idp: &Idp,
    request: AuthorizeRequest,
    session: Option<Id<Session>>,
    step_up_of: Option<Id<Person>>,
    step: Step,
) -> Result<Answer, Unanswered> {
    let (id, cookie) = interaction::begin(&idp.cx, &idp.config, &request, session, step_up_of).await?;
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
    begun: Option<Begun>,
) -> Result<(Next, Option<&'s Session>), DbError> {
    let now = idp.cx.now();
    let Some(session) = session else {
        return Ok((decide::decide(request, None, begun, now), None));
    };
    if !sandbox::may_meet(&idp.cx, sector, session.person).await? {
        return Ok((Next::Refuse(AuthorizeError::AccessDenied), Some(session)));
    }
    // Only what decides is asked for: each statement costs.
    let subject = match request.hinted_subject {
        Some(_) => subject::known_subject(&idp.cx, session.person, sector).await?,
        None => None,
    };
    let consent = consent::given(&idp.cx, session.person, &request.client_id).await?;
    // Nothing leaves the house for a person's own pages, so there is nothing to agree to.
    let consent = if house_client::is_ours(&request.client_id) {
        Some(request.wanted())
    } else {
        consent
    };
    let known = Known {
        person: session.person,
        authentication: &session.authentication,
        subject: subject.as_deref(),
        consent: consent.as_ref(),
        met: house_client::is_ours(&request.client_id)
            || request.prompt.none
            || session::knows(&idp.cx, session.id, &request.client_id).await?,
    };
    Ok((decide::decide(request, Some(&known), begun, now), Some(session)))
}

/// What came of an answer without any interaction.
pub(crate) enum Issued {
    Code(String),
    /// The person has taken the consent back meanwhile: the request is spent all the same, by a refusal.
    Withdrawn,
    /// The request was answered before.
    Spent,
    /// The session has ended meanwhile.
    LoggedOut,
}

/// Issues a code without any interaction, because the person is logged in and has agreed before.
pub(crate) async fn answer_with_code(
    idp: &Idp,
    request: &AuthorizeRequest,
    session: &Session,
) -> Result<Issued, DbError> {
    let (cx, config) = (&idp.cx, &idp.config);
    cx.db
        .run::<_, DbError, _, _>("authorize.answer", |tx| async move {
            let Some(live) = session::touch(&tx, cx, session).await? else {
                return Ok(Issued::LoggedOut);
            };
            if !once::spend(&tx, cx, request).await? {
                return Ok(Issued::Spent);
            }
            if !agreed_still(&tx, session.person, request).await? {
                audit::record(&tx, cx, &refusal(&request.client_id, AuthorizeError::AccessDenied)).await?;
                return Ok(Issued::Withdrawn);
            }
            code::issue(&tx, cx, config, request, &live).await.map(Issued::Code)
        })
        .await
}

/// Whether what the request wants is still agreed to. Nothing leaves the house for a person's own pages.
pub(crate) async fn agreed_still(tx: &Tx, person: Id<Person>, request: &AuthorizeRequest) -> Result<bool, DbError> {
    let client_id = &request.client_id;
    Ok(house_client::is_ours(client_id) || consent::holds(tx, person, client_id, &request.wanted()).await?)
}

pub(crate) async fn record_refusal(idp: &Idp, client_id: &str, error: AuthorizeError) -> Result<(), DbError> {
    tracing::warn!(client = client_id, code = error.code(), %error, "authorization request refused");
    let cx = &idp.cx;
    let event = &refusal(client_id, error);
    cx.db
        .run(
            "authorize.refused",
            |tx| async move { audit::record(&tx, cx, event).await },
        )
        .await
}
