//! The officers' desk API: JSON, bearer tokens, no cookies.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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
    let pending = enrol::pending(&signer, officer).await.map_err(problem::enrolment)?;
    let country = &signer.config.country;
    Ok(Json(pending.iter().map(|one| shown(one, country, officer)).collect()))
}

/// Every input of the voucher besides the options, for the desk to compute the challenge itself.
fn shown(pending: &Pending, country: &str, officer: &Officer) -> Value {
    let (name, authenticator) = (&pending.person.name, &pending.authenticator);
    let ids = [officer.vouching.authenticator.credential_id.clone()];
    json!({
        "id": pending.enrolment.id,
        "given_name": name.given_name,
        "family_name": name.surname,
        "country": country,
        "personal_number": name.personal_number,
        "fingerprint": enrol::fingerprint(authenticator),
        "authenticator": {
            "credential_id": URL_SAFE_NO_PAD.encode(&authenticator.credential_id),
            "cose_key": URL_SAFE_NO_PAD.encode(&authenticator.cose_key),
            "aaguid": hex::encode(authenticator.aaguid),
            "backup_eligible": authenticator.backup_eligible,
            "counter": authenticator.counter,
        },
        "credential": hex::encode(pending.enrolment.credential),
        "pkcs10_sha256": hex::encode(pending.pkcs10_sha256),
        "state": pending.enrolment.stage.word(),
        "vouched_by": pending.vouched_by,
        "options": request_options(&pending.challenge, &officer.vouching.rp, &ids),
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
