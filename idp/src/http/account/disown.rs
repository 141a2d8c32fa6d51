//! "This wasn't me": what will happen, and then that it has happened. The link is the proof, so it works on any device.

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use signum_core::http::RequestId;
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Notice, Page};

use super::super::words::{WORDS, in_language};
use super::super::{SESSION, Shared, failure, with_cookie};
use super::activity::means_word;
use crate::account::activity::Stored;
use crate::account::disown;
use crate::authorize::current_session;
use crate::clients;
use crate::zone::Zone;

pub(super) async fn page(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    Path(link): Path<String>,
) -> Response {
    let entry = match disown::named(&idp.cx, &idp.csrf, &link).await {
        Ok(Some(entry)) => entry,
        Ok(None) => return failure::page(lang, &id, StatusCode::GONE, "not-me"),
        Err(error) => return failure::database(&error),
    };
    let service = match &entry.client {
        None => None,
        Some(id) => match clients::find(&idp.cx, id).await {
            Ok(client) => client.map(|client| in_language(&client.name, lang)),
            Err(error) => return failure::database(&error),
        },
    };
    shown(
        lang,
        &format!("/account/not-me/{link}"),
        question(&idp.zone, lang, &link, &entry, service.as_deref()),
    )
}

fn shown(lang: Lang, path: &str, body: Markup) -> Response {
    Page {
        title: &WORDS.text(lang, "not-me-title"),
        service: &WORDS.text(lang, "service"),
        path,
        ..Page::new(lang, body)
    }
    .render()
}

fn question(zone: &Zone, lang: Lang, link: &str, entry: &Stored, service: Option<&str>) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    let mut facts = vec![(word("not-me-when"), zone.date_time(lang, entry.at))];
    facts.extend(service.map(|service| (word("login-service"), service.to_owned())));
    let means = entry.means.as_deref();
    facts.extend(means.map(|means| (word("not-me-means"), means_word(lang, means))));
    let rows: Vec<_> = facts
        .iter()
        .map(|(label, value)| (label.as_str(), html! { (value) }))
        .collect();
    html! {
        h1 { (word("not-me-title")) }
        p.lead { (word("not-me-lead")) }
        (ui::facts(&rows))
        h2 { (word("not-me-then")) }
        ul {
            li { (word("not-me-then-1")) }
            li { (word("not-me-then-2")) }
            li { (word("not-me-then-3")) }
        }
        // No token: whoever can make this request holds the link, which is the proof.
        (ui::form(&format!("/account/not-me/{link}"), None, html! {
            (ui::actions(html! {
                button #disown.primary type="submit" { (word("not-me-button")) }
                (ui::link_button(false, "/account", word("not-me-cancel")))
            }))
        }))
    }
}

pub(super) async fn disown(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    Path(link): Path<String>,
    headers: HeaderMap,
) -> Response {
    let done = match disown::named(&idp.cx, &idp.csrf, &link).await {
        Ok(Some(entry)) => disown::disown(&idp.cx, entry.id).await,
        Ok(None) => Ok(false),
        Err(error) => Err(error),
    };
    match done {
        Ok(true) => {}
        Ok(false) => return failure::page(lang, &id, StatusCode::GONE, "not-me"),
        Err(error) => return failure::database(&error),
    }
    let word = |key: &str| WORDS.text(lang, key);
    let response = shown(
        lang,
        "",
        html! {
            h1 { (word("not-me-done")) }
            (ui::notice(Notice::Success, word("not-me-done-1")))
            p { (word("not-me-done-2")) }
        },
    );
    // Somebody else's session in this browser goes on.
    match current_session(&idp, idp.session_cookie(&headers).as_deref()).await {
        Ok(Some(_)) => response,
        Ok(None) => with_cookie(response, idp.cookies.clear(SESSION)),
        Err(error) => failure::database(&error),
    }
}
