//! The first page: what this service is, what it will ask the provider for, and the way in.

use crate::{App, language::Reader, page::shell};
use axum::{
    extract::{Query, State},
    response::Html,
};
use axum_extra::extract::cookie::CookieJar;
use maud::html;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
pub(crate) struct Return {
    /// Set when the provider sends the browser back from logging out.
    state: Option<String>,
}

/// `GET /`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Query(back): Query<Return>,
    reader: Reader,
) -> Html<String> {
    let words = reader.words;
    let left = back.state.is_some_and(|state| app.sessions.has_left(&jar, &state));
    let here = app.sessions.who(&jar).is_some();
    let content = html! {
        @if left { p class="good" role="status" { (words.logged_out) } }
        h1 { (words.home.title) }
        p class="lead" { (words.home.text) }
        @if here {
            p class="actions" { a class="button" href="/me" { (words.home.my_page) } }
        } @else {
            p class="actions" { a class="button" id="log-in" href="/login" { (words.home.log_in) } }
        }
        h2 { (words.home.asked) }
        ul class="asked" {
            @for (what, why) in words.home.items {
                li { strong { (what) } " " (why) }
            }
        }
        p { (words.home.not_asked) }
    };
    shell(&reader, words.home.title, &content)
}
