//! The person's own page: the verified claims in plain words.

use crate::{
    App,
    claims::{Person, day_first},
    language::Reader,
    page::shell,
    words::Words,
};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use maud::{Markup, html};
use std::sync::Arc;

/// `GET /me`
pub(crate) async fn show(State(app): State<Arc<App>>, jar: CookieJar, reader: Reader) -> Response {
    let Some(logged_in) = app.sessions.who(&jar) else {
        return Redirect::to("/").into_response();
    };
    let words = reader.words;
    let content = html! {
        h1 { (words.me.title) }
        p class="lead" { (words.me.text) }
        (plain(&logged_in.person, words))
        form method="post" action="/logout" class="actions" {
            input type="hidden" name="csrf" value=(logged_in.csrf);
            button type="submit" class="button" id="log-out" { (words.me.log_out) }
        }
        h2 { (words.me.checked) }
        ul { @for check in words.me.checks { li { (check) } } }
        (technical(&logged_in.person, words))
    };
    shell(&reader, words.me.title, &content).into_response()
}

fn plain(person: &Person, words: &Words) -> Markup {
    let name = [&person.given_name, &person.family_name]
        .map(|part| part.as_deref().unwrap_or_default())
        .join(" ");
    let (shown, exact) = &person.logged_in_at;
    html! {
        dl class="facts" {
            div { dt { (words.me.name) } dd id="name" { (name.trim()) } }
            div {
                dt { (words.me.birth_date) }
                dd id="birth-date" { (person.birth_date.as_deref().map(day_first).unwrap_or_default()) }
            }
            div { dt { (words.me.level) } dd id="level" { (level(person.acr.as_deref(), words)) } }
            div { dt { (words.me.since) } dd id="since" { time datetime=(exact) { (shown) } } }
        }
    }
}

/// The level of assurance of Regulation (EU) 2015/1502 in words; the provider may write it as an address.
fn level(acr: Option<&str>, words: &Words) -> String {
    let acr = acr.unwrap_or_default();
    match acr.rsplit('/').next().unwrap_or_default() {
        "low" => words.me.low.to_owned(),
        "substantial" => words.me.substantial.to_owned(),
        "high" => words.me.high.to_owned(),
        "" => words.me.not_said.to_owned(),
        _ => acr.to_owned(),
    }
}

fn technical(person: &Person, words: &Words) -> Markup {
    let methods = person.amr.join(" ");
    let rows = [
        ("iss", person.issuer.as_str()),
        ("aud", &person.audience),
        ("sub", &person.subject),
        ("acr", person.acr.as_deref().unwrap_or_default()),
        ("amr", &methods),
    ];
    html! {
        details {
            summary { (words.me.technical) }
            dl class="technical" {
                @for (name, value) in rows { div { dt { code { (name) } } dd { code { (value) } } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_told_in_words_however_the_provider_writes_it() {
        let words = Words::default_language();
        assert_eq!(level(Some("substantial"), words), words.me.substantial);
        assert_eq!(level(Some("http://eidas.europa.eu/LoA/high"), words), words.me.high);
        assert_eq!(level(Some("urn:other"), words), "urn:other");
        assert_eq!(level(None, words), words.me.not_said);
    }
}
