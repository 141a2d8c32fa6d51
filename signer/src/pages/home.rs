//! The home page: what this is, or what the person can do here.

use axum::response::Response;
use maud::{Markup, html};
use signum_core::ui::{FileWords, Notice, actions, card, file_field, link_button, notice, primary_button, upload_form};

use crate::enrol::{Enrolment, Stage as Progress};
use crate::http::Reader;
use crate::service::Signer;
use crate::sign::{Document, Stage};

/// Before the log-in.
pub(crate) fn welcome(signer: &Signer, reader: &Reader) -> Response {
    let body = html! {
        h1 { (reader.text("welcome-heading")) }
        p.lead { (reader.text("welcome-lead")) }
        (actions(link_button(true, "/login", reader.text("welcome-log-in"))))
        (card(html! {
            h2 { (reader.text("welcome-how-heading")) }
            ol {
                li { (reader.text("welcome-how-1")) }
                li { (reader.text("welcome-how-2")) }
                li { (reader.text("welcome-how-3")) }
            }
        }))
    };
    reader.page(signer, &reader.text("welcome-title"), &[], body)
}

/// After it.
pub(crate) fn home(
    signer: &Signer,
    reader: &Reader,
    enrolment: Option<&Enrolment>,
    documents: &[Document],
) -> Response {
    let name = reader
        .session
        .as_ref()
        .map(|s| s.person.name.given_name.as_str())
        .unwrap_or_default();
    let ready = enrolment.is_some_and(|enrolment| matches!(enrolment.stage, Progress::Ready(_)));
    let body = html! {
        h1 { (reader.text_with("home-heading", &[("name", name.into())])) }
        @if ready { (upload(signer, reader)) } @else { (set_up(reader, enrolment.is_some())) }
        @if ready || !documents.is_empty() {
            (card(html! {
                h2 { (reader.text("home-documents-heading")) }
                (list(signer, reader, documents))
            }))
        }
    };
    reader.page(signer, &reader.text("home-title"), &["file.js"], body)
}

fn set_up(reader: &Reader, begun: bool) -> Markup {
    let label = if begun {
        "home-enrol-continue"
    } else {
        "home-enrol-button"
    };
    card(html! {
        h2 { (reader.text("home-enrol-heading")) }
        p { (reader.text("home-enrol-lead")) }
        (actions(link_button(true, "/enrol", reader.text(label))))
    })
}

fn upload(signer: &Signer, reader: &Reader) -> Markup {
    let megabytes = signer.config.max_upload / (1024 * 1024);
    let hint = reader.text_with("home-file-hint", &[("size", megabytes.into())]);
    card(html! {
        h2 { (reader.text("home-sign-heading")) }
        (upload_form("/documents", reader.csrf(signer).as_deref(), html! {
            (file_field("file", "application/pdf,.pdf", FileWords {
                label: &reader.text("home-file"),
                hint: &hint,
                choose: &reader.text("home-file-choose"),
                none: &reader.text("home-file-none"),
            }))
            (actions(primary_button(reader.text("home-upload"))))
            p.hint { (reader.text("home-upload-next")) }
        }))
    })
}

fn list(signer: &Signer, reader: &Reader, documents: &[Document]) -> Markup {
    let days = signer.config.keep_seconds / (24 * 60 * 60);
    let minutes = signer.config.document_seconds.div_ceil(60);
    html! {
        @if documents.is_empty() {
            p { (reader.text("home-documents-none")) }
        } @else {
            ul.documents {
                @for document in documents {
                    li {
                        a href=(format!("/documents/{}", document.id)) { (document.name) }
                        br;
                        span.hint { (state(reader, document)) }
                    }
                }
            }
            (notice(Notice::Information, reader.text_with("document-keep", &[("days", days.into()), ("minutes", minutes.into())])))
        }
    }
}

fn state(reader: &Reader, document: &Document) -> String {
    match &document.stage {
        Stage::Prepared | Stage::Digested(_) => reader.text("document-state-open"),
        Stage::Consumed | Stage::Unknown | Stage::Signed(..) => reader.text("document-state-working"),
        Stage::Unfinished => reader.text("document-state-unfinished"),
        Stage::Done(time) => reader.text_with("document-state-done", &[("time", reader.lang.date_time(*time).into())]),
        Stage::Failed(_) => reader.text("document-state-failed"),
    }
}
