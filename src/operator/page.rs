//! The admin page on the operator's own listener: read-only, without a log-in, as `/metrics` beside it.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use signum_core::http::{Frame, Problem};
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Notice, Page};

use super::alarm::replica_name;
use super::text::{days_left, off};
use super::{Status, View, WORDS};

/// `GET /`, with the shell's styles and languages.
pub fn router(view: View, address: url::Url) -> Router {
    let frame = Frame::new("operator", address, view.ca.random.clone());
    frame.around(Router::new().route("/", get(show)).with_state(view))
}

async fn show(State(view): State<View>, Locale(lang): Locale) -> Response {
    match view.status().await {
        Ok(status) => render(&status, lang),
        Err(error) => {
            tracing::error!(%error, "the state of the CA cannot be read");
            Problem::of_status(axum::http::StatusCode::SERVICE_UNAVAILABLE).into_response()
        }
    }
}

fn render(status: &Status, lang: Lang) -> Response {
    let word = |key: &str| WORDS.text(lang, key);
    let body = html! {
        h1 { (word("title")) }
        p { (WORDS.text_with(lang, "state-at", &[("time", status.at.to_string().into())])) }
        (alarms(status, lang))
        h2 { (word("keys")) }
        (keys(status, lang))
        h2 { (word("lists")) }
        (lists(status, lang))
        @if let Some(answer) = &status.ca.oldest_answer {
            (ui::facts(&[
                (&word("answer-due"), html! { (answer.issuer) ", " (answer.refresh_at) }),
                (&word("valid-until"), html! { (answer.next_update) }),
            ]))
        }
        @if let Some(look) = &status.ca.relint {
            (ui::facts(&[
                (&word("relint-at"), html! { (look.at) }),
                (&word("relint-findings"), html! { (look.findings) }),
            ]))
        }
        h2 { (word("clocks")) }
        (clocks(status, lang))
        @if !status.looks_up_caa { (ui::notice(Notice::Information, word("no-caa"))) }
        h2 { (word("waiting")) }
        (ui::facts(&[
            (&word("intents"), html! { (status.ca.queue.intents) }),
            (&word("owed"), html! { (status.ca.queue.owed_events) }),
            (&word("approvals"), html! { (status.ca.queue.approvals) }),
        ]))
        h2 { (word("logs")) }
        (logs(status, lang))
        h2 { (word("witnesses")) }
        (witnesses(status, lang))
    };
    let title = word("title");
    let service = word("service");
    let page = Page {
        title: &title,
        service: &service,
        path: "/",
        ..Page::new(lang, body)
    };
    page.render()
}

fn alarms(status: &Status, lang: Lang) -> Markup {
    if status.alarms.is_empty() {
        return ui::notice(Notice::Success, WORDS.text(lang, "no-alarms"));
    }
    html! {
        @for alarm in &status.alarms { (ui::notice(Notice::Warning, alarm.text(lang))) }
    }
}

/// A table that scrolls by itself where the page is narrow, by keyboard too.
fn table(lang: Lang, name: &str, head: &[&str], rows: Vec<Vec<Markup>>) -> Markup {
    if rows.is_empty() {
        return html! { p { (WORDS.text(lang, "none")) } };
    }
    html! {
        div.wide role="region" tabindex="0" aria-label=(WORDS.text(lang, name)) {
            table {
                thead { tr { @for key in head { th scope="col" { (WORDS.text(lang, key)) } } } }
                tbody {
                    @for row in &rows {
                        tr {
                            @for (i, cell) in row.iter().enumerate() {
                                @if i == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn keys(status: &Status, lang: Lang) -> Markup {
    let row = |key: &signum_ca::OwnKey| {
        vec![
            html! { (key.holder) },
            html! { (key.issuer) },
            html! { (key.key_label) },
            html! { (key.not_after) },
            html! { (days_left(status.at, key.used_until)) },
        ]
    };
    let rows = status.ca.keys.iter().map(row).collect();
    table(
        lang,
        "keys",
        &["holder", "issuer", "key", "valid-until", "days-left"],
        rows,
    )
}

fn lists(status: &Status, lang: Lang) -> Markup {
    let row = |list: &signum_ca::List| {
        vec![
            html! { (list.issuer) " / " (list.shard) },
            html! { (list.number) },
            html! { (list.this_update) },
            html! { (list.next_update) },
        ]
    };
    let rows = status.ca.lists.iter().map(row).collect();
    table(lang, "lists", &["list", "number", "made", "next-update"], rows)
}

fn clocks(status: &Status, lang: Lang) -> Markup {
    let row = |clock: &signum_ca::ClockLook| {
        let off = match clock.off {
            Some(_) if clock.is_checked => off(clock),
            _ if clock.is_checked => WORDS.text(lang, "off-unknown"),
            _ => WORDS.text(lang, "off-unchecked"),
        };
        vec![
            html! { (replica_name(clock)) },
            html! { (clock.at) },
            html! { (off) },
            html! { @match &clock.problem { Some((problem, _)) => { span lang="en" { (problem) } }, None => "–" } },
        ]
    };
    let rows = status.ca.clocks.iter().map(row).collect();
    table(lang, "clocks", &["replica", "looked-at", "off-by", "problem"], rows)
}

fn logs(status: &Status, lang: Lang) -> Markup {
    let row = |log: &signum_core::audit::LogState| {
        vec![
            html! { (log.service) },
            html! { (log.size) },
            html! { (log.waiting) },
            html! { @if let Some(signed) = &log.signed { (signed.head.size) } @else { "–" } },
            html! { @if let Some(signed) = &log.signed { (signed.at) } @else { "–" } },
        ]
    };
    let rows = status.logs.iter().map(row).collect();
    table(
        lang,
        "logs",
        &["log", "entries", "unordered", "signed-up-to", "signed-at"],
        rows,
    )
}

fn witnesses(status: &Status, lang: Lang) -> Markup {
    let mut rows = Vec::new();
    for log in &status.logs {
        for witness in &log.witnesses {
            rows.push(vec![
                html! { (witness.name) },
                html! { (log.service) },
                html! { (witness.size) },
                html! { @match &witness.problem { Some(problem) => { span lang="en" { (problem) } }, None => "–" } },
            ]);
        }
    }
    table(lang, "witnesses", &["witness", "log", "signed-up-to", "problem"], rows)
}
