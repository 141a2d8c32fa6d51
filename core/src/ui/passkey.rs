//! The passkey button and the waiting element: markup that `passkey.js` and `poll.js` bring to life (WebAuthn Level 3).

use maud::{Markup, html};

use crate::i18n::{Lang, SHELL};

/// What the browser is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasskeyKind {
    /// Use a passkey: `navigator.credentials.get()`.
    Get,
    /// Make one: `navigator.credentials.create()`.
    Create,
}

/// A button that fetches options, asks the browser, posts the credential and goes where the answer's `next` says.
///
/// Both addresses get POST with `X-CSRF-Token` of the page. `options` answers `{"publicKey": {...}}`; `finish` gets the
/// credential's `toJSON()` and answers `{"next": "/path"}`. The page lists `passkey.js` among its scripts.
pub struct Passkey<'a> {
    pub kind: PasskeyKind,
    pub options: &'a str,
    pub finish: &'a str,
    pub label: &'a str,
    /// The service's own words for its problem codes, e.g. `("already_signed", "...")`; for others there are general ones.
    pub messages: &'a [(&'a str, String)],
}

const GENERAL: &[&str] = &[
    "working",
    "waiting",
    "finishing",
    "cancelled",
    "unsupported",
    "exists",
    "insecure",
    "expired",
    "refused",
    "network",
    "server",
];

impl Passkey<'_> {
    pub fn markup(&self, lang: Lang) -> Markup {
        let kind = match self.kind {
            PasskeyKind::Get => "get",
            PasskeyKind::Create => "create",
        };
        html! {
            div.passkey data-passkey=(kind) data-options=(self.options) data-finish=(self.finish) {
                button.primary type="button" { (self.label) }
                p.progress role="status" aria-live="polite" {}
                noscript { p.notice.warning { (SHELL.text(lang, "noscript")) } }
                div hidden {
                    @for name in GENERAL {
                        span data-message=(name) { (SHELL.text(lang, &format!("passkey-{name}"))) }
                    }
                    @for (code, text) in self.messages { span data-message=(code) { (text) } }
                    span data-message="reference" { (SHELL.text(lang, "reference")) }
                }
            }
        }
    }
}

/// Asks `url` for `{"state": ...}` every two seconds and loads the page again when the state is no longer `current`.
/// The page lists `poll.js` among its scripts.
pub fn poll(url: &str, current: &str, text: &str) -> Markup {
    html! {
        div.waiting data-poll=(url) data-state=(current) role="status" {
            span.waiting-mark aria-hidden="true" {}
            p { (text) }
        }
    }
}
