//! What to do when the card does not work: a page that looks which piece is missing, and says the rest in plain words without
//! scripts.

use axum::extract::State;
use axum::response::Response;
use maud::html;
use signum_core::http::RequestId;
use signum_core::i18n::{Locale, SHELL};
use signum_core::ui::{self, Page};

use super::super::Shared;
use super::super::words::WORDS;
use super::card::messages;

/// What people meet, each with what to do: `card-help-KEY` and `card-help-KEY-do`.
const TROUBLES: [&str; 7] = [
    "reader",
    "extension",
    "program",
    "pin",
    "blocked",
    "certificate",
    "expired",
];

pub(super) async fn page(State(idp): State<Shared>, Locale(lang): Locale, id: RequestId) -> Response {
    let word = |key: &str| WORDS.text(lang, key);
    let over_tls = !idp.config.card.public_url.is_empty();
    let body = html! {
        h1 { (word("card-help-heading")) }
        p.lead { (word("card-help-lead")) }
        div.passkey #card-look data-card-look {
            p.progress role="status" aria-live="polite" { (word("card-help-looking")) }
            (messages(lang))
        }
        noscript { p.hint { (word("card-help-noscript")) } }
        @for trouble in TROUBLES {
            h2 { (word(&format!("card-help-{trouble}"))) }
            p { (word(&format!("card-help-{trouble}-do"))) }
        }
        @if over_tls {
            h2 { (word("card-help-tls")) }
            p { (word("card-help-tls-do")) }
        }
        p.hint { (word("card-help-ask")) }
        (ui::facts(&[(&SHELL.text(lang, "reference"), html! { code { (id.as_str()) } })]))
    };
    Page {
        title: &word("card-help-title"),
        service: &word("service"),
        path: "/eid/help",
        scripts: &["web-eid.js"],
        ..Page::new(lang, body)
    }
    .render()
}
