//! Setting up signing, step by step.

use axum::response::Response;
use maud::{Markup, html};
use signum_core::ui::{
    Notice, Passkey, PasskeyKind, actions, card, facts, form, link_button, notice, poll, primary_button, steps,
};

use crate::enrol::{Certified, Enrolment, Stage};
use crate::http::Reader;
use crate::service::Signer;

/// Before anything is made.
pub(crate) fn start(signer: &Signer, reader: &Reader) -> Response {
    let body = html! {
        h1 { (reader.text("enrol-heading")) }
        p.lead { (reader.text("enrol-lead")) }
        (card(html! {
            h2 { (reader.text("enrol-why-heading")) }
            ol {
                @for number in 1..=4 { li { (reader.text(&format!("enrol-why-{number}"))) } }
            }
        }))
        (begin_form(signer, reader, "enrol-begin"))
    };
    reader.page(signer, &reader.text("enrol-title"), &[], body)
}

fn begin_form(signer: &Signer, reader: &Reader, label: &str) -> Markup {
    form(
        "/enrol",
        reader.csrf(signer).as_deref(),
        actions(primary_button(reader.text(label))),
    )
}

/// The step that comes next. `code` is that of the passkey which the reader's own browser made.
pub(crate) fn page(signer: &Signer, reader: &Reader, enrolment: &Enrolment, code: Option<&str>) -> Response {
    let (current, scripts, content): (usize, &[&str], Markup) = match &enrolment.stage {
        Stage::Begun => (0, &["passkey.js"], make_passkey(reader, enrolment)),
        Stage::Registered(_) | Stage::AuthenticatorRegistered(..) | Stage::Vouched(..) | Stage::Sealed(..) => {
            (1, &["poll.js"], waiting(reader, enrolment, code))
        }
        Stage::Ready(certified) => (2, &[], ready(reader, enrolment, certified)),
        Stage::Failed(code) => (1, &[], failed(signer, reader, code)),
        Stage::Superseded => (0, &[], begin_again(signer, reader)),
    };
    let names = ["passkey", "officers", "ready"].map(|step| reader.text(&format!("enrol-step-{step}")));
    let names = names.each_ref().map(String::as_str);
    let body = html! {
        (steps(reader.lang, current, &names))
        (content)
    };
    reader.page(signer, &reader.text("enrol-title"), scripts, body)
}

fn begin_again(signer: &Signer, reader: &Reader) -> Markup {
    html! {
        h1 { (reader.text("enrol-heading")) }
        p.lead { (reader.text("enrol-lead")) }
        (begin_form(signer, reader, "enrol-begin"))
    }
}

fn make_passkey(reader: &Reader, enrolment: &Enrolment) -> Markup {
    let button = Passkey {
        kind: PasskeyKind::Create,
        options: &format!("/enrol/{}/options", enrolment.id),
        finish: &format!("/enrol/{}/authenticator", enrolment.id),
        label: &reader.text("enrol-passkey-button"),
        messages: &[
            ("gesture_refused", reader.text("enrol-passkey-refused")),
            ("out_of_turn", reader.text("sign-used")),
        ],
    };
    html! {
        h1 { (reader.text("enrol-passkey-heading")) }
        p.lead { (reader.text("enrol-passkey-lead")) }
        (button.markup(reader.lang))
        p.hint { (reader.text("enrol-passkey-hint")) }
    }
}

fn waiting(reader: &Reader, enrolment: &Enrolment, code: Option<&str>) -> Markup {
    html! {
        h1 { (reader.text("enrol-waiting-heading")) }
        p.lead { (reader.text("enrol-waiting-lead")) }
        (card(html! {
            @if let Some(code) = code {
                (facts(&[(&reader.text("enrol-fingerprint"), html! { code.digest { (code) } })]))
                p.hint { (reader.text("enrol-fingerprint-hint")) }
            } @else {
                p { (reader.text("enrol-fingerprint-elsewhere")) }
            }
        }))
        (poll(&format!("/enrol/{}/status", enrolment.id), enrolment.stage.word(), &reader.text("enrol-waiting")))
        (lost(reader))
    }
}

/// The way for those who have lost the signing passkey.
fn lost(reader: &Reader) -> Markup {
    actions(link_button(false, "/enrol/restart", reader.text("enrol-restart-link")))
}

/// Before the old credential ends.
pub(crate) fn restart(signer: &Signer, reader: &Reader, fresh: bool) -> Response {
    let body = html! {
        h1 { (reader.text("enrol-restart-heading")) }
        p.lead { (reader.text("enrol-restart-lead")) }
        (card(html! {
            h2 { (reader.text("enrol-restart-means-heading")) }
            ul {
                @for number in 1..=3 { li { (reader.text(&format!("enrol-restart-means-{number}"))) } }
            }
        }))
        @if fresh {
            (form("/enrol/restart", reader.csrf(signer).as_deref(), actions(html! {
                (primary_button(reader.text("enrol-restart-button")))
                (link_button(false, "/enrol", reader.text("enrol-restart-cancel")))
            })))
        } @else {
            (notice(Notice::Information, reader.text("enrol-restart-log-in-lead")))
            (actions(html! {
                (link_button(true, "/login?again=true", reader.text("enrol-restart-log-in")))
                (link_button(false, "/enrol", reader.text("enrol-restart-cancel")))
            }))
        }
    };
    reader.page(signer, &reader.text("enrol-restart-title"), &[], body)
}

fn ready(reader: &Reader, enrolment: &Enrolment, certified: &Certified) -> Markup {
    let name = reader
        .session
        .as_ref()
        .map(|session| session.person.full_name())
        .unwrap_or_default();
    let mut rows = vec![
        (reader.text("fact-name"), html! { (name) }),
        (
            reader.text("fact-since"),
            html! { (reader.lang.date(enrolment.began_at)) },
        ),
    ];
    if let Some(until) = certified.valid_until() {
        rows.push((reader.text("fact-certificate"), html! { (reader.lang.date(until)) }));
    }
    let rows: Vec<(&str, Markup)> = rows
        .iter()
        .map(|(label, value)| (label.as_str(), value.clone()))
        .collect();
    html! {
        h1 { (reader.text("enrol-ready-heading")) }
        (notice(Notice::Success, reader.text("enrol-ready-lead")))
        (facts(&rows))
        (actions(link_button(true, "/", reader.text("enrol-ready-button"))))
        (lost(reader))
    }
}

fn failed(signer: &Signer, reader: &Reader, code: &str) -> Markup {
    let lead = match code {
        "away" => "enrol-failed-away",
        "unreadable" | "given_up" => "enrol-failed-given-up",
        _ => "enrol-failed-lead",
    };
    html! {
        h1 { (reader.text("enrol-failed-heading")) }
        (notice(Notice::Failure, reader.text(lead)))
        p.hint { (reader.text_with("enrol-failed-code", &[("code", code.into())])) }
        (begin_form(signer, reader, "enrol-again"))
    }
}
