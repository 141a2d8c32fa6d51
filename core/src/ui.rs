//! The page shell and its pieces: one calm, accessible look for every service (WCAG 2.2 AA, EN 301 549).
//!
//! ```
//! use maud::html;
//! use signum_core::i18n::Lang;
//! use signum_core::ui::{self, Page};
//! let body = html! {
//!     h1 { "Confirm" }
//!     (ui::facts(&[("Document", html! { "contract.pdf" })]))
//!     (ui::form("/documents/7", Some("csrf token"), html! { (ui::primary_button("Sign")) }))
//! };
//! let page = Page { title: "Confirm", service: "Signing desk", path: "/documents/7", ..Page::new(Lang::En, body) };
//! let response = page.render();
//! assert_eq!(response.status(), 200);
//! ```
//! A page with a passkey button lists the script: `scripts: &["passkey.js"]`; one that waits, `poll.js`; one with a file
//! field, `file.js`.

mod error_page;
mod page;
mod passkey;
mod pieces;

pub use error_page::{error_page, problem_page};
pub use page::{Page, User};
pub use passkey::{Passkey, PasskeyKind, poll};
pub use pieces::{
    FileWords, Notice, actions, card, decision_button, facts, field, file_field, form, link_button, notice,
    primary_button, secondary_button, steps, upload_form,
};
