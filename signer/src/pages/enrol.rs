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
        // The module was away when the person began: beginning again goes on with the same enrolment.
        Stage::Begun => (0, &[], begin_again(signer, reader)),
        Stage::KeyMade(_) => (0, &["passkey.js"], make_passkey(reader, enrolment)),
        Stage::AuthenticatorRegistered(..) | Stage::Vouched(..) | Stage::Sealed(..) => {
            (1, &["poll.js"], waiting(reader, enrolment, code))
        }
        Stage::Ready(certified) => (2, &[], ready(reader, enrolment, certified)),
        Stage::Failed(_) => (1, &[], failed(signer, reader)),
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
    }
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
    }
}

fn failed(signer: &Signer, reader: &Reader) -> Markup {
    html! {
        h1 { (reader.text("enrol-failed-heading")) }
        (notice(Notice::Failure, reader.text("enrol-failed-lead")))
        (begin_form(signer, reader, "enrol-again"))
    }
}
