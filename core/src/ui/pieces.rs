//! The pieces that pages are made of.

use maud::{Markup, Render, html};

use crate::i18n::{Lang, SHELL};

/// How a notice is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    Information,
    Success,
    Warning,
    Failure,
}

/// A highlighted paragraph; a failure is announced at once, the others politely.
pub fn notice(kind: Notice, text: impl Render) -> Markup {
    let (class, role) = match kind {
        Notice::Information => ("notice information", "note"),
        Notice::Success => ("notice success", "status"),
        Notice::Warning => ("notice warning", "note"),
        Notice::Failure => ("notice failure", "alert"),
    };
    html! { div class=(class) role=(role) { p { (text) } } }
}

/// A framed part of a page.
pub fn card(content: impl Render) -> Markup {
    html! { section.card { (content) } }
}

/// Labels with their values.
pub fn facts(rows: &[(&str, Markup)]) -> Markup {
    html! {
        dl.facts {
            @for (label, value) in rows { div { dt { (label) } dd { (value) } } }
        }
    }
}

/// A form that changes something: POST, with the token against forged requests.
pub fn form(action: &str, csrf: Option<&str>, content: impl Render) -> Markup {
    html! {
        form.form method="post" action=(action) {
            @if let Some(csrf) = csrf { input type="hidden" name="csrf" value=(csrf); }
            (content)
        }
    }
}

/// A labelled line of text. `hint` may be empty.
pub fn field(name: &str, label: &str, hint: &str, value: &str) -> Markup {
    let hint_id = format!("{name}-hint");
    html! {
        div.field {
            label for=(name) { (label) }
            @if !hint.is_empty() { p.hint id=(hint_id) { (hint) } }
            input type="text" id=(name) name=(name) value=(value) required
                aria-describedby=[(!hint.is_empty()).then_some(&hint_id)];
        }
    }
}

/// The words of a [`file_field`]; the browser's own are in the browser's language, not in the page's.
#[derive(Clone, Copy)]
pub struct FileWords<'a> {
    pub label: &'a str,
    pub hint: &'a str,
    /// On the button: "Choose a PDF".
    pub choose: &'a str,
    /// Beside it, before a file is chosen.
    pub none: &'a str,
}

/// A labelled choice of one file; the form around it is an [`upload_form`].
///
/// The page lists `file.js` among its scripts; without scripts the browser's own control stands there.
pub fn file_field(name: &str, accept: &str, words: FileWords<'_>) -> Markup {
    let hint_id = format!("{name}-hint");
    html! {
        div.field {
            label for=(name) { (words.label) }
            @if !words.hint.is_empty() { p.hint id=(hint_id) { (words.hint) } }
            div.file data-file {
                input type="file" id=(name) name=(name) accept=(accept) required
                    aria-describedby=[(!words.hint.is_empty()).then_some(&hint_id)];
                span.choose aria-hidden="true" { (words.choose) }
                span.chosen aria-hidden="true" { (words.none) }
            }
        }
    }
}

/// A form with a file in it (multipart/form-data).
pub fn upload_form(action: &str, csrf: Option<&str>, content: impl Render) -> Markup {
    html! {
        form.form method="post" action=(action) enctype="multipart/form-data" {
            @if let Some(csrf) = csrf { input type="hidden" name="csrf" value=(csrf); }
            (content)
        }
    }
}

/// The one thing this page is for.
pub fn primary_button(label: impl Render) -> Markup {
    html! { button.primary type="submit" { (label) } }
}

/// The primary button with a name and a value, for forms that ask for a decision. Its id, `NAME-VALUE`, stays as it is: programs
/// that drive a browser press it by that.
pub fn decision_button(primary: bool, name: &str, value: &str, label: impl Render) -> Markup {
    let (class, id) = (if primary { "primary" } else { "secondary" }, format!("{name}-{value}"));
    html! { button class=(class) type="submit" id=(id) name=(name) value=(value) { (label) } }
}

/// Another thing one can do here.
pub fn secondary_button(label: impl Render) -> Markup {
    html! { button.secondary type="submit" { (label) } }
}

/// A link that looks like the button it stands for.
pub fn link_button(primary: bool, href: &str, label: impl Render) -> Markup {
    html! { a class=(if primary { "button primary" } else { "button secondary" }) href=(href) { (label) } }
}

/// A row of buttons.
pub fn actions(content: impl Render) -> Markup {
    html! { div.actions { (content) } }
}

/// Where one is in a procedure; `current` counts from zero.
pub fn steps(lang: Lang, current: usize, names: &[&str]) -> Markup {
    html! {
        nav aria-label=(SHELL.text(lang, "steps")) {
            ol.steps {
                @for (i, name) in names.iter().enumerate() {
                    li.done[i < current] aria-current=[(i == current).then_some("step")] {
                        span.step-name { (name) }
                        @if i < current { span.unseen { " (" (SHELL.text(lang, "step-done")) ")" } }
                    }
                }
            }
        }
    }
}
