//! The plain home page: who is logged in, and how to log out.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use maud::html;
use signum_core::DbError;
use signum_core::i18n::Locale;
use signum_core::ui::{self, Page, User};

use super::words::WORDS;
use super::{Shared, failure};
use crate::authorize::current_session;
use crate::people::Person;

pub(super) async fn page(State(idp): State<Shared>, Locale(lang): Locale, headers: HeaderMap) -> Response {
    let cookie = idp.session_cookie(&headers);
    let person = match who(&idp, cookie.as_deref()).await {
        Ok(person) => person,
        Err(error) => return failure::database(&error),
    };
    let word = |key| WORDS.text(lang, key);
    let name = person.map(|person| format!("{} {}", person.given_name, person.family_name));
    let body = html! {
        h1 { (word("home-heading")) }
        p.lead { (word("home-lead")) }
        @if name.is_some() {
            p { (word("home-logged-in")) }
        } @else {
            p { (word("home-logged-out")) }
        }
        (ui::actions(ui::link_button(true, "/account", word("account-open"))))
        h2 { (word("home-safe-heading")) }
        ul {
            li { (word("home-safe-1")) }
            li { (word("home-safe-2")) }
            li { (word("home-safe-3")) }
        }
    };
    let csrf = cookie.map(|cookie| idp.csrf.token(&cookie));
    Page {
        title: &word("home-heading"),
        service: &word("service"),
        csrf: csrf.as_deref(),
        user: name.as_deref().map(|name| User {
            name,
            log_out: "/logout/confirm",
        }),
        ..Page::new(lang, body)
    }
    .render()
}

async fn who(idp: &Shared, cookie: Option<&str>) -> Result<Option<Person>, DbError> {
    match current_session(idp, cookie).await? {
        Some(session) => idp.people.find(session.person).await,
        None => Ok(None),
    }
}
