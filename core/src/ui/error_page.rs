//! Pages for what went wrong: what happened, what to do, and the reference code.

use axum::response::Response;
use http::StatusCode;
use maud::html;

use super::{Page, actions, link_button};
use crate::http::Problem;
use crate::i18n::{Lang, SHELL};

/// A page that says what happened and what to do, in words already translated.
pub fn error_page(lang: Lang, status: StatusCode, what_happened: &str, what_to_do: &str, reference: &str) -> Response {
    let word = |key| SHELL.text(lang, key);
    let body = html! {
        section.card {
            h1 { (what_happened) }
            p.lead { (what_to_do) }
            (actions(link_button(true, "/", word("back-home"))))
            p.reference { (word("reference")) ": " code { (reference) } br; span.hint { (word("reference-hint")) } }
        }
    };
    Page {
        title: what_happened,
        ..Page::new(lang, body)
    }
    .render_as(status)
}

/// The page of a problem, in the general words of its status.
pub fn problem_page(lang: Lang, problem: &Problem, reference: &str) -> Response {
    let status = problem.status();
    let class = match status {
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => "forbidden",
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => "not-found",
        StatusCode::GONE | StatusCode::CONFLICT => "expired",
        StatusCode::PAYLOAD_TOO_LARGE => "too-large",
        StatusCode::TOO_MANY_REQUESTS => "busy",
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT | StatusCode::BAD_GATEWAY => "unavailable",
        status if status.is_server_error() => "internal",
        _ => "bad-request",
    };
    let happened = SHELL.text(lang, &format!("error-{class}-happened"));
    let to_do = SHELL.text(lang, &format!("error-{class}-do"));
    error_page(lang, status, &happened, &to_do, reference)
}
