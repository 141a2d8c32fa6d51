//! The eID card as a means of log-in: its button, and the two calls of its script.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use serde_json::json;
use signum_core::http::Problem;
use signum_core::i18n::{Lang, SHELL};
use signum_core::ui::{self, Notice};

use super::super::words::WORDS;
use super::super::{Shared, failure};
use super::{card_help, card_port, logged_in, visit};
use crate::level::Level;
use crate::login::card::NAME;
use crate::login::card::refusal::{CardError, Told};
use crate::login::{Admitted, Door, LoginError, Means, Shown, VisitQuery, web_eid};
use crate::worth::{Authenticator, Levels};

/// The card, where authorities of cards are configured.
pub(crate) struct Card {
    /// Where there is a port on which it can be shown in the TLS handshake: what that is worth.
    pub port: Option<Level>,
}

/// What can go wrong before our own answer, in the words of the script.
const MESSAGES: [&str; 14] = [
    "working",
    "waiting",
    "finishing",
    "cancelled",
    "timeout",
    "extension",
    "program",
    "version",
    "insecure",
    "failed",
    "network",
    "server",
    "expired",
    "good",
];

impl Means for Card {
    fn name(&self) -> &'static str {
        NAME
    }

    fn best_level(&self, levels: &Levels) -> Level {
        levels.best(&[Authenticator::Card])
    }

    fn markup(&self, on: &Shown<'_>) -> Markup {
        let word = |key: &str| WORDS.text(on.lang, key);
        let i = on.interaction;
        html! {
            @if let Some(told) = on.why.and_then(told) { (ui::notice(Notice::Warning, word(told.words()))) }
            div.passkey #card hidden data-card data-challenge=(format!("/eid/challenge?i={i}"))
                data-login=(format!("/eid/login?i={i}")) {
                button.primary type="button" { (word("card-button")) }
                p.progress role="status" aria-live="polite" {}
                (messages(on.lang))
            }
            noscript { (ui::notice(Notice::Warning, word("card-noscript"))) }
            p.hint { (word("card-hint")) }
            @if self.port.is_some_and(|level| level >= on.acr && !on.presence) {
                (ui::actions(ui::link_button(false, &format!("/eid/tls?i={i}"), word("card-tls"))))
                p.hint { (word("card-tls-hint")) }
            }
            p { a href="/eid/help" target="_blank" { (word("card-help-link")) } }
        }
    }

    fn scripts(&self) -> &'static [&'static str] {
        &["web-eid.js"]
    }

    fn routes(&self, door: Door) -> Router {
        let idp = door.into_idp();
        let routes = Router::new()
            .route("/eid/challenge", get(challenge))
            .route("/eid/login", post(login))
            .route("/eid/help", get(card_help::page))
            .with_state(idp.clone());
        match self.port {
            Some(_) => routes.merge(card_port::routes(idp)),
            None => routes,
        }
    }
}

fn told(code: &str) -> Option<Told> {
    Told::ALL.into_iter().find(|told| told.code() == code)
}

/// Everything that the script may have to say.
pub(super) fn messages(lang: Lang) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    html! {
        div hidden {
            @for name in MESSAGES { span data-message=(name) { (word(&format!("card-{name}"))) } }
            @for told in Told::ALL { span data-message=(told.code()) { (word(told.words())) } }
            span data-message="reference" { (SHELL.text(lang, "reference")) }
        }
    }
}

async fn challenge(State(idp): State<Shared>, Query(query): Query<VisitQuery>, headers: HeaderMap) -> Response {
    let visit = match visit(&idp, &query, &headers, None).await {
        Ok(visit) => visit,
        Err(refused) => return refused,
    };
    match web_eid::challenge(&idp, visit.interaction).await {
        Ok(challenge) => Json(challenge).into_response(),
        Err(error) => failure::login_problem(&LoginError::Db(error)),
    }
}

async fn login(
    State(idp): State<Shared>,
    Query(query): Query<VisitQuery>,
    headers: HeaderMap,
    token: Bytes,
) -> Response {
    let visit = match visit(&idp, &query, &headers, None).await {
        Ok(visit) => visit,
        Err(refused) => return refused,
    };
    match web_eid::login(&idp, &visit, &token).await {
        Ok(Admitted { cookie, next }) => logged_in(&idp, NAME, &cookie, Json(json!({"next": next})).into_response()),
        Err(CardError::Refused(told)) => problem(told).into_response(),
        Err(CardError::Login(error)) => failure::login_problem(&error),
    }
}

/// For the script, and for programs that know no page (RFC 9457).
fn problem(told: Told) -> Problem {
    let (status, title, next) = match told {
        Told::Again => (StatusCode::CONFLICT, "This attempt is over", "Try again."),
        Told::OtherCard => (
            StatusCode::FORBIDDEN,
            "This is not the log-in certificate of an accepted card",
            "Use your identity card and its certificate for log-in.",
        ),
        Told::Validity => (
            StatusCode::FORBIDDEN,
            "The card is not valid today",
            "Check the date of your computer, or renew the card.",
        ),
        Told::Revoked => (
            StatusCode::FORBIDDEN,
            "The card is blocked",
            "Go to the registration office if you did not report it lost.",
        ),
        // 503 would mean that all of this service is away.
        Told::Later => (
            StatusCode::BAD_GATEWAY,
            "Nobody can say at the moment whether the card is good",
            "Try again in a few minutes.",
        ),
        Told::Pin => (
            StatusCode::FORBIDDEN,
            "The PIN has to be typed",
            "Log in with the card program, or with a passkey.",
        ),
        Told::Refused => (
            StatusCode::FORBIDDEN,
            "The card was not accepted",
            "Try again. If it happens again, ask at the registration office with the reference.",
        ),
    };
    Problem::new(status, told.code(), title).detail(next)
}
