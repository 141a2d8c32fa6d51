//! `/gesture?asked=...`: makes the gesture that a command asked for, and shows it to be taken back to the command.
//!
//! `asked` is what the command printed (WebAuthn request options, base64url). The page shows the challenge as the command prints
//! it; what it stands for is on the command's side.

use axum::Json;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::html;
use serde::Deserialize;
use serde_json::{Value, json};
use signum_core::http::Problem;
use signum_core::i18n::Locale;
use signum_core::ui::{self, Passkey, PasskeyKind};

use super::words::word;
use super::{digits, page, result};
use crate::officer::Gesture;

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    asked: String,
}

impl Wanted {
    /// The options, the relying party and the challenge in them.
    fn read(&self) -> Option<(Value, String, Vec<u8>)> {
        let options: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&self.asked).ok()?).ok()?;
        let asked = options.get("publicKey")?;
        let relying_party = asked.get("rpId")?.as_str()?.to_owned();
        let challenge = URL_SAFE_NO_PAD.decode(asked.get("challenge")?.as_str()?).ok()?;
        Some((options, relying_party, challenge))
    }
}

pub(super) async fn show(Locale(lang): Locale, Query(wanted): Query<Wanted>) -> Response {
    let body = match wanted.read() {
        None => html! { p { (word(lang, "gesture-none")) } },
        Some((_, relying_party, challenge)) => {
            let button = Passkey {
                kind: PasskeyKind::Get,
                options: &format!("/gesture/options?asked={}", wanted.asked),
                finish: "/gesture/made",
                label: &word(lang, "gesture-button"),
                messages: &[],
            };
            html! {
                p { (word(lang, "gesture-lead")) }
                (ui::facts(&[
                    (&word(lang, "gesture-host"), html! { (relying_party) }),
                    (&word(lang, "gesture-challenge"), digits(&challenge)),
                ]))
                (button.markup(lang))
            }
        }
    };
    let path = format!("/gesture?asked={}", wanted.asked);
    page(lang, &path, "gesture-title", &["passkey.js"], body)
}

pub(super) async fn options(Query(wanted): Query<Wanted>) -> Response {
    match wanted.read() {
        Some((options, ..)) => Json(options).into_response(),
        None => Problem::of_status(StatusCode::BAD_REQUEST).into_response(),
    }
}

/// Only its form is looked at: who asked for it verifies it.
pub(super) async fn made(Json(credential): Json<Value>) -> Response {
    match Gesture::from_json(&credential) {
        Ok(gesture) => {
            let text = URL_SAFE_NO_PAD.encode(gesture.to_json().to_string());
            Json(json!({ "next": format!("/gesture/made?gesture={text}") })).into_response()
        }
        Err(error) => {
            let title = format!("The browser's answer does not fit: {error}");
            Problem::new(StatusCode::BAD_REQUEST, "gesture_refused", title).into_response()
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Made {
    gesture: String,
}

pub(super) async fn show_made(Locale(lang): Locale, Query(made): Query<Made>) -> Response {
    let gesture = URL_SAFE_NO_PAD.decode(&made.gesture).ok();
    let gesture: Option<Value> = gesture.and_then(|octets| serde_json::from_slice(&octets).ok());
    let Some(gesture) = gesture else {
        return Problem::of_status(StatusCode::BAD_REQUEST).into_response();
    };
    let body = html! {
        p { (word(lang, "gesture-made-lead")) }
        (result(lang, &gesture.to_string()))
    };
    let path = format!("/gesture/made?gesture={}", made.gesture);
    page(lang, &path, "gesture-made-title", &[], body)
}
