//! Every error of every flow as a problem (RFC 9457): logged once, here; warn is the caller's fault, error is ours.

use http::StatusCode;
use signum_core::DbError;
use signum_core::http::Problem;

use crate::desk::DeskError;
use crate::enrol::EnrolError;
use crate::module::{self, ModuleError};
use crate::sign::{Quota, SignError};

pub(crate) fn database(error: DbError) -> Problem {
    if let DbError::NulInText = error {
        tracing::warn!(%error, "request refused");
        return Problem::of_status(StatusCode::BAD_REQUEST);
    }
    tracing::error!(%error, "database");
    match error {
        DbError::NotFound => not_found(),
        _ => Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

pub(crate) fn not_found() -> Problem {
    Problem::of_status(StatusCode::NOT_FOUND)
}

pub(crate) fn enrolment(error: EnrolError) -> Problem {
    match error {
        EnrolError::Db(error) => return database(error),
        EnrolError::Authority(_) => tracing::error!(%error, "enrolment"),
        EnrolError::Module(ModuleError::Away(_)) => tracing::error!(%error, "enrolment"),
        _ => tracing::warn!(%error, "enrolment"),
    }
    match &error {
        EnrolError::NotFound => not_found(),
        EnrolError::OutOfTurn => Problem::new(StatusCode::CONFLICT, "out_of_turn", "This step does not come next")
            .detail("Load the page again."),
        EnrolError::NotFresh => Problem::new(
            StatusCode::FORBIDDEN,
            "not_fresh",
            "You logged in too long ago for this",
        )
        .detail("Log in again."),
        EnrolError::Gesture(why) => gesture(&why.to_string()),
        EnrolError::Voucher(why) => Problem::new(
            StatusCode::FORBIDDEN,
            "voucher_refused",
            format!("The voucher was not accepted: {why}"),
        )
        .detail("Make the gesture again over the request's own challenge."),
        EnrolError::Module(error) => module_problem(error),
        EnrolError::Authority(_) => away("ca_away"),
        EnrolError::Db(_) => Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

pub(crate) fn signing(error: SignError) -> Problem {
    match &error {
        SignError::Db(_) => {}
        SignError::Altered
        | SignError::Cms(_)
        | SignError::TimeStamp(_)
        | SignError::Interrupted
        | SignError::Unsettled => {
            tracing::error!(%error, "signing");
        }
        SignError::Module(ModuleError::Away(_)) | SignError::Status(_) | SignError::TimeStamping(_) => {
            tracing::error!(%error, "signing");
        }
        _ => tracing::warn!(%error, "signing"),
    }
    match error {
        SignError::NotFound => not_found(),
        SignError::NotEnrolled => Problem::new(StatusCode::CONFLICT, "not_enrolled", "You cannot sign here yet")
            .detail("Set up signing first."),
        SignError::Pdf(why) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            &format!("pdf_{}", why.code().replace('-', "_")),
            format!("This PDF cannot be signed: {why}"),
        )
        .detail("Upload another PDF."),
        SignError::Quota(quota) => too_much(quota),
        SignError::Busy => away("busy"),
        SignError::Used => Problem::new(
            StatusCode::CONFLICT,
            "transaction_used",
            "This signature request was used",
        )
        .detail("Load the page again."),
        SignError::Expired => Problem::new(StatusCode::GONE, "transaction_expired", "The time to sign is over")
            .detail("Load the page again, or upload the document again."),
        SignError::TooOld => Problem::new(
            StatusCode::GONE,
            "document_expired",
            "The document waited too long for its signature",
        )
        .detail("Upload the document again."),
        SignError::Gesture(why) => gesture(&why.to_string()),
        SignError::Altered => Problem::new(
            StatusCode::CONFLICT,
            "document_altered",
            "The document is not the one you agreed to; nothing was signed",
        )
        .detail("Upload the document again and tell us the request id."),
        SignError::Module(error) => module_problem(&error),
        SignError::Status(_) => away("status_away"),
        SignError::TimeStamping(_) | SignError::TimeStamp(_) => away("timestamp_away"),
        SignError::Cms(_) | SignError::Interrupted | SignError::Unsettled => {
            Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR)
        }
        SignError::Db(error) => database(error),
    }
}

/// 429 (RFC 6585 section 4).
fn too_much(quota: Quota) -> Problem {
    let (code, title, detail) = match quota {
        Quota::OpenDocuments(_) => (
            "open_documents",
            "Too many documents wait for their signature",
            "Sign one of them, or wait until they are deleted.",
        ),
        Quota::Octets { .. } => (
            "daily_upload",
            "The amount of one day has been uploaded",
            "Try again tomorrow; the header Retry-After says when.",
        ),
    };
    Problem::new(StatusCode::TOO_MANY_REQUESTS, code, title).detail(detail)
}

pub(crate) fn officers(error: DeskError) -> Problem {
    if let DeskError::Db(error) = error {
        return database(error);
    }
    tracing::warn!(%error, "officers' desk");
    match error {
        DeskError::NotLoggedIn => {
            Problem::new(StatusCode::UNAUTHORIZED, "not_logged_in", "No valid token").detail("Log in.")
        }
        // An officer's id is not told from a wrong gesture.
        DeskError::Gesture(_) | DeskError::UnknownOfficer | DeskError::Challenge | DeskError::Db(_) => {
            Problem::new(StatusCode::FORBIDDEN, "login_refused", "The log-in was not accepted")
                .detail("Ask for new options and make the gesture again.")
        }
    }
}

fn gesture(why: &str) -> Problem {
    let title = format!("The passkey's answer was not accepted: {why}");
    Problem::new(StatusCode::FORBIDDEN, "gesture_refused", title).detail("Try again with the passkey you made here.")
}

fn module_problem(error: &ModuleError) -> Problem {
    match error {
        ModuleError::Away(_) => away("module_away"),
        ModuleError::Refused(refusal) => {
            let code = format!("refused_{}", module::code(refusal));
            let title = format!("Refused, nothing was signed: {refusal}");
            Problem::new(StatusCode::FORBIDDEN, &code, title).detail("Load the page again and repeat the gesture.")
        }
    }
}

fn away(code: &str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, "A part of the service is away")
        .detail("Try again in a minute.")
}
