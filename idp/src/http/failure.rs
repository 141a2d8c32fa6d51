//! Failures as pages and problems: what happened, what to do, reference code. One place logs what is our own fault.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use signum_core::DbError;
use signum_core::http::{Problem, RequestId};
use signum_core::i18n::Lang;
use signum_core::ui;
use signum_hsm_shim::HsmError;

use super::words::WORDS;
use crate::activate::ActivateError;
use crate::authorize::error::{PageError, Unanswered};
use crate::authorize::resume::InteractionError;
use crate::for_client::ForClientError;
use crate::login::LoginError;
use crate::logout::LogoutError;

/// Our own fault: logged as an error, told without detail.
pub(super) fn internal(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "request failed");
    Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}

pub(super) fn database(error: &DbError) -> Response {
    match error {
        DbError::Unavailable(_) | DbError::Conflict { .. } => {
            tracing::error!(%error, "database unavailable");
            // The guard gives it the form of whoever asked, and says when to come back.
            Problem::of_status(StatusCode::SERVICE_UNAVAILABLE).into_response()
        }
        DbError::NulInText => {
            tracing::warn!(%error, "request refused");
            Problem::of_status(StatusCode::BAD_REQUEST).into_response()
        }
        DbError::Duplicate { .. }
        | DbError::NotFound
        | DbError::Column { .. }
        | DbError::Migration { .. }
        | DbError::Other(_) => internal(error),
    }
}

/// The token does not sign just now: nothing of the request is lost, and trying again may do.
fn unsigned(error: &HsmError) -> Response {
    tracing::error!(%error, "the answer could not be signed");
    let mut response = Problem::of_status(StatusCode::SERVICE_UNAVAILABLE).into_response();
    response
        .headers_mut()
        .insert(http::header::RETRY_AFTER, http::HeaderValue::from_static("5"));
    response
}

/// A client that registered for what it has no key for is told no more than that it does not work.
pub(super) fn for_client(error: &ForClientError) -> Response {
    match error {
        ForClientError::Hsm(error) => unsigned(error),
        ForClientError::Encrypt(error) => internal(error),
    }
}

pub(super) fn unanswered(error: &Unanswered) -> Response {
    match error {
        Unanswered::Db(error) => database(error),
        Unanswered::Hsm(error) => unsigned(error),
    }
}

/// A page in our words: `error-KEY-happened` and `error-KEY-do`.
pub(super) fn page(lang: Lang, id: &RequestId, status: StatusCode, key: &str) -> Response {
    let text = |end: &str| WORDS.text(lang, &format!("error-{key}-{end}"));
    ui::error_page(lang, status, &text("happened"), &text("do"), id.as_str())
}

pub(super) fn authorize(lang: Lang, id: &RequestId, error: PageError) -> Response {
    let key = match error {
        PageError::ClientMissing | PageError::ClientUnknown => "client",
        PageError::RedirectUriMissing | PageError::RedirectUriUnregistered => "redirect",
        PageError::RequestUri => "request-uri",
        PageError::RequestObject => "request-object",
    };
    page(lang, id, StatusCode::BAD_REQUEST, key)
}

pub(super) fn interaction(lang: Lang, id: &RequestId, error: &InteractionError) -> Response {
    let (status, key) = match error {
        InteractionError::Gone | InteractionError::RedirectUri => (StatusCode::GONE, "gone"),
        InteractionError::Completed => (StatusCode::GONE, "completed"),
        InteractionError::OtherBrowser => (StatusCode::FORBIDDEN, "other-browser"),
        InteractionError::OtherSession => (StatusCode::FORBIDDEN, "other-session"),
        InteractionError::Db(error) => return database(error),
        InteractionError::Hsm(error) => return unsigned(error),
    };
    tracing::warn!(code = error.code(), "interaction refused");
    page(lang, id, status, key)
}

pub(super) fn logout(lang: Lang, id: &RequestId, error: LogoutError) -> Response {
    tracing::warn!(code = error.code(), "logout request refused");
    page(lang, id, StatusCode::BAD_REQUEST, "logout")
}

pub(super) fn activation(lang: Lang, id: &RequestId, error: &ActivateError) -> Response {
    match error {
        ActivateError::CodeInvalid => page(lang, id, StatusCode::GONE, "activation"),
        other => activation_problem(other),
    }
}

/// For the page's script (RFC 9457).
pub(super) fn interaction_problem(error: &InteractionError) -> Response {
    let start_again = "Go back to the service and start again.";
    let problem = match error {
        InteractionError::Gone | InteractionError::Completed | InteractionError::RedirectUri => {
            Problem::new(StatusCode::GONE, error.code(), "This log-in is over").detail(start_again)
        }
        InteractionError::OtherBrowser | InteractionError::OtherSession => {
            Problem::new(StatusCode::FORBIDDEN, error.code(), "This log-in began elsewhere").detail(start_again)
        }
        InteractionError::Db(error) => return database(error),
        InteractionError::Hsm(error) => return unsigned(error),
    };
    tracing::warn!(code = error.code(), "interaction refused");
    problem.into_response()
}

pub(super) fn login_problem(error: &LoginError) -> Response {
    match error {
        // One answer for all: who tries must not learn which part was wrong.
        LoginError::Refused(_) => Problem::new(StatusCode::FORBIDDEN, "login_refused", "The passkey was not accepted")
            .detail("Try again with the passkey that you made for this address.")
            .into_response(),
        LoginError::Internal(error) => internal(error),
        LoginError::Db(error) => database(error),
    }
}

pub(super) fn activation_problem(error: &ActivateError) -> Response {
    let problem = match error {
        ActivateError::CodeInvalid => {
            Problem::new(StatusCode::GONE, "activation_invalid", "This link is no longer valid")
                .detail("Ask the registration office for a new one.")
        }
        ActivateError::NoChallenge => {
            Problem::new(StatusCode::CONFLICT, "challenge_gone", "This attempt is over").detail("Try again.")
        }
        ActivateError::Malformed
        | ActivateError::CrossOrigin
        | ActivateError::Refused(_)
        | ActivateError::Format(_) => {
            Problem::new(StatusCode::FORBIDDEN, "passkey_refused", "The passkey was not accepted")
                .detail("Try again, with screen lock, fingerprint or PIN turned on.")
        }
        ActivateError::AlreadyRegistered => Problem::new(
            StatusCode::CONFLICT,
            "passkey_exists",
            "This passkey is registered already",
        )
        .detail("Log in with it."),
        ActivateError::Internal(error) => return internal(error),
        ActivateError::Db(error) => return database(error),
    };
    problem.into_response()
}
