//! The first of the person's own pages: sessions on every device, services with consent, and what happened lately.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{RawForm, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use signum_core::http::Problem;
use signum_core::i18n::{Lang, Locale};
use signum_core::ui;
use signum_core::{DbError, Id};

use super::super::words::{WORDS, in_language};
use super::super::{Shared, failure, see_other};
use super::{Visitor, acting, activity, consents, render, visitor};
use crate::account::activity::{Stored, before};
use crate::form::Form;
use crate::service::Idp;
use crate::session::{self, Listed, Why};
use crate::{clients, consent};

/// How many entries of the activity stand on the first page.
const LATELY: i64 = 5;

pub(super) async fn page(State(idp): State<Shared>, Locale(lang): Locale, headers: HeaderMap) -> Response {
    let visitor = match visitor(&idp, &headers).await {
        Ok(visitor) => visitor,
        Err(elsewhere) => return elsewhere,
    };
    match body(&idp, lang, &visitor).await {
        Ok(body) => render(lang, &visitor, &WORDS.text(lang, "account-title"), "/account", body),
        Err(error) => failure::database(&error),
    }
}

async fn body(idp: &Shared, lang: Lang, visitor: &Visitor) -> Result<Markup, DbError> {
    let (cx, person) = (&idp.cx, visitor.person.id);
    let sessions = session::list(cx, &idp.config, person).await?;
    let lately = before(cx, person, cx.now().plus(std::time::Duration::from_secs(1)), LATELY).await?;
    let agreed = consent::list(cx, person).await?;
    let names = names(idp, lang, &sessions, &lately).await?;
    let word = |key: &str| WORDS.text(lang, key);
    Ok(html! {
        h1 { (word("account-title")) }
        p.lead { (word("account-lead")) }
        h2 { (word("account-sessions")) }
        @for listed in &sessions { (session_card(lang, visitor, listed, &names)) }
        @if sessions.len() > 1 {
            (ui::form("/account/sessions/end", Some(&visitor.csrf), html! {
                button #end-others.secondary type="submit" name="session" value="others" { (word("account-end-others")) }
            }))
        }
        (ui::actions(ui::link_button(false, "/account/passkeys", word("passkeys-open"))))
        (consents::list(lang, visitor, &agreed))
        h2 { (word("account-lately")) }
        (activity::entries(idp, lang, &lately, &names))
        (ui::actions(ui::link_button(false, "/account/activity", word("account-all-activity"))))
    })
}

/// The services' names in the reader's language, by client id.
pub(super) type Names = BTreeMap<String, String>;

async fn names(idp: &Idp, lang: Lang, sessions: &[Listed], entries: &[Stored]) -> Result<Names, DbError> {
    let ids = sessions.iter().flat_map(|s| s.services.iter()).cloned();
    let ids = ids.chain(entries.iter().filter_map(|entry| entry.client.clone()));
    name_all(idp, lang, ids).await
}

pub(super) async fn name_all(idp: &Idp, lang: Lang, ids: impl Iterator<Item = String>) -> Result<Names, DbError> {
    let mut names = Names::new();
    for id in ids.collect::<BTreeSet<_>>() {
        // A service that is no longer there keeps its id as name.
        let client = clients::find(&idp.cx, &id).await?;
        let name = client.map_or_else(|| id.clone(), |client| in_language(&client.name, lang));
        names.insert(id, name);
    }
    Ok(names)
}

fn session_card(lang: Lang, visitor: &Visitor, listed: &Listed, names: &Names) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    let here = listed.id == visitor.session.id;
    let device = if listed.device.is_empty() {
        word("account-device-unknown")
    } else {
        listed.device.clone()
    };
    let services: Vec<_> = listed
        .services
        .iter()
        .filter_map(|id| names.get(id))
        .map(String::as_str)
        .collect();
    ui::card(html! {
        h3 { (device) @if here { " (" (word("account-this-device")) ")" } }
        (ui::facts(&[
            (&word("account-since"), html! { (visitor.zone.date_time(lang, listed.created_at)) }),
            (&word("account-last-seen"), html! { (visitor.zone.date_time(lang, listed.last_seen_at)) }),
            (&word("account-level"), html! { (word(&format!("level-{}", listed.acr))) }),
            (&word("account-used-for"), html! {
                @if services.is_empty() { (word("account-no-service")) } @else { (services.join(", ")) }
            }),
        ]))
        @if !here {
            (ui::form("/account/sessions/end", Some(&visitor.csrf), html! {
                button.secondary type="submit" name="session" value=(listed.id) { (word("account-end")) }
            }))
        }
    })
}

pub(super) async fn end_session(State(idp): State<Shared>, headers: HeaderMap, RawForm(body): RawForm) -> Response {
    let form = Form::parse(&body);
    let visitor = match acting(&idp, &headers, form.get("csrf")).await {
        Ok(visitor) => visitor,
        Err(elsewhere) => return elsewhere,
    };
    let (cx, person, here) = (&idp.cx, visitor.person.id, visitor.session.id);
    let ended = match form.get("session") {
        Some("others") => cx
            .db
            .run::<_, DbError, _, _>("sessions.end", |tx| async move {
                session::end_all(&tx, cx, person, Some(here), Why::FromList).await
            })
            .await
            .map(drop),
        Some(id) => match Id::parse(id) {
            Some(id) => session::end_own(cx, person, id).await,
            None => return Problem::of_status(StatusCode::BAD_REQUEST).into_response(),
        },
        None => return Problem::of_status(StatusCode::BAD_REQUEST).into_response(),
    };
    match ended {
        Ok(()) => see_other("/account"),
        Err(error) => failure::database(&error),
    }
}
