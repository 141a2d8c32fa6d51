//! /account: the person's own pages. Whoever is not logged in is sent to log in first, as for any other service.

mod activity;
mod consents;
mod disown;
mod overview;
mod passkeys;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::HeaderMap;
use signum_core::i18n::Lang;
use signum_core::ui::{Page, User};

use super::words::WORDS;
use super::{Shared, failure, see_other};
use crate::account::house_client;
use crate::authorize::current_session;
use crate::people::Person;
use crate::session::Session;
use crate::zone::Zone;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/account", get(overview::page))
        .route("/account/entered", get(entered))
        .route("/account/activity", get(activity::page))
        .route("/account/sessions/end", post(overview::end_session))
        .route("/account/passkeys", get(passkeys::page).post(passkeys::finish))
        .route("/account/passkeys/options", post(passkeys::options))
        .route("/account/passkeys/rename", post(passkeys::rename))
        .route("/account/passkeys/remove", post(passkeys::remove))
        .route("/account/consents/withdraw", post(consents::withdraw))
        .route("/account/not-me/{link}", get(disown::page).post(disown::disown))
}

/// Who looks at their own pages.
struct Visitor {
    session: Session,
    person: Person,
    csrf: String,
    zone: Zone,
}

impl Visitor {
    fn name(&self) -> String {
        format!("{} {}", self.person.given_name, self.person.family_name)
    }
}

/// The visitor, or the way to the log-in.
async fn visitor(idp: &Shared, headers: &HeaderMap) -> Result<Visitor, Response> {
    let cookie = idp.session_cookie(headers).unwrap_or_default();
    let database = |error| failure::database(&error);
    let Some(session) = current_session(idp, Some(&cookie)).await.map_err(database)? else {
        return Err(see_other(&house_client::log_in(idp)));
    };
    match idp.people.find(session.person).await.map_err(database)? {
        Some(person) => Ok(Visitor {
            session,
            person,
            csrf: idp.csrf.token(&cookie),
            zone: idp.zone.clone(),
        }),
        None => Err(see_other(&house_client::log_in(idp))),
    }
}

/// The same for a form's POST: its token must be that of the visitor's page.
async fn acting(idp: &Shared, headers: &HeaderMap, csrf: Option<&str>) -> Result<Visitor, Response> {
    let cookie = idp.session_cookie(headers).unwrap_or_default();
    idp.csrf
        .check(&cookie, Some(csrf.unwrap_or_default()), headers, idp.issuer())
        .map_err(IntoResponse::into_response)?;
    visitor(idp, headers).await
}

/// Where the log-in for these pages leads: the code in the address is of no use to anybody and is left behind.
async fn entered(State(_): State<Shared>) -> Response {
    see_other("/account")
}

fn render(lang: Lang, visitor: &Visitor, title: &str, path: &str, body: maud::Markup) -> Response {
    Page {
        title,
        service: &WORDS.text(lang, "service"),
        path,
        csrf: Some(&visitor.csrf),
        user: Some(User {
            name: &visitor.name(),
            log_out: "/logout/confirm",
        }),
        ..Page::new(lang, body)
    }
    .render()
}
