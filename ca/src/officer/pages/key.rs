//! `/key`: an officer makes a passkey for this host and takes its public half to whoever writes the list.
//!
//! Nothing is believed of it here: the list, agreed to by administrators, says whose key it is.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::html;
use serde::Deserialize;
use serde_json::{Value, json};
use signum_core::Random;
use signum_core::http::Problem;
use signum_core::i18n::Locale;
use signum_core::ui::{Passkey, PasskeyKind};
use signum_gesture::officer::Key;
use signum_gesture::options::{User, creation_options};
use signum_gesture::{GestureError, Registration, RelyingParty, registration};

use super::words::word;
use super::{page, result};

pub(super) async fn show(Locale(lang): Locale) -> Response {
    let button = Passkey {
        kind: PasskeyKind::Create,
        options: "/key/options",
        finish: "/key/made",
        label: &word(lang, "key-button"),
        messages: &[],
    };
    let body = html! {
        p { (word(lang, "key-lead")) }
        (button.markup(lang))
    };
    page(lang, "/key", "key-title", &["passkey.js"], body)
}

/// The relying party is the host that the browser asked for, never a parent domain.
fn host(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let url = url::Url::parse(&format!("http://{host}")).ok()?;
    url.host_str().map(str::to_owned)
}

pub(super) async fn options(State(random): State<Arc<dyn Random>>, headers: HeaderMap) -> Response {
    let Some(id) = host(&headers) else {
        return Problem::of_status(StatusCode::BAD_REQUEST).into_response();
    };
    let (challenge, handle): ([u8; 32], [u8; 16]) = (random.bytes(), random.bytes());
    let user = User {
        handle: &handle,
        name: "officer",
        display_name: "officer",
    };
    let relying_party = RelyingParty {
        origin: String::new(),
        id,
    };
    Json(creation_options(&challenge, &relying_party, "Signum", user, &[])).into_response()
}

pub(super) async fn made(headers: HeaderMap, Json(credential): Json<Value>) -> Response {
    match public(&headers, &credential) {
        Ok(key) => {
            let text = URL_SAFE_NO_PAD.encode(key.to_string());
            Json(json!({ "next": format!("/key/made?key={text}") })).into_response()
        }
        Err(error) => {
            let title = format!("The browser's answer does not fit: {error}");
            Problem::new(StatusCode::BAD_REQUEST, "registration_refused", title).into_response()
        }
    }
}

/// Of what the browser says of itself: its challenge and origin are read, not compared, since nothing hangs on them here.
#[derive(Deserialize)]
struct ClientData {
    challenge: String,
    origin: String,
}

fn public(headers: &HeaderMap, credential: &Value) -> Result<Value, GestureError> {
    let made = Registration::from_json(credential)?;
    let said: ClientData = serde_json::from_slice(&made.client_data_json).map_err(|_| GestureError::Malformed)?;
    let challenge = URL_SAFE_NO_PAD
        .decode(said.challenge)
        .map_err(|_| GestureError::Malformed)?;
    let id = host(headers).ok_or(GestureError::WrongRelyingParty)?;
    let relying_party = RelyingParty {
        id,
        origin: said.origin,
    };
    let authenticator = registration::verify(&made, &relying_party, &challenge)?;
    let key = Key {
        relying_party,
        authenticator,
    };
    serde_json::to_value(key).map_err(|_| GestureError::Malformed)
}

#[derive(Deserialize)]
pub(super) struct Made {
    key: String,
}

pub(super) async fn show_made(Locale(lang): Locale, Query(made): Query<Made>) -> Response {
    let key = URL_SAFE_NO_PAD.decode(&made.key).ok();
    let key: Option<Value> = key.and_then(|octets| serde_json::from_slice(&octets).ok());
    let Some(key) = key else {
        return Problem::of_status(StatusCode::BAD_REQUEST).into_response();
    };
    let body = html! {
        p { (word(lang, "key-made-lead")) }
        (result(lang, &format!("{key:#}")))
    };
    page(
        lang,
        &format!("/key/made?key={}", made.key),
        "key-made-title",
        &[],
        body,
    )
}
