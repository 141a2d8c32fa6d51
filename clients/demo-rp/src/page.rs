//! The one shell of every page, and the two files it needs.

use crate::{language::Reader, words::Words};
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

/// A page that only tells something.
pub(crate) struct Notice {
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
    /// A next step besides going home: address and words.
    pub(crate) again: Option<(&'static str, &'static str)>,
}

/// Puts content into the shell.
pub(crate) fn shell(reader: &Reader, title: &str, content: &Markup) -> Html<String> {
    let words = reader.words;
    Html(
        html! {
            (DOCTYPE)
            html lang=(words.tag) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " – " (words.municipality) }
                    link rel="stylesheet" href="/style.css";
                    link rel="icon" href="/favicon.svg" type="image/svg+xml";
                }
                body {
                    a class="skip" href="#content" { (words.skip) }
                    header class="top" {
                        a class="brand" href="/" {
                            img src="/favicon.svg" alt="" width="40" height="40";
                            span { strong { (words.municipality) } span { (words.service) } }
                        }
                        (languages(reader))
                    }
                    main id="content" tabindex="-1" { (content) }
                    footer { p { (words.demonstration) } }
                }
            }
        }
        .into_string(),
    )
}

fn languages(reader: &Reader) -> Markup {
    html! {
        nav class="languages" aria-label=(reader.words.choose_language) {
            ul {
                @for words in Words::all() {
                    li {
                        @if words.tag == reader.words.tag {
                            span lang=(words.tag) aria-current="true" { (words.own_name) }
                        } @else {
                            a lang=(words.tag) hreflang=(words.tag)
                                href={ "/language?set=" (words.tag) "&next=" (reader.path) } { (words.own_name) }
                        }
                    }
                }
            }
        }
    }
}

/// Renders a notice.
pub(crate) fn notice(reader: &Reader, status: StatusCode, notice: &Notice) -> Response {
    let content = html! {
        h1 { (notice.title) }
        p class="lead" { (notice.text) }
        p class="actions" {
            @if let Some((address, words)) = notice.again {
                a class="button" href=(address) { (words) }
            }
            a href="/" { (reader.words.go_home) }
        }
    };
    (status, shell(reader, notice.title, &content)).into_response()
}

/// `GET /style.css`
pub(crate) async fn style() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "max-age=300"),
    ];
    (headers, include_str!("style.css"))
}

/// `GET /favicon.svg`
pub(crate) async fn emblem() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "max-age=300"),
    ];
    (headers, include_str!("emblem.svg"))
}
