//! The person's passkeys: a list with names, kinds and last use; adding, renaming and removing.

use axum::Json;
use axum::extract::{RawForm, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use serde_json::{Value, json};
use signum_core::http::{Problem, RequestId};
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Notice, Page, Passkey, PasskeyKind, User};

use super::super::words::WORDS;
use super::super::{Shared, failure, see_other};
use super::{Visitor, acting, visitor};
use crate::account::house_client;
use crate::account::passkeys::{self, Listed, PasskeysError};
use crate::form::Form;
use crate::session::device::device;
use crate::worth::Authenticator;

const PATH: &str = "/account/passkeys";

pub(super) async fn page(State(idp): State<Shared>, Locale(lang): Locale, headers: HeaderMap) -> Response {
    let visitor = match visitor(&idp, &headers).await {
        Ok(visitor) => visitor,
        Err(elsewhere) => return elsewhere,
    };
    let listed = match passkeys::list(&idp.cx, visitor.person.id).await {
        Ok(listed) => listed,
        Err(error) => return failure::database(&error),
    };
    let word = |key: &str| WORDS.text(lang, key);
    let fresh = passkeys::is_fresh(&idp.cx, &visitor.session);
    let body = html! {
        h1 { (word("passkeys-title")) }
        p.lead { (word("passkeys-lead")) }
        @for listed in &listed { (card(lang, &visitor, listed, fresh)) }
        h2 { (word("passkeys-add")) }
        @if fresh { (add(lang)) } @else {
            p { (word("passkeys-not-fresh")) }
            (ui::actions(ui::link_button(true, &house_client::log_in_again(&idp), word("passkeys-log-in-again"))))
        }
        (ui::actions(ui::link_button(false, "/account", word("activity-back"))))
    };
    Page {
        title: &word("passkeys-title"),
        service: &word("service"),
        path: PATH,
        csrf: Some(&visitor.csrf),
        scripts: &["passkey.js"],
        user: Some(User {
            name: &visitor.name(),
            log_out: "/logout/confirm",
        }),
        ..Page::new(lang, body)
    }
    .render()
}

fn add(lang: Lang) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    html! {
        p { (word("passkeys-add-hint")) }
        (Passkey {
            kind: PasskeyKind::Create,
            options: "/account/passkeys/options",
            finish: PATH,
            label: &word("passkeys-add-button"),
            messages: &[
                ("log_in_again", word("passkeys-not-fresh")),
                ("passkey_above_session", word("passkeys-above-session")),
                ("passkey_refused", word("activate-refused")),
            ],
        }.markup(lang))
    }
}

fn card(lang: Lang, visitor: &Visitor, listed: &Listed, fresh: bool) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    let id = hex::encode(&listed.credential_id);
    let name = match listed.name.is_empty() {
        true => word("passkeys-nameless"),
        false => listed.name.clone(),
    };
    let kind = match listed.kind {
        Authenticator::PasskeySynced => word("passkeys-synced"),
        _ => word("passkeys-device-bound"),
    };
    let used = match listed.last_used_at {
        Some(at) => lang.date_time(at),
        None => word("passkeys-never-used"),
    };
    let (rename, remove) = (word("passkeys-rename"), word("passkeys-remove"));
    ui::card(html! {
        h3 { (name) }
        @if listed.suspended { (ui::notice(Notice::Warning, word("passkeys-suspended"))) }
        (ui::facts(&[
            (&word("passkeys-kind"), html! { (kind) }),
            (&word("account-since"), html! { (lang.date_time(listed.created_at)) }),
            (&word("account-last-seen"), html! { (used) }),
        ]))
        (ui::form("/account/passkeys/rename", Some(&visitor.csrf), html! {
            input type="text" name="name" value=(listed.name) maxlength="60" aria-label=(word("passkeys-name"));
            button.secondary type="submit" name="passkey" value=(id) aria-label=(format!("{rename}: {name}")) { (rename) }
        }))
        @if fresh {
            (ui::form("/account/passkeys/remove", Some(&visitor.csrf), html! {
                button.secondary type="submit" name="passkey" value=(id) aria-label=(format!("{remove}: {name}")) { (remove) }
            }))
        }
    })
}

/// A script of the visitor's page.
async fn scripted(idp: &Shared, headers: &HeaderMap) -> Result<Visitor, Response> {
    let cookie = idp.session_cookie(headers).unwrap_or_default();
    idp.csrf
        .check(&cookie, None, headers, idp.issuer())
        .map_err(IntoResponse::into_response)?;
    visitor(idp, headers).await
}

pub(super) async fn options(State(idp): State<Shared>, headers: HeaderMap) -> Response {
    let visitor = match scripted(&idp, &headers).await {
        Ok(visitor) => visitor,
        Err(elsewhere) => return elsewhere,
    };
    match passkeys::options(&idp, &visitor.session, &visitor.person).await {
        Ok(options) => Json(options).into_response(),
        Err(error) => problem(&error),
    }
}

pub(super) async fn finish(State(idp): State<Shared>, headers: HeaderMap, Json(credential): Json<Value>) -> Response {
    let visitor = match scripted(&idp, &headers).await {
        Ok(visitor) => visitor,
        Err(elsewhere) => return elsewhere,
    };
    match passkeys::add(&idp, &visitor.session, &device(&headers), credential).await {
        Ok(()) => Json(json!({"next": PATH})).into_response(),
        Err(error) => problem(&error),
    }
}

pub(super) async fn rename(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    headers: HeaderMap,
    RawForm(body): RawForm,
) -> Response {
    let form = Form::parse(&body);
    let visitor = match acting(&idp, &headers, form.get("csrf")).await {
        Ok(visitor) => visitor,
        Err(elsewhere) => return elsewhere,
    };
    let Some(passkey) = form.get("passkey").and_then(|id| hex::decode(id).ok()) else {
        return Problem::of_status(StatusCode::BAD_REQUEST).into_response();
    };
    let name = form.get("name").unwrap_or_default();
    answered(
        lang,
        &id,
        passkeys::rename(&idp.cx, visitor.person.id, &passkey, name).await,
    )
}

pub(super) async fn remove(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    headers: HeaderMap,
    RawForm(body): RawForm,
) -> Response {
    let form = Form::parse(&body);
    let visitor = match acting(&idp, &headers, form.get("csrf")).await {
        Ok(visitor) => visitor,
        Err(elsewhere) => return elsewhere,
    };
    let Some(passkey) = form.get("passkey").and_then(|id| hex::decode(id).ok()) else {
        return Problem::of_status(StatusCode::BAD_REQUEST).into_response();
    };
    answered(lang, &id, passkeys::remove(&idp, &visitor.session, &passkey).await)
}

/// Of a form: the list again, or a page that says why not.
fn answered(lang: Lang, id: &RequestId, outcome: Result<(), PasskeysError>) -> Response {
    let (status, key) = match outcome {
        Ok(()) => return see_other(PATH),
        Err(PasskeysError::LastMeans) => (StatusCode::CONFLICT, "last-means"),
        Err(PasskeysError::NotFresh) => (StatusCode::FORBIDDEN, "not-fresh"),
        Err(PasskeysError::NotFound) => return Problem::of_status(StatusCode::NOT_FOUND).into_response(),
        Err(error) => return problem(&error),
    };
    failure::page(lang, id, status, key)
}

fn problem(error: &PasskeysError) -> Response {
    let problem = match error {
        PasskeysError::NotFresh => Problem::new(StatusCode::FORBIDDEN, "log_in_again", "The log-in is too long ago")
            .detail("Log in again, and do it within two minutes."),
        PasskeysError::AboveSession => Problem::new(
            StatusCode::FORBIDDEN,
            "passkey_above_session",
            "This passkey is worth more than the log-in in which it was made",
        )
        .detail("Log in with a means of that level first."),
        PasskeysError::LastMeans => Problem::new(
            StatusCode::CONFLICT,
            "last_means",
            "This is the last means of its level",
        ),
        PasskeysError::NotFound => Problem::of_status(StatusCode::NOT_FOUND),
        PasskeysError::Name => Problem::new(StatusCode::BAD_REQUEST, "name", "This cannot be a name"),
        PasskeysError::Registration(error) => return failure::activation_problem(error),
        PasskeysError::Db(error) => return failure::database(error),
    };
    problem.into_response()
}
