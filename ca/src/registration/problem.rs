//! Every refusal as a problem (RFC 9457): logged once, here; warn is the caller's fault, error is ours.

use axum::http::StatusCode;
use signum_core::DbError;
use signum_core::http::Problem;

use super::RegistrationError;
use crate::caa::CaaError;
use crate::issue::IssueError;

pub(super) fn of(error: &RegistrationError) -> Problem {
    if error.is_ours() {
        tracing::error!(%error, "registration desk");
    } else {
        tracing::warn!(code = error.code(), "registration desk");
    }
    if let RegistrationError::Db(DbError::NulInText) = error {
        return Problem::of_status(StatusCode::BAD_REQUEST);
    }
    let (status, next) = answer(error);
    let title = match error {
        // What goes wrong inside is nobody's outside.
        RegistrationError::Db(_) | RegistrationError::Status(_) if error.is_ours() => {
            return Problem::of_status(status);
        }
        RegistrationError::Issue(IssueError::Refused { message, .. }) => message.clone(),
        RegistrationError::Issue(IssueError::Lint(_)) => "The certificate would not be right".to_owned(),
        RegistrationError::Issue(IssueError::Caa(error)) => error.to_string(),
        RegistrationError::Issue(_) | RegistrationError::Officers(_) => "The CA cannot do this now".to_owned(),
        RegistrationError::LogIn(_) => "The log-in was not accepted".to_owned(),
        other => other.to_string(),
    };
    Problem::new(status, error.code(), title).detail(next)
}

/// Status, and what the desk can do next.
fn answer(error: &RegistrationError) -> (StatusCode, &'static str) {
    use RegistrationError as E;
    match error {
        E::NotLoggedIn => (StatusCode::UNAUTHORIZED, "Log in."),
        E::LogIn(_) => (StatusCode::FORBIDDEN, "Ask for new options and make the gesture again."),
        E::Officers(_) | E::Issue(IssueError::NoCeremony | IssueError::Hsm(_)) => {
            (StatusCode::SERVICE_UNAVAILABLE, "Try again later.")
        }
        E::Malformed(_) | E::IdempotencyKey => (StatusCode::BAD_REQUEST, "Correct the request."),
        E::IdempotencyMismatch => (StatusCode::UNPROCESSABLE_ENTITY, "Use a new idempotency key."),
        E::OtherOfficer | E::NotOfDesk => (StatusCode::FORBIDDEN, "Ask an officer of the desk."),
        E::Gesture(_) => (
            StatusCode::FORBIDDEN,
            "Make the gesture again over exactly this request.",
        ),
        E::Stale => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Set the clock, and make the request anew.",
        ),
        E::Replayed => (StatusCode::CONFLICT, "Make a request with a new nonce."),
        E::Evidence(_) => (StatusCode::UNPROCESSABLE_ENTITY, "Add the evidence."),
        E::SelfApproval => (StatusCode::FORBIDDEN, "Another officer of the desk must agree."),
        E::State => (StatusCode::CONFLICT, "Load the request again."),
        E::Expired => (StatusCode::GONE, "Make the request anew."),
        E::NotFound => (StatusCode::NOT_FOUND, "Check the id."),
        E::NotForDesks => (StatusCode::FORBIDDEN, "Ask the CA's operators."),
        E::Issue(IssueError::Refused { .. } | IssueError::Lint(_)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "Correct subject or key.")
        }
        E::Issue(IssueError::Caa(CaaError::Forbidden { .. })) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Ask whoever owns the domain to name this CA in its CAA records.",
        ),
        E::Issue(IssueError::Caa(CaaError::Unknown { .. })) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Try again later; if it stays, the domain's name servers must be mended.",
        ),
        E::Status(_) if !error.is_ours() => (StatusCode::UNPROCESSABLE_ENTITY, "Look at the certificate's status."),
        E::Forged | E::Issue(_) | E::Status(_) | E::Db(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Try again; if it stays, give us the request id.",
        ),
    }
}
