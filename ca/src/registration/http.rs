//! The desks' own listener: JSON, bearer tokens, no cookies. `openapi.json` says every shape.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Path, Query, State as Shared};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use signum_core::Timestamp;
use signum_core::http::Frame;

use super::envelope::Signed;
use super::record::State;
use super::session::{self, AtDesk, LIFETIME};
use super::view::{Summary, Whole};
use super::{RegistrationError, flow, issuing, problem, status_change};
use crate::Service;
use crate::officer::{Gesture, pages};

/// Requests carry a PKCS#10.
const LONGEST_BODY: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(30);
pub(super) const OPENAPI: &str = include_str!("openapi.json");

/// Every address; a test holds `openapi.json` to it.
pub(super) fn routes() -> [(&'static str, MethodRouter<Arc<Service>>); 9] {
    [
        ("/openapi.json", get(openapi)),
        ("/v1/session/options", post(options)),
        ("/v1/session", post(log_in).delete(log_out)),
        ("/v1/requests", get(list).post(create)),
        ("/v1/requests/{id}", get(look)),
        ("/v1/requests/{id}/approval", post(approve)),
        ("/v1/requests/{id}/rejection", post(reject)),
        ("/v1/requests/{id}/certificate", get(collect)),
        ("/v1/status-changes", post(change_status)),
    ]
}

impl Service {
    /// The desks' interface, and the officers' pages. Never on the public addresses: it has a listener of its own. `address`
    /// says whether browsers come by https.
    pub fn registration_router(self: &Arc<Self>, address: url::Url) -> Router {
        let routes = routes()
            .into_iter()
            .fold(Router::new(), |router, (path, methods)| router.route(path, methods));
        Frame::new("ra", address, self.cx.random.clone())
            .body_limit(LONGEST_BODY)
            .timeout(PATIENCE)
            .around(routes.with_state(Arc::clone(self)).merge(pages::routes(self)))
    }
}

/// Refusals in the house's form.
pub(super) struct Refused(RegistrationError);

impl<E: Into<RegistrationError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = problem::of(&self.0).into_response();
        if matches!(self.0, RegistrationError::NotLoggedIn) {
            let challenge = header::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

type Answer<T> = Result<T, Refused>;

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

#[derive(Deserialize)]
struct Who {
    officer: String,
}

async fn options(Shared(service): Shared<Arc<Service>>, Json(who): Json<Who>) -> Answer<Json<Value>> {
    Ok(Json(session::options(&service, &who.officer).await?))
}

#[derive(Deserialize)]
struct LogIn {
    officer: String,
    credential: Value,
}

#[derive(Serialize)]
struct Token {
    token: String,
    /// Seconds.
    expires_in: u64,
}

async fn log_in(Shared(service): Shared<Arc<Service>>, Json(form): Json<LogIn>) -> Answer<Response> {
    let token = session::log_in(&service, &form.officer, &form.credential).await?;
    let expires_in = LIFETIME.as_secs();
    Ok(unstored(Json(Token { token, expires_in })))
}

async fn log_out(Shared(service): Shared<Arc<Service>>, headers: HeaderMap) -> Answer<StatusCode> {
    session::log_out(&service, bearer(&headers)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What names a person, or opens a desk, is kept by nobody on the way.
fn unstored(response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    let value = header::HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// Who asks is known before anything of the body is read.
impl FromRequestParts<Arc<Service>> for AtDesk {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Answer<Self> {
        Ok(session::officer(service, bearer(&parts.headers)).await?)
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<&str, RegistrationError> {
    let value = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let fits = value.filter(|key| (1..=128).contains(&key.len()));
    fits.ok_or(RegistrationError::IdempotencyKey)
}

fn id_of(text: &str) -> Result<[u8; 32], RegistrationError> {
    let mut id = [0; 32];
    hex::decode_to_slice(text, &mut id).map_err(|_| RegistrationError::NotFound)?;
    Ok(id)
}

async fn create(
    Shared(service): Shared<Arc<Service>>,
    at: AtDesk,
    headers: HeaderMap,
    Json(signed): Json<Signed>,
) -> Answer<Response> {
    let record = flow::create(&service, &at, idempotency_key(&headers)?, &signed).await?;
    let location = format!("/v1/requests/{}", hex::encode(record.id));
    let answer = (
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(Summary::of(&record)),
    );
    Ok(unstored(answer))
}

#[derive(Deserialize)]
struct Listing {
    state: String,
    /// Seconds since the Unix epoch.
    #[serde(default)]
    after: i64,
}

#[derive(Serialize)]
struct Listed {
    requests: Vec<Summary>,
}

async fn list(Shared(service): Shared<Arc<Service>>, at: AtDesk, Query(asked): Query<Listing>) -> Answer<Json<Listed>> {
    let state = State::parse(&asked.state).ok_or(RegistrationError::Malformed("state: no such state"))?;
    let records = flow::list(&service, &at, state, Timestamp::from_seconds(asked.after)).await?;
    let requests = records.iter().map(Summary::of).collect();
    Ok(Json(Listed { requests }))
}

async fn look(Shared(service): Shared<Arc<Service>>, at: AtDesk, Path(id): Path<String>) -> Answer<Response> {
    let record = flow::look(&service, &at, &id_of(&id)?).await?;
    Ok(unstored(Json(Whole::of(&record, &at.officer))))
}

#[derive(Deserialize)]
struct Approval {
    credential: Value,
}

async fn approve(
    Shared(service): Shared<Arc<Service>>,
    at: AtDesk,
    Path(id): Path<String>,
    Json(form): Json<Approval>,
) -> Answer<Json<Summary>> {
    let gesture = Gesture::from_json(&form.credential).map_err(|e| RegistrationError::Gesture(e.to_string()))?;
    let record = flow::approve(&service, &at, &id_of(&id)?, &gesture).await?;
    Ok(Json(Summary::of(&record)))
}

#[derive(Deserialize)]
struct Rejection {
    reason: String,
}

async fn reject(
    Shared(service): Shared<Arc<Service>>,
    at: AtDesk,
    Path(id): Path<String>,
    Json(form): Json<Rejection>,
) -> Answer<Json<Summary>> {
    let record = flow::reject(&service, &at, &id_of(&id)?, &form.reason).await?;
    Ok(Json(Summary::of(&record)))
}

async fn collect(Shared(service): Shared<Arc<Service>>, at: AtDesk, Path(id): Path<String>) -> Answer<Response> {
    let record = flow::look(&service, &at, &id_of(&id)?).await?;
    let record = issuing::collect(&service, record).await?;
    let kind = [(header::CONTENT_TYPE, "application/pem-certificate-chain")];
    Ok(unstored((kind, record.chain.unwrap_or_default())))
}

async fn change_status(
    Shared(service): Shared<Arc<Service>>,
    at: AtDesk,
    headers: HeaderMap,
    Json(signed): Json<Signed>,
) -> Answer<Json<Value>> {
    let done = status_change::change(&service, &at, idempotency_key(&headers)?, &signed).await?;
    Ok(Json(json!({ "serial": done.serial, "action": done.action })))
}
