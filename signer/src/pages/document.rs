//! One document: what will be signed, and what came of it.

use axum::response::Response;
use maud::{Markup, html};
use signum_core::i18n::Lang;
use signum_core::ui::{
    Notice, Passkey, PasskeyKind, actions, card, facts, form, link_button, notice, poll, primary_button,
};

use crate::http::Reader;
use crate::service::Signer;
use crate::sign::{Document, OUTCOME_UNKNOWN, Stage};

/// Problem codes of `POST .../options` and `POST .../sign` with the words for each.
const MESSAGES: [(&str, &str); 20] = [
    ("gesture_refused", "sign-gesture"),
    ("refused_gesture", "sign-gesture"),
    ("refused_expired", "sign-expired"),
    ("refused_replayed", "sign-used"),
    ("refused_certificate_status", "sign-status"),
    ("refused_commitment", "sign-refused"),
    ("refused_authenticator_set", "sign-refused"),
    ("refused_voucher", "sign-refused"),
    ("refused_wrapped_key", "sign-refused"),
    ("refused_malformed", "sign-refused"),
    ("refused_hsm", "sign-refused"),
    ("transaction_expired", "sign-expired"),
    ("document_expired", "sign-too-old"),
    ("transaction_used", "sign-used"),
    ("document_altered", "sign-altered"),
    ("not_enrolled", "confirm-not-ready"),
    ("module_away", "sign-away"),
    ("busy", "sign-away"),
    ("status_away", "sign-away"),
    ("timestamp_away", "working"),
];

/// The person sees name, pages, size and digest before the gesture.
pub(crate) fn confirm(signer: &Signer, reader: &Reader, document: &Document) -> Response {
    let messages: Vec<(&str, String)> = MESSAGES.iter().map(|(code, key)| (*code, reader.text(key))).collect();
    let button = Passkey {
        kind: PasskeyKind::Get,
        options: &format!("/documents/{}/options", document.id),
        finish: &format!("/documents/{}/sign", document.id),
        label: &reader.text("confirm-button"),
        messages: &messages,
    };
    let until = document.uploaded_at.plus(signer.config.document_ttl());
    let body = html! {
        h1 { (reader.text("confirm-heading")) }
        (card(details(reader, document, true)))
        (notice(Notice::Information, reader.text("confirm-look")))
        p.hint { (reader.text_with("confirm-until", &[("time", reader.lang.date_time(until).into())])) }
        (button.markup(reader.lang))
        p.hint { (reader.text("confirm-hint")) }
        (actions(link_button(false, "/", reader.text("confirm-cancel"))))
    };
    reader.page(signer, &reader.text("confirm-title"), &["passkey.js"], body)
}

/// The result, or where it stands.
pub(crate) fn done(signer: &Signer, reader: &Reader, document: &Document) -> Response {
    match &document.stage {
        Stage::Done(_) => {
            let body = finished(reader, document);
            reader.page(signer, &reader.text("done-title"), &[], body)
        }
        Stage::Failed(code) => {
            let lead = match code.as_str() {
                OUTCOME_UNKNOWN => "failed-lost",
                _ => "failed-lead",
            };
            let body = html! {
                h1 { (reader.text("failed-heading")) }
                (notice(Notice::Failure, reader.text(lead)))
                (card(details(reader, document, false)))
                (actions(link_button(true, "/", reader.text("failed-again"))))
            };
            reader.page(signer, &reader.text("failed-title"), &[], body)
        }
        Stage::Unfinished => {
            let body = unfinished(signer, reader, document);
            reader.page(signer, &reader.text("unfinished-title"), &[], body)
        }
        Stage::Unknown => {
            let url = format!("/documents/{}/status", document.id);
            let body = html! {
                h1 { (reader.text("unknown-heading")) }
                p.lead { (reader.text("unknown-lead")) }
                (poll(&url, document.stage.word(), &reader.text("unknown-waiting")))
                (card(details(reader, document, false)))
            };
            reader.page(signer, &reader.text("unknown-title"), &["poll.js"], body)
        }
        Stage::Prepared | Stage::Digested(_) | Stage::Consumed | Stage::Signed(..) => {
            let url = format!("/documents/{}/status", document.id);
            let body = html! {
                h1 { (reader.text("working-heading")) }
                p.lead { (reader.text("working-lead")) }
                (poll(&url, document.stage.word(), &reader.text("working")))
            };
            reader.page(signer, &reader.text("working-title"), &["poll.js"], body)
        }
    }
}

/// Signed, but without a timestamp so far.
fn unfinished(signer: &Signer, reader: &Reader, document: &Document) -> Markup {
    let again = format!("/documents/{}/again", document.id);
    html! {
        h1 { (reader.text("unfinished-heading")) }
        (notice(Notice::Warning, reader.text("unfinished-lead")))
        (card(details(reader, document, false)))
        (form(&again, reader.csrf(signer).as_deref(), primary_button(reader.text("unfinished-again"))))
    }
}

fn finished(reader: &Reader, document: &Document) -> Markup {
    html! {
        h1 { (reader.text("done-heading")) }
        (notice(Notice::Success, reader.text("done-lead")))
        (card(details(reader, document, false)))
        (actions(html! {
            (link_button(true, &format!("/documents/{}/signed.pdf", document.id), reader.text("done-download")))
            (link_button(false, &format!("/documents/{}/evidence.json", document.id), reader.text("done-evidence")))
        }))
        (card(html! {
            h2 { (reader.text("done-means-heading")) }
            ul {
                @for number in 1..=3 { li { (reader.text(&format!("done-means-{number}"))) } }
            }
        }))
        (actions(link_button(false, "/", reader.text("done-another"))))
    }
}

fn details(reader: &Reader, document: &Document, format: bool) -> Markup {
    let name = reader
        .session
        .as_ref()
        .map(|session| session.person.full_name())
        .unwrap_or_default();
    let shown = counted(document.size, reader.lang);
    let size = [("bytes", document.size.into()), ("shown", shown.into())];
    let pages = [("pages", document.pages.into())];
    let mut rows = vec![
        (reader.text("confirm-name"), html! { strong { (document.name) } }),
        (
            reader.text("confirm-pages"),
            html! { (reader.text_with("size-pages", &pages)) },
        ),
        (
            reader.text("confirm-size"),
            html! { (reader.text_with("confirm-size-value", &size)) },
        ),
        (
            reader.text("confirm-digest"),
            html! { code.digest { (grouped(&document.original)) } },
        ),
        (reader.text("confirm-signer"), html! { (name) }),
    ];
    if format {
        rows.push((
            reader.text("confirm-format"),
            html! { (reader.text("confirm-format-value")) },
        ));
    }
    if let Stage::Done(time) = document.stage {
        rows.push((reader.text("done-time"), html! { (reader.lang.date_time(time)) }));
    }
    let rows: Vec<(&str, Markup)> = rows
        .iter()
        .map(|(label, value)| (label.as_str(), value.clone()))
        .collect();
    facts(&rows)
}

/// A number with its thousands parted as the language writes them.
fn counted(number: usize, lang: Lang) -> String {
    let mark = match lang {
        Lang::Sq | Lang::SrLatn | Lang::SrCyrl => '.',
        Lang::En => ',',
    };
    let digits = number.to_string();
    let mut parted = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            parted.push(mark);
        }
        parted.push(digit);
    }
    parted
}

/// A digest in groups of eight digits, as people compare them.
fn grouped(digest: &[u8; 32]) -> String {
    let groups: Vec<String> = digest.chunks(4).map(hex::encode).collect();
    groups.join(" ")
}

/// `Content-Disposition` of the signed file: `NAME-signed.pdf` (RFC 6266, RFC 8187).
pub(crate) fn disposition(name: &str) -> String {
    let stem = match name.to_lowercase().ends_with(".pdf") {
        true => name.get(..name.len() - 4).unwrap_or(name),
        false => name,
    };
    let full = format!("{stem}-signed.pdf");
    let ascii: String = full
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_. ".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let encoded: String = full
        .bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_file_keeps_its_name_in_any_language() {
        let header = disposition("Vendim nr. 12 – ëç.PDF");
        assert_eq!(
            header,
            "attachment; filename=\"Vendim nr. 12 _ __-signed.pdf\"; \
             filename*=UTF-8''Vendim%20nr.%2012%20%E2%80%93%20%C3%AB%C3%A7-signed.pdf"
        );
    }

    #[test]
    fn a_name_cannot_add_to_the_header() {
        assert!(!disposition("a\"; x=\r\ny.pdf").contains(['\r', '\n']));
        assert_eq!(disposition("a\"b.pdf").matches('"').count(), 2);
    }

    #[test]
    fn thousands_are_parted_as_the_language_does() {
        assert_eq!(counted(59_633, Lang::Sq), "59.633");
        assert_eq!(counted(1_059_633, Lang::En), "1,059,633");
        assert_eq!(counted(633, Lang::En), "633");
    }

    #[test]
    fn a_digest_is_shown_in_eight_groups() {
        assert_eq!(grouped(&[0xab; 32]), ["abababab"; 8].join(" "));
    }
}
