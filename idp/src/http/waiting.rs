//! "Come back later", in the form of whoever asked: a page that tries again by itself for people, OAuth's JSON for programs, a
//! problem (RFC 9457) for the scripts of our pages; with Retry-After (RFC 9110 section 10.2.3) for everybody.

use std::time::Duration;

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use maud::html;
use serde_json::json;
use signum_core::http::Problem;
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Page};

use super::token::not_stored;
use super::words::WORDS;

/// Who asked, as far as the answer depends on it; taken before the handler has the request.
pub(super) enum Asked {
    Program,
    Script,
    Person {
        lang: Lang,
        /// The address to try again, unless that would send a form twice.
        again: Option<String>,
    },
}

impl Asked {
    pub(super) fn of(request: &Request, program: bool) -> Self {
        if program {
            return Self::Program;
        }
        if !wants_page(request.headers()) {
            return Self::Script;
        }
        let Locale(lang) = Locale::of(request.uri(), request.headers());
        let address = request.uri().path_and_query();
        Self::Person {
            lang,
            again: address
                .filter(|_| request.method() == Method::GET)
                .map(|address| address.as_str().to_owned()),
        }
    }

    /// More people than there are places: everybody is asked to wait.
    pub(super) fn full(&self, seconds: u64) -> Response {
        let response = match self {
            Self::Program => temporarily_unavailable(),
            Self::Script => Problem::of_status(StatusCode::SERVICE_UNAVAILABLE).into_response(),
            Self::Person { lang, again } => self.trying_again(
                page(
                    *lang,
                    StatusCode::SERVICE_UNAVAILABLE,
                    again.as_deref(),
                    &WORDS.text(*lang, "busy-full"),
                ),
                seconds,
            ),
        };
        with_pause(response, seconds)
    }

    /// A handler could not answer because something that it needs is away, mostly the database.
    pub(super) fn away(&self, answered: Response, seconds: u64) -> Response {
        let response = match self {
            Self::Program if is_json(&answered) => answered,
            Self::Program => temporarily_unavailable(),
            Self::Script => answered,
            Self::Person { lang, again } => self.trying_again(
                page(
                    *lang,
                    StatusCode::SERVICE_UNAVAILABLE,
                    again.as_deref(),
                    &WORDS.text(*lang, "busy-away"),
                ),
                seconds,
            ),
        };
        with_pause(response, seconds)
    }

    /// The address has asked too often. Who shares it with many others reads when to come back.
    pub(super) fn too_many(&self, wait: Duration) -> Response {
        let seconds = wait.as_secs().max(1);
        let response = match self {
            Self::Person { lang, again } => {
                let minutes = seconds.div_ceil(60);
                let text = WORDS.text_with(*lang, "busy-address", &[("minutes", minutes.into())]);
                page(*lang, StatusCode::TOO_MANY_REQUESTS, again.as_deref(), &text)
            }
            Self::Program | Self::Script => Problem::of_status(StatusCode::TOO_MANY_REQUESTS).into_response(),
        };
        with_pause(response, seconds)
    }

    /// The page asks again by itself, but never sends a form twice.
    fn trying_again(&self, mut response: Response, seconds: u64) -> Response {
        if let Self::Person { again: Some(_), .. } = self
            && let Ok(value) = HeaderValue::from_str(&seconds.to_string())
        {
            response.headers_mut().insert(header::REFRESH, value);
        }
        response
    }
}

/// RFC 9110 section 15.6.4 in the form of RFC 6749 section 5.2: something that we need is away.
pub(super) fn temporarily_unavailable() -> Response {
    let description = "the service cannot answer now; try again";
    let body = Json(json!({"error": "temporarily_unavailable", "error_description": description}));
    not_stored((StatusCode::SERVICE_UNAVAILABLE, body).into_response())
}

fn page(lang: Lang, status: StatusCode, again: Option<&str>, text: &str) -> Response {
    let word = |key: &str| WORDS.text(lang, key);
    let body = html! {
        h1 { (word("busy-title")) }
        p.lead { (text) }
        @match again {
            Some(again) => {
                @if status == StatusCode::SERVICE_UNAVAILABLE { p { (word("busy-itself")) } }
                (ui::actions(ui::link_button(true, again, word("busy-again"))))
            }
            None => p { (word("busy-back")) }
        }
    };
    Page {
        title: &word("busy-title"),
        service: &word("service"),
        ..Page::new(lang, body)
    }
    .render_as(status)
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn is_json(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes() == b"application/json")
}

pub(super) fn with_pause(mut response: Response, seconds: u64) -> Response {
    if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}
