//! Routes of the signing desk: a handler parses, makes one flow call and renders.

mod desk;
mod documents;
mod enrol;
mod home;
mod problem;
mod reader;
#[cfg(test)]
mod tests;

pub(crate) use reader::Reader;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::service::Signer;

/// Room in a multipart body for everything but the file.
const MULTIPART_OVERHEAD: usize = 64 * 1024;

pub(crate) fn routes(signer: Arc<Signer>) -> Router {
    let upload = DefaultBodyLimit::max(signer.config.max_upload + MULTIPART_OVERHEAD);
    Router::new()
        .route("/", get(home::page))
        .route("/login", get(home::login))
        .route("/callback", get(home::callback))
        .route("/logout", post(home::logout))
        .route("/enrol", get(enrol::start).post(enrol::begin))
        .route("/enrol/restart", get(enrol::ask_restart).post(enrol::restart))
        .route("/enrol/{id}", get(enrol::page))
        .route("/enrol/{id}/status", get(enrol::status))
        .route("/enrol/{id}/options", post(enrol::options))
        .route("/enrol/{id}/authenticator", post(enrol::register))
        .route("/documents", post(documents::upload).layer(upload))
        .route("/documents/{id}", get(documents::confirm))
        .route("/documents/{id}/options", post(documents::options))
        .route("/documents/{id}/sign", post(documents::sign))
        .route("/documents/{id}/done", get(documents::done))
        .route("/documents/{id}/again", post(documents::again))
        .route("/documents/{id}/status", get(documents::status))
        .route("/documents/{id}/signed.pdf", get(documents::signed))
        .route("/documents/{id}/evidence.json", get(documents::evidence))
        .route("/desk/session/options", post(desk::options))
        .route("/desk/session", post(desk::log_in))
        .route("/desk/enrolments", get(desk::pending))
        .route("/desk/enrolments/{id}/vouchers", post(desk::vouch))
        .with_state(signer)
}
