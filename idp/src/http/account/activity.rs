//! What happened with the person's identity, the latest first, with "this wasn't me" at every log-in of the last ten days.

use axum::extract::{Query, State};
use axum::response::Response;
use http::HeaderMap;
use maud::{Markup, html};
use signum_core::i18n::{Lang, Locale};
use signum_core::{DbError, Timestamp, ui};

use super::super::words::WORDS;
use super::super::{Shared, failure};
use super::overview::{Names, name_all};
use super::{Visitor, render, visitor};
use crate::account::activity::{Stored, before};
use crate::account::disown;
use crate::claim::{Claim, Claims};
use crate::scope::Scopes;
use crate::service::Idp;

/// Entries on one page.
const PAGE: i64 = 50;

#[derive(serde::Deserialize)]
pub(super) struct From {
    /// Only what happened before, in microseconds.
    before: Option<i64>,
}

pub(super) async fn page(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Response {
    let visitor = match visitor(&idp, &headers).await {
        Ok(visitor) => visitor,
        Err(elsewhere) => return elsewhere,
    };
    let until = from.before.map_or(Timestamp(i64::MAX), Timestamp);
    match body(&idp, lang, &visitor, until).await {
        Ok(body) => render(
            lang,
            &visitor,
            &WORDS.text(lang, "activity-title"),
            "/account/activity",
            body,
        ),
        Err(error) => failure::database(&error),
    }
}

async fn body(idp: &Idp, lang: Lang, visitor: &Visitor, until: Timestamp) -> Result<Markup, DbError> {
    let found = before(&idp.cx, visitor.person.id, until, PAGE).await?;
    let names = name_all(idp, lang, found.iter().filter_map(|entry| entry.client.clone())).await?;
    let word = |key: &str| WORDS.text(lang, key);
    let full = i64::try_from(found.len()) == Ok(PAGE);
    let older = found.last().filter(|_| full).map(|last| last.at.0);
    let years = idp.config.activity_years;
    Ok(html! {
        h1 { (word("activity-title")) }
        p.lead { (word("activity-lead")) }
        (entries(idp, lang, &found, &names))
        (ui::actions(html! {
            @if let Some(older) = older {
                (ui::link_button(false, &format!("/account/activity?before={older}"), word("activity-older")))
            }
            (ui::link_button(false, "/account", word("activity-back")))
        }))
        p.hint { (WORDS.text_with(lang, "activity-kept", &[("years", years.into())])) }
    })
}

pub(super) fn entries(idp: &Idp, lang: Lang, entries: &[Stored], names: &Names) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    html! {
        @if entries.is_empty() { p { (word("activity-none")) } }
        @else { ul.events { @for entry in entries { li { (one(idp, lang, entry, names)) } } } }
    }
}

fn one(idp: &Idp, lang: Lang, entry: &Stored, names: &Names) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    let service = entry.client.as_ref().and_then(|id| names.get(id));
    let mut circumstances = vec![idp.zone.date_time(lang, entry.at)];
    circumstances.extend(entry.means.as_deref().map(|means| means_word(lang, means)));
    circumstances.extend(entry.acr.as_deref().map(|acr| word(&format!("level-{acr}"))));
    let data = labels(lang, entry.scope.as_deref().unwrap_or_default());
    html! {
        p.event {
            strong { (word(&format!("activity-{}", entry.kind.name()))) }
            @if let Some(service) = service { ": " (service) }
        }
        @if !data.is_empty() { p { (data.join(", ")) } }
        p.hint { (circumstances.join(", ")) }
        @if entry.disowned_at.is_some() {
            p { strong { (word("activity-was-disowned")) } }
        } @else if let Some(link) = disown::link(&idp.cx, &idp.csrf, entry) {
            p { a href=(format!("/account/not-me/{link}")) rel="nofollow" { (word("activity-not-me")) } }
        }
    }
}

/// A means that brought no words of its own keeps its name.
pub(super) fn means_word(lang: Lang, means: &str) -> String {
    match means {
        "passkey" | "card" => WORDS.text(lang, &format!("means-{means}")),
        other => other.to_owned(),
    }
}

/// The data behind names of claims and scopes, in words.
fn labels(lang: Lang, names: &str) -> Vec<String> {
    let single: Claims = names.split(' ').filter_map(Claim::parse).collect();
    let all = Scopes::known(names).claims().union(&single);
    let named = all
        .shown()
        .map(|claim| WORDS.text(lang, &format!("claim-{}", claim.name())));
    named.collect()
}
