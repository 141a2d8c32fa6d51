//! The activation page: a person makes the log-in passkey.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use maud::{Markup, html};
use serde_json::{Value, json};
use signum_core::http::{Problem, RequestId};
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Notice, Page, Passkey, PasskeyKind};

use super::words::WORDS;
use super::{Shared, failure, with_cookie};
use crate::activate;
use crate::people::Person;
use crate::secret;

/// Binds the page's token to this browser; the person has no session yet.
const COOKIE: &str = "idp_activation";

pub(super) async fn page(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Response {
    let person = match activate::person(&idp, &code).await {
        Ok(person) => person,
        Err(error) => return failure::activation(lang, &id, &error),
    };
    let cookie = idp
        .cookies
        .get(&headers, COOKIE)
        .unwrap_or_else(|| secret::fresh(&*idp.cx.random).0);
    let csrf = idp.csrf.token(&cookie);
    let path = format!("/activate/{code}");
    let page = Page {
        title: &WORDS.text(lang, "activate-title"),
        service: &WORDS.text(lang, "service"),
        path: &path,
        csrf: Some(&csrf),
        scripts: &["passkey.js"],
        ..Page::new(lang, body(lang, &person, &path))
    };
    with_cookie(
        page.render(),
        idp.cookies.set(COOKIE, &cookie, Some(idp.config.interaction_ttl())),
    )
}

/// The given name alone: whoever found the letter should learn no more.
fn body(lang: Lang, person: &Person, path: &str) -> Markup {
    let word = |key| WORDS.text(lang, key);
    html! {
        h1 { (WORDS.text_with(lang, "activate-heading", &[("name", person.given_name.as_str().into())])) }
        p.lead { (word("activate-lead")) }
        ol {
            li { (word("activate-step-1")) }
            li { (word("activate-step-2")) }
            li { (word("activate-step-3")) }
        }
        (Passkey {
            kind: PasskeyKind::Create,
            options: &format!("{path}/options"),
            finish: path,
            label: &word("activate-button"),
            messages: &[
                ("activation_invalid", word("error-activation-do")),
                ("passkey_refused", word("activate-refused")),
            ],
        }.markup(lang))
        p.hint { (word("activate-hint")) }
    }
}

fn guarded(idp: &Shared, headers: &HeaderMap) -> Result<(), Problem> {
    let cookie = idp.cookies.get(headers, COOKIE).unwrap_or_default();
    idp.csrf.check(&cookie, None, headers, idp.issuer())
}

pub(super) async fn options(State(idp): State<Shared>, Path(code): Path<String>, headers: HeaderMap) -> Response {
    if let Err(problem) = guarded(&idp, &headers) {
        return problem.into_response();
    }
    match activate::options(&idp, &code).await {
        Ok(options) => Json(options).into_response(),
        Err(error) => failure::activation_problem(&error),
    }
}

pub(super) async fn finish(
    State(idp): State<Shared>,
    Path(code): Path<String>,
    headers: HeaderMap,
    Json(credential): Json<Value>,
) -> Response {
    if let Err(problem) = guarded(&idp, &headers) {
        return problem.into_response();
    }
    match activate::finish(&idp, &code, credential).await {
        Ok(()) => with_cookie(
            Json(json!({"next": "/activated"})).into_response(),
            idp.cookies.clear(COOKIE),
        ),
        Err(error) => failure::activation_problem(&error),
    }
}

pub(super) async fn done(Locale(lang): Locale) -> Response {
    let word = |key| WORDS.text(lang, key);
    let body = html! {
        h1 { (word("activated-heading")) }
        (ui::notice(Notice::Success, word("activated-done")))
        p { (word("activated-next")) }
        p.hint { (word("activated-hint")) }
    };
    Page {
        title: &word("activated-title"),
        service: &word("service"),
        path: "/activated",
        ..Page::new(lang, body)
    }
    .render()
}
