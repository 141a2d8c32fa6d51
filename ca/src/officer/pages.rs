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

/// As a hash is read aloud: four lines of four groups of four digits.
pub(crate) fn groups(octets: &[u8]) -> Vec<String> {
    let digits = hex::encode(octets);
    let quads: Vec<&str> = digits
        .as_bytes()
        .chunks(4)
        .filter_map(|quad| std::str::from_utf8(quad).ok())
        .collect();
    quads.chunks(4).map(|line| line.join(" ")).collect()
}
