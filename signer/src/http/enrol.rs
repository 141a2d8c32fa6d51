//! The person's side of the enrolment.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use signum_core::Id;
use signum_core::http::Problem;

use super::home::leading_to_provider;
use super::problem;
use super::reader::Reader;
use crate::enrol::{self, EnrolError, Enrolment, Stage};
use crate::pages;
use crate::service::Signer;

/// Cookie with the code of the passkey that this browser made. Kept here and not read from the database, where somebody might
/// have put another passkey: then citizen and officer see different codes.
const CODE: &str = "passkey-code";
/// How long officers may take.
const CODE_KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

pub(super) fn id<T>(text: &str) -> Result<Id<T>, Problem> {
    Id::parse(text).ok_or_else(problem::not_found)
}

/// `GET /enrol`: what will happen; or where it stands.
pub(crate) async fn start(State(signer): State<Arc<Signer>>, reader: Reader) -> Result<Response, Problem> {
    let Some(session) = &reader.session else {
        return Ok(Redirect::to("/login").into_response());
    };
    let enrolment = enrol::of_person(&signer.cx, &session.person.reference)
        .await
        .map_err(problem::database)?;
    Ok(match enrolment {
        Some(enrolment) => Redirect::to(&format!("/enrol/{}", enrolment.id)).into_response(),
        None => leading_to_provider(&signer, pages::enrol::start(&signer, &reader)),
    })
}

#[derive(Deserialize)]
pub(crate) struct Begin {
    csrf: Option<String>,
}

/// `POST /enrol`
pub(crate) async fn begin(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Form(form): Form<Begin>,
) -> Result<Response, Problem> {
    let session = reader.acting(&signer, form.csrf.as_deref())?;
    let enrolment = enrol::begin(&signer, &session.person.reference)
        .await
        .map_err(problem::enrolment)?;
    Ok(Redirect::to(&format!("/enrol/{}", enrolment.id)).into_response())
}

/// `GET /enrol/{id}`: the step that comes next.
pub(crate) async fn page(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Path(enrolment): Path<String>,
) -> Result<Response, Problem> {
    let Some(session) = &reader.session else {
        return Ok(Redirect::to("/login").into_response());
    };
    let enrolment = enrol::find(&signer.cx, id(&enrolment)?, &session.person.reference)
        .await
        .map_err(problem::enrolment)?;
    if let Stage::Superseded = enrolment.stage {
        return Ok(Redirect::to("/enrol").into_response());
    }
    let kept = signer.cookies.get(&reader.headers, CODE);
    let code = kept.as_ref().and_then(|kept| code_of(kept, enrolment.id));
    Ok(leading_to_provider(
        &signer,
        pages::enrol::page(&signer, &reader, &enrolment, code.as_deref()),
    ))
}

/// The code in the cookie, if it is of this enrolment's passkey.
fn code_of(kept: &str, enrolment: Id<Enrolment>) -> Option<String> {
    let code = kept.strip_prefix(&format!("{enrolment}-"))?;
    let groups: Vec<&str> = code.split('-').collect();
    Some(groups.join(" "))
}

/// `GET /enrol/restart`: what beginning anew means.
pub(crate) async fn ask_restart(State(signer): State<Arc<Signer>>, reader: Reader) -> Result<Response, Problem> {
    let Some(session) = &reader.session else {
        return Ok(Redirect::to("/login").into_response());
    };
    let enrolment = enrol::of_person(&signer.cx, &session.person.reference)
        .await
        .map_err(problem::database)?;
    let fresh = enrol::is_fresh(&signer.cx, session);
    Ok(match enrolment {
        None => Redirect::to("/enrol").into_response(),
        Some(_) => leading_to_provider(&signer, pages::enrol::restart(&signer, &reader, fresh)),
    })
}

/// `POST /enrol/restart`: ends the old credential.
pub(crate) async fn restart(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Form(form): Form<Begin>,
) -> Result<Response, Problem> {
    let session = reader.acting(&signer, form.csrf.as_deref())?;
    match enrol::restart(&signer, session).await {
        Ok(()) => Ok(Redirect::to("/enrol").into_response()),
        // The page says that a log-in is due.
        Err(EnrolError::NotFresh) => Ok(Redirect::to("/enrol/restart").into_response()),
        Err(EnrolError::OutOfTurn) => Ok(reader.error(StatusCode::CONFLICT, "restart-later")),
        Err(error) => Err(problem::enrolment(error)),
    }
}

/// `GET /enrol/{id}/status`: taken as far as it goes, so that nobody waits for the job.
pub(crate) async fn status(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Path(enrolment): Path<String>,
) -> Result<Json<Value>, Problem> {
    let session = reader.logged_in()?;
    let enrolment: Id<Enrolment> = id(&enrolment)?;
    let enrolment = enrol::find(&signer.cx, enrolment, &session.person.reference)
        .await
        .map_err(problem::enrolment)?;
    let state = enrolment.stage.word();
    let state = match enrol::advance(&signer, enrolment).await {
        Ok(enrolment) => enrolment.stage.word(),
        Err(error) => {
            tracing::warn!(%error, "an enrolment could not go on; it will be tried again");
            state
        }
    };
    Ok(Json(json!({ "state": state })))
}

/// `POST /enrol/{id}/options`
pub(crate) async fn options(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Path(enrolment): Path<String>,
) -> Result<Json<Value>, Problem> {
    let session = reader.acting(&signer, None)?;
    let options = enrol::options(&signer, id(&enrolment)?, &session.person).await;
    Ok(Json(options.map_err(problem::enrolment)?))
}

/// `POST /enrol/{id}/authenticator`
pub(crate) async fn register(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Path(enrolment): Path<String>,
    Json(credential): Json<Value>,
) -> Result<Response, Problem> {
    let session = reader.acting(&signer, None)?;
    let enrolment: Id<Enrolment> = id(&enrolment)?;
    let code = enrol::register(&signer, enrolment, &session.person, &credential)
        .await
        .map_err(problem::enrolment)?;
    let kept = format!("{enrolment}-{}", code.replace(' ', "-"));
    let cookie = signer.cookies.set(CODE, &kept, Some(CODE_KEPT));
    let answer = Json(json!({ "next": format!("/enrol/{enrolment}") }));
    Ok(([(header::SET_COOKIE, cookie)], answer).into_response())
}
