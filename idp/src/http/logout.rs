//! GET and POST /logout for relying parties; POST /logout/confirm from our own page; what became of it.

use std::time::Duration;

use axum::extract::{RawForm, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use maud::{Markup, html};
use signum_core::DbError;
use signum_core::http::{FormAction, RequestId};
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Notice, Page};

use super::words::{WORDS, in_language};
use super::{SESSION, Shared, failure, see_other, with_cookie};
use crate::authorize::current_session;
use crate::clients::{self, Client};
use crate::form::Form;
use crate::logout::outbox::{self, Outcome};
use crate::logout::{self, LogoutRequest};
use crate::session::{self, Session};

pub(super) async fn get(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    let request = match logout::check(&idp, &form).await {
        Ok(Ok(request)) => request,
        Ok(Err(error)) => return failure::logout(lang, &id, error),
        Err(error) => return failure::database(&error),
    };
    let cookie = idp.session_cookie(&headers);
    match begin(&idp, lang, &request, cookie.as_deref()).await {
        Ok(response) => response,
        Err(error) => failure::database(&error),
    }
}

async fn begin(idp: &Shared, lang: Lang, request: &LogoutRequest, cookie: Option<&str>) -> Result<Response, DbError> {
    let Some(session) = current_session(idp, cookie).await? else {
        return Ok(done(idp, request, None));
    };
    if !logout::must_ask(idp, request, &session).await? {
        logout::log_out(idp, session.id, request.asked_by()).await?;
        return Ok(done(idp, request, cookie));
    }
    let csrf = idp.csrf.token(cookie.unwrap_or_default());
    let services = services(idp, lang, &session).await?;
    let mut response = Page {
        title: &WORDS.text(lang, "logout-title"),
        service: &WORDS.text(lang, "service"),
        csrf: Some(&csrf),
        ..Page::new(lang, body(lang, request, &services, &csrf))
    }
    .render();
    if let Some(uri) = &request.redirect_uri {
        response.extensions_mut().insert(FormAction(uri.clone()));
    }
    Ok(response)
}

/// The names of the services that share the session.
async fn services(idp: &Shared, lang: Lang, session: &Session) -> Result<Vec<String>, DbError> {
    let mut names = Vec::new();
    for (client, _) in session::clients(&idp.cx, session.id).await? {
        if let Some(client) = clients::find(&idp.cx, &client).await? {
            names.push(in_language(&client.name, lang));
        }
    }
    Ok(names)
}

fn body(lang: Lang, request: &LogoutRequest, services: &[String], csrf: &str) -> Markup {
    let word = |key| WORDS.text(lang, key);
    let hidden = |name: &str, value: Option<&str>| {
        html! { @if let Some(value) = value { input type="hidden" name=(name) value=(value); } }
    };
    html! {
        h1 { (word("logout-heading")) }
        @if !services.is_empty() {
            p.lead { (word("logout-services")) }
            ul { @for name in services { li { (name) } } }
        }
        (ui::form("/logout/confirm", Some(csrf), html! {
            (hidden("client_id", request.client.as_ref().map(|c| c.client_id.as_str())))
            (hidden("post_logout_redirect_uri", request.redirect_uri.as_deref()))
            (hidden("state", request.state.as_deref()))
            (ui::actions(html! {
                (ui::primary_button(word("logout-button")))
                (ui::link_button(false, "/", word("logout-stay")))
            }))
        }))
        p.hint { (word("logout-hint")) }
    }
}

/// Back to the client where it said so, else to our own page. The ended session's cookie goes on under another name, under
/// which it only tells how the log-out went.
fn done(idp: &Shared, request: &LogoutRequest, ended: Option<&str>) -> Response {
    let location = request.location();
    let response = see_other(location.as_deref().unwrap_or("/logged-out"));
    let response = with_cookie(response, idp.cookies.clear(SESSION));
    match ended.filter(|_| location.is_none()) {
        Some(ended) => with_cookie(
            response,
            idp.cookies.set(ENDED, ended, Some(Duration::from_secs(10 * 60))),
        ),
        None => response,
    }
}

/// Name of the cookie by which the page after a log-out knows which session that was.
const ENDED: &str = "idp_ended";

/// Which services were told, and which have not answered yet.
pub(super) async fn logged_out(State(idp): State<Shared>, Locale(lang): Locale, headers: HeaderMap) -> Response {
    let told = match told(&idp, &headers).await {
        Ok(told) => told,
        Err(error) => return failure::database(&error),
    };
    let word = |key: &str| WORDS.text(lang, key);
    let rows: Vec<_> = told
        .iter()
        .map(|(client, outcome)| (in_language(&client.name, lang), word(outcome_key(*outcome))))
        .collect();
    let facts: Vec<_> = rows
        .iter()
        .map(|(name, state)| (name.as_str(), html! { (state) }))
        .collect();
    let body = html! {
        h1 { (word("logged-out-heading")) }
        (ui::notice(Notice::Success, word("logged-out-done")))
        @if !facts.is_empty() {
            h2 { (word("logged-out-services")) }
            (ui::facts(&facts))
        }
        @if told.iter().any(|(_, outcome)| outcome.is_none()) {
            (ui::actions(ui::link_button(false, "/logged-out", word("logged-out-again"))))
        }
        p.hint { (word("logged-out-hint")) }
    };
    Page {
        title: &word("logged-out-heading"),
        service: &word("service"),
        path: "/logged-out",
        ..Page::new(lang, body)
    }
    .render()
}

const fn outcome_key(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        None => "logged-out-waiting",
        Some(Outcome::Told) => "logged-out-told",
        Some(Outcome::CannotBeTold) => "logged-out-cannot",
        Some(Outcome::GaveUp) => "logged-out-gave-up",
    }
}

async fn told(idp: &Shared, headers: &HeaderMap) -> Result<Vec<(Client, Option<Outcome>)>, DbError> {
    let Some(cookie) = idp.cookies.get(headers, ENDED) else {
        return Ok(Vec::new());
    };
    let Some(session) = session::just_ended(&idp.cx, &cookie).await? else {
        return Ok(Vec::new());
    };
    let mut told = Vec::new();
    for (client, outcome) in outbox::of_session(&idp.cx, session).await? {
        if let Some(client) = clients::find(&idp.cx, &client).await? {
            told.push((client, outcome));
        }
    }
    Ok(told)
}

/// A POST from another site brings no cookies; the GET that follows does. A hint may be longer than an address may be, so what
/// it proves is said in few words of our own.
pub(super) async fn post(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    RawForm(body): RawForm,
) -> Response {
    let form = Form::parse(&body);
    match logout::check(&idp, &form).await {
        Ok(Ok(_)) => see_other(&format!("/logout?{}", logout::without_long_hint(&idp, &form))),
        Ok(Err(error)) => failure::logout(lang, &id, error),
        Err(error) => failure::database(&error),
    }
}

pub(super) async fn confirm(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    headers: HeaderMap,
    RawForm(body): RawForm,
) -> Response {
    let form = Form::parse(&body);
    let cookie = idp.session_cookie(&headers).unwrap_or_default();
    if let Err(problem) = idp.csrf.check(
        &cookie,
        Some(form.get("csrf").unwrap_or_default()),
        &headers,
        idp.issuer(),
    ) {
        return problem.into_response();
    }
    let request = match logout::check(&idp, &form).await {
        Ok(Ok(request)) => request,
        Ok(Err(error)) => return failure::logout(lang, &id, error),
        Err(error) => return failure::database(&error),
    };
    match end(&idp, &cookie, request.asked_by()).await {
        Ok(()) => done(&idp, &request, Some(&cookie)),
        Err(error) => failure::database(&error),
    }
}

async fn end(idp: &Shared, cookie: &str, by: Option<&str>) -> Result<(), DbError> {
    match current_session(idp, Some(cookie)).await? {
        Some(session) => logout::log_out(idp, session.id, by).await,
        None => Ok(()),
    }
}
