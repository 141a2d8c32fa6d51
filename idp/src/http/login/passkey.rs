//! The passkey as a means of log-in: its button, and the two calls of its script.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::HeaderMap;
use maud::{Markup, html};
use serde_json::{Value, json};
use signum_core::ui::{self, PasskeyKind};

use super::super::words::WORDS;
use super::super::{Shared, failure};
use super::{logged_in, visit};
use crate::level::Level;
use crate::login::{self, Door, Means, Shown, VisitQuery, passkey};
use crate::worth::{Authenticator, Levels};

/// The house's own means.
pub(crate) struct Passkey;

impl Means for Passkey {
    fn name(&self) -> &'static str {
        passkey::NAME
    }

    fn best_level(&self, levels: &Levels) -> Level {
        levels.best(&[Authenticator::PasskeyDeviceBound, Authenticator::PasskeySynced])
    }

    fn markup(&self, on: &Shown<'_>) -> Markup {
        let word = |key: &str| WORDS.text(on.lang, key);
        let i = on.interaction;
        html! {
            (ui::Passkey {
                kind: PasskeyKind::Get,
                options: &format!("/login/passkey/options?i={i}"),
                finish: &format!("/login/passkey?i={i}"),
                label: &word("login-button"),
                messages: &[("login_refused", word("login-refused"))],
            }.markup(on.lang))
            p.hint { (word("login-hint")) }
        }
    }

    fn scripts(&self) -> &'static [&'static str] {
        &["passkey.js"]
    }

    fn routes(&self, door: Door) -> Router {
        Router::new()
            .route("/login/passkey/options", post(options))
            .route("/login/passkey", post(finish))
            .with_state(door.into_idp())
    }
}

async fn options(State(idp): State<Shared>, Query(query): Query<VisitQuery>, headers: HeaderMap) -> Response {
    let visit = match visit(&idp, &query, &headers, None).await {
        Ok(visit) => visit,
        Err(refused) => return refused,
    };
    match passkey::options(&idp, visit.interaction).await {
        Ok(options) => Json(options).into_response(),
        Err(error) => failure::login_problem(&error),
    }
}

async fn finish(
    State(idp): State<Shared>,
    Query(query): Query<VisitQuery>,
    headers: HeaderMap,
    Json(credential): Json<Value>,
) -> Response {
    let visit = match visit(&idp, &query, &headers, None).await {
        Ok(visit) => visit,
        Err(refused) => return refused,
    };
    match passkey::finish(&idp, &visit, credential).await {
        Ok(login::Admitted { cookie, next }) => logged_in(
            &idp,
            passkey::NAME,
            &cookie,
            Json(json!({"next": next})).into_response(),
        ),
        Err(error) => failure::login_problem(&error),
    }
}
