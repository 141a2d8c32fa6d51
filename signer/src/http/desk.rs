//! The officers' desk API: JSON, bearer tokens, no cookies.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::{Value, json};
use signum_core::http::Problem;
use signum_gesture::options::request_options;

use super::enrol::id;
use super::problem;
use crate::desk;
use crate::enrol::{self, Pending};
use crate::officers::Officer;
use crate::service::Signer;

#[derive(Deserialize)]
pub(crate) struct Who {
    officer: String,
}

/// `POST /desk/session/options`
pub(crate) async fn options(State(signer): State<Arc<Signer>>, Json(who): Json<Who>) -> Result<Json<Value>, Problem> {
    let options = desk::options(&signer, &who.officer).await;
    Ok(Json(options.map_err(problem::officers)?))
}

#[derive(Deserialize)]
pub(crate) struct LogIn {
    officer: String,
    credential: Value,
}

/// `POST /desk/session`
pub(crate) async fn log_in(State(signer): State<Arc<Signer>>, Json(form): Json<LogIn>) -> Result<Json<Value>, Problem> {
    let token = desk::log_in(&signer, &form.officer, &form.credential)
        .await
        .map_err(problem::officers)?;
    Ok(Json(
        json!({ "token": token, "expires_in": signer.config.officer_seconds }),
    ))
}

async fn officer<'a>(signer: &'a Signer, headers: &HeaderMap) -> Result<&'a Officer, Problem> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.strip_prefix("Bearer "));
    desk::officer(signer, token).await.map_err(problem::officers)
}

/// `GET /desk/enrolments`: everyone who waits, with the options of this officer's voucher.
pub(crate) async fn pending(State(signer): State<Arc<Signer>>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    let officer = officer(&signer, &headers).await?;
    let pending = enrol::pending(&signer.cx).await.map_err(problem::enrolment)?;
    Ok(Json(pending.iter().map(|one| shown(one, officer)).collect()))
}

fn shown(pending: &Pending, officer: &Officer) -> Value {
    let ids = [officer.authenticator.credential_id.clone()];
    json!({
        "id": pending.enrolment.id,
        "given_name": pending.name.given_name,
        "family_name": pending.name.surname,
        "personal_number": pending.name.personal_number,
        "credential": hex::encode(pending.enrolment.credential),
        "state": pending.enrolment.stage.word(),
        "vouched_by": pending.vouched_by,
        "options": request_options(&pending.challenge, &officer.rp, &ids),
    })
}

#[derive(Deserialize)]
pub(crate) struct Vouch {
    credential: Value,
}

/// `POST /desk/enrolments/{id}/vouchers`
pub(crate) async fn vouch(
    State(signer): State<Arc<Signer>>,
    headers: HeaderMap,
    Path(enrolment): Path<String>,
    Json(form): Json<Vouch>,
) -> Result<Json<Value>, Problem> {
    let officer = officer(&signer, &headers).await?;
    let enrolment = enrol::vouch(&signer, id(&enrolment)?, officer, &form.credential)
        .await
        .map_err(problem::enrolment)?;
    Ok(Json(json!({ "state": enrolment.stage.word() })))
}
