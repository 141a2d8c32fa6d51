//! GET and POST /logout for relying parties; POST /logout/confirm from our own page.

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
use crate::clients;
use crate::form::Form;
use crate::logout::{self, LogoutError, LogoutRequest};
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
        return Ok(done(idp, lang, request));
    };
    if !logout::must_ask(idp, request, &session).await? {
        logout::log_out(idp, session.id).await?;
        return Ok(done(idp, lang, request));
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

/// Back to the client where it said so, else a page.
fn done(idp: &Shared, lang: Lang, request: &LogoutRequest) -> Response {
    let response = match request.location() {
        Some(location) => see_other(&location),
        None => {
            let word = |key| WORDS.text(lang, key);
            let body = html! {
                h1 { (word("logged-out-heading")) }
                (ui::notice(Notice::Success, word("logged-out-done")))
                p.hint { (word("logged-out-hint")) }
            };
            Page {
                title: &word("logged-out-heading"),
                service: &word("service"),
                ..Page::new(lang, body)
            }
            .render()
        }
    };
    with_cookie(response, idp.cookies.clear(SESSION))
}

/// A POST from another site brings no cookies; the GET that follows does.
pub(super) async fn post(Locale(lang): Locale, id: RequestId, RawForm(body): RawForm) -> Response {
    let form = Form::parse(&body);
    match form.flaw() {
        Some(_) => failure::logout(lang, &id, LogoutError::Malformed),
        None => see_other(&format!("/logout?{}", form.to_query())),
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
    match end(&idp, &cookie).await {
        Ok(()) => done(&idp, lang, &request),
        Err(error) => failure::database(&error),
    }
}

async fn end(idp: &Shared, cookie: &str) -> Result<(), DbError> {
    match current_session(idp, Some(cookie)).await? {
        Some(session) => logout::log_out(idp, session.id).await,
        None => Ok(()),
    }
}
