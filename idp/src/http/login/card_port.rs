//! The way over the port of the cards: off from the log-in page, the card shown there, and back. Links and redirects alone, so it
//! works without scripts.

use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use signum_core::Id;
use signum_core::http::tls::Peer;
use signum_core::http::{Problem, RequestId};
use signum_core::i18n::Locale;

use super::super::{Shared, failure, see_other};
use super::{logged_in, visiting};
use crate::abuse::address;
use crate::authorize::response::address as with_query;
use crate::client_auth::shown::Believed;
use crate::interaction::Interaction;
use crate::login::card::NAME;
use crate::login::card::refusal::{CardError, Told};
use crate::login::{Admitted, VisitQuery, client_certificate};

/// On the main address.
pub(super) fn routes(idp: Shared) -> Router {
    Router::new()
        .route("/eid/tls", get(begin))
        .route("/eid/return", get(back))
        .with_state(idp)
}

/// What the port of the cards serves, and nothing else.
pub(crate) fn port(idp: Shared, believed: Believed) -> Router {
    Router::new()
        .route("/eid/card", get(card))
        .with_state((idp, Arc::new(believed)))
}

/// The handshake says that the card is there, and nothing that comes later on the connection does: the card may have been taken
/// out. So a connection is for one request, and HTTP/2, which whoever begins with its preface would get unasked, is not spoken.
pub(crate) async fn one_request_a_connection(request: Request, next: Next) -> Response {
    let mut response = match request.version() {
        Version::HTTP_10 | Version::HTTP_11 => next.run(request).await,
        _ => Problem::of_status(StatusCode::HTTP_VERSION_NOT_SUPPORTED).into_response(),
    };
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

/// A plain link of the log-in page.
async fn begin(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    Query(query): Query<VisitQuery>,
    headers: HeaderMap,
) -> Response {
    let (visit, interaction) = match visiting(&idp, lang, &id, query.i, &headers).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    if !client_certificate::will_do(&idp, &interaction) {
        return see_other(&refused(visit.interaction, Told::Pin));
    }
    match client_certificate::begin(&idp, visit.interaction).await {
        Ok(ticket) => {
            let port = format!("{}/eid/card", idp.config.card.public_url);
            see_other(&with_query(&port, &[("t", Some(ticket.as_str()))]))
        }
        Err(error) => failure::database(&error),
    }
}

#[derive(serde::Deserialize)]
struct Ticket {
    t: String,
}

/// At the port of the cards: whoever shows one is sent back with a code, everybody else with the reason.
async fn card(
    State((idp, believed)): State<(Shared, Arc<Believed>)>,
    Query(ticket): Query<Ticket>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
) -> Response {
    let interaction = match client_certificate::take(&idp, &ticket.t).await {
        Ok(Some(interaction)) => interaction,
        Ok(None) => return see_other(&idp.at("/eid/help")),
        Err(error) => return failure::database(&error),
    };
    let certificate = match believed.shown(&peer, &headers) {
        Ok(certificate) => certificate,
        Err(problem) => {
            tracing::warn!(problem, "request refused");
            return Problem::of_status(StatusCode::BAD_REQUEST).into_response();
        }
    };
    let visit = client_certificate::visit_of(interaction, address::noted(&headers));
    match client_certificate::shown(&idp, &visit, &ticket.t, certificate.as_ref()).await {
        Ok(code) => {
            let i = interaction.to_string();
            let parameters = [("i", Some(i.as_str())), ("code", Some(code.as_str()))];
            see_other(&with_query(&idp.at("/eid/return"), &parameters))
        }
        Err(CardError::Refused(told)) => see_other(&idp.at(&refused(interaction, told))),
        Err(CardError::Login(error)) => failure::login_problem(&error),
    }
}

#[derive(serde::Deserialize)]
struct Back {
    i: Id<Interaction>,
    code: String,
}

async fn back(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    Query(query): Query<Back>,
    headers: HeaderMap,
) -> Response {
    let (visit, interaction) = match visiting(&idp, lang, &id, query.i, &headers).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    match client_certificate::back(&idp, &visit, &interaction, &query.code).await {
        Ok(Admitted { cookie, next }) => logged_in(&idp, NAME, &cookie, see_other(&next)),
        Err(CardError::Refused(told)) => see_other(&refused(visit.interaction, told)),
        Err(CardError::Login(error)) => failure::login_problem(&error),
    }
}

/// The log-in page with what the holder is told.
fn refused(interaction: Id<Interaction>, told: Told) -> String {
    format!("/login?i={interaction}&refused={NAME}.{}", told.code())
}
