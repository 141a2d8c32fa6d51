//! Takes an answer to the client: 303 with everything in the address, or a page that posts it (Form Post Response Mode).

use axum::response::Response;
use maud::html;
use signum_core::http::FormAction;
use signum_core::i18n::Lang;
use signum_core::ui::{self, Page};

use super::see_other;
use super::words::WORDS;
use crate::authorize::response::ToClient;

pub(super) fn deliver(lang: Lang, answer: ToClient) -> Response {
    match answer {
        ToClient::Redirect(location) => see_other(&location),
        ToClient::FormPost { action, fields } => posted(lang, &action, &fields),
    }
}

/// The page posts itself; without scripts its button does. Every value is text of an attribute, and the policy lets the form go
/// to the client's origin alone.
fn posted(lang: Lang, action: &str, fields: &[(&'static str, String)]) -> Response {
    let word = |key| WORDS.text(lang, key);
    let body = html! {
        h1 { (word("form-post-heading")) }
        form.form method="post" action=(action) data-submit {
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            (ui::actions(ui::primary_button(word("form-post-button"))))
        }
        p.hint { (word("form-post-hint")) }
    };
    let mut response = Page {
        title: &word("form-post-heading"),
        service: &word("service"),
        scripts: &["submit.js"],
        ..Page::new(lang, body)
    }
    .render();
    response.extensions_mut().insert(FormAction(action.to_owned()));
    response
}
