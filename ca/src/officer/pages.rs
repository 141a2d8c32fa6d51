//! Pages for officers: make a key, make a gesture that a command asked for, agree to what waits (S-02).
//!
//! There is no session here, and no cookie but the language's: what counts is the gesture, over octets that the service
//! computes, verified against the list in force. The first two pages know nothing of the CA, so that keys can be made before there
//! is a list, and gestures in a room without a network: `signum ca officers page`.

mod agree;
mod gesture;
mod key;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use signum_core::Random;
use signum_core::http::Frame;
use signum_core::i18n::Lang;
use signum_core::ui::Page;

use crate::Service;
use words::word;

/// `/key` and `/gesture` alone; `address` says whether browsers come by https.
pub fn key_and_gesture_pages(address: url::Url, random: Arc<dyn Random>) -> Router {
    Frame::new("officers", address, random.clone()).around(alone(random))
}

/// The same for a frame that is there already.
fn alone(random: Arc<dyn Random>) -> Router {
    Router::new()
        .route("/key", get(key::show))
        .route("/key/options", post(key::options))
        .route("/key/made", get(key::show_made).post(key::made))
        .route("/gesture", get(gesture::show))
        .route("/gesture/options", post(gesture::options))
        .route("/gesture/made", get(gesture::show_made).post(gesture::made))
        .with_state(random)
}

/// All of them.
pub(crate) fn routes(service: &Arc<Service>) -> Router {
    let agree = Router::new()
        .route("/agree/{id}", get(agree::show))
        .route("/agree/{id}/options", post(agree::options))
        .route("/agree/{id}/gesture", post(agree::give))
        .with_state(Arc::clone(service));
    agree.merge(alone(service.cx.random.clone()))
}

fn page(lang: Lang, path: &str, title: &str, scripts: &[&str], body: Markup) -> Response {
    let (title, service) = (word(lang, title), word(lang, "service"));
    let body = html! {
        h1 { (title) }
        (body)
    };
    let page = Page {
        title: &title,
        service: &service,
        path,
        scripts,
        ..Page::new(lang, body)
    };
    page.render()
}

/// Text to be taken elsewhere, whole.
fn result(lang: Lang, text: &str) -> Markup {
    html! {
        div.field {
            label for="result" { (word(lang, "result")) }
            textarea id="result" readonly rows="10" spellcheck="false" { (text) }
        }
    }
}

/// Four lines of four groups of four digits, as a hash is read aloud and compared.
pub fn spoken(octets: &[u8]) -> String {
    let digits: Vec<char> = hex::encode(octets).chars().collect();
    let groups: Vec<String> = digits.chunks(4).map(|group| group.iter().collect()).collect();
    let lines: Vec<String> = groups.chunks(4).map(|line| line.join(" ")).collect();
    lines.join("\n")
}

fn digits(octets: &[u8]) -> Markup {
    html! { @for line in spoken(octets).lines() { code { (line) } br; } }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_hash_is_read_aloud_in_four_lines_and_typed_in_any_layout() {
        let hash = crate::ListHash([0xab; 32]);
        let spoken = super::spoken(&hash.0);
        assert_eq!(spoken.lines().count(), 4);
        assert!(spoken.starts_with("abab abab abab abab\n"));
        assert_eq!(spoken.to_uppercase().parse(), Ok(hash));
    }
}
