//! The CA's end: a handler reads, makes one call of the contract and writes.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use signum_core::Random;
use signum_core::contract::{CertificateRequest, ContractError, StatusChange};
use signum_core::http::Frame;
use signum_core::http::tls::Peer;

use super::{Authority, OcspAsked, Octets, StatusAsked, status_of};

/// The routes of the contract inside the house's frame.
pub fn router(authority: Authority, random: Arc<dyn Random>) -> Router {
    let routes = Router::new()
        .route("/contract/v1/issue", post(issue))
        .route("/contract/v1/change-status", post(change_status))
        .route("/contract/v1/ocsp", post(ocsp))
        .route("/contract/v1/status-at", post(status_at))
        .route("/contract/v1/time-stamp", post(time_stamp))
        .with_state(authority);
    Frame::protocol("contract", random).around(routes)
}

type Body<T> = Result<Json<T>, JsonRejection>;

async fn issue(
    State(authority): State<Authority>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Body<CertificateRequest>,
) -> Response {
    tracing::info!(peer = named(&peer), "a certificate is asked for");
    answer(body, async |request| authority.ca.issue(request).await).await
}

async fn change_status(
    State(authority): State<Authority>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Body<StatusChange>,
) -> Response {
    tracing::info!(peer = named(&peer), "a change of status is asked for");
    answer(body, async |change| authority.ca.change_status(change).await).await
}

async fn ocsp(State(authority): State<Authority>, body: Body<OcspAsked>) -> Response {
    answer(body, async |asked| {
        let octets = authority.status.ocsp(&asked.certificate, &asked.issuer).await?;
        Ok(Octets { octets })
    })
    .await
}

async fn status_at(State(authority): State<Authority>, body: Body<StatusAsked>) -> Response {
    answer(body, async |asked| {
        authority.status.status_at(&asked.serial, asked.at).await
    })
    .await
}

async fn time_stamp(State(authority): State<Authority>, body: Body<Octets>) -> Response {
    answer(body, async |asked| {
        let octets = authority.tsa.time_stamp(&asked.octets).await?;
        Ok(Octets { octets })
    })
    .await
}

async fn answer<T: DeserializeOwned, U: Serialize>(
    body: Body<T>,
    call: impl AsyncFnOnce(T) -> Result<U, ContractError>,
) -> Response {
    let outcome = match body {
        Ok(Json(asked)) => call(asked).await,
        Err(rejection) => Err(ContractError::Refused {
            code: "malformed".to_owned(),
            message: rejection.body_text(),
        }),
    };
    match outcome {
        Ok(value) => Json(value).into_response(),
        Err(error) => (status_of(&error), Json(error)).into_response(),
    }
}

/// The beginning of the SHA-256 of what it showed.
fn named(peer: &Peer) -> String {
    let shown = peer.certificates.first().map(Sha256::digest);
    shown.map_or_else(String::new, |hash| hex::encode(hash).chars().take(16).collect())
}
