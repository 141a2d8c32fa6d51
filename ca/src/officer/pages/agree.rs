//! `/agree/ID`: what one officer asked for, shown to another one, who agrees with a gesture over it.
//!
//! The id is the request's hash: who was not given it finds nothing here. What is agreed to is read from the stored request and
//! computed anew; the gesture is verified, and refusals recorded, by the approval itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use signum_core::Timestamp;
use signum_core::http::Problem;
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Notice, Passkey, PasskeyKind};
use signum_gesture::options::request_options;

use super::words::word;
use super::{digits, page};
use crate::Service;
use crate::approval::{ApprovalError, Waiting};
use crate::officer::{Gesture, ListedOfficer, Officers};

#[derive(Deserialize)]
pub(super) struct Who {
    #[serde(default)]
    officer: String,
}

/// Why there is no page, or no agreement.
pub(super) struct Refused(ApprovalError);

impl<E: Into<ApprovalError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match &self.0 {
            ApprovalError::Unknown | ApprovalError::Officers(_) | ApprovalError::NotAsked(_) => StatusCode::NOT_FOUND,
            ApprovalError::Expired | ApprovalError::Spent => StatusCode::GONE,
            ApprovalError::Twice(_) => StatusCode::CONFLICT,
            ApprovalError::Malformed(_) => StatusCode::BAD_REQUEST,
            ApprovalError::Officer(_)
            | ApprovalError::NoRole { .. }
            | ApprovalError::SelfApproval
            | ApprovalError::NotApproved
            | ApprovalError::Forged => StatusCode::FORBIDDEN,
            ApprovalError::Db(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        match &self.0 {
            ApprovalError::Db(error) => tracing::error!(%error, "an officer's page"),
            error => tracing::warn!(code = error.code(), "an officer's page"),
        }
        Problem::new(status, self.0.code(), self.0.to_string()).into_response()
    }
}

async fn found(service: &Service, id: &str) -> Result<Waiting, Refused> {
    let mut hash = [0; 32];
    hex::decode_to_slice(id, &mut hash).map_err(|_| ApprovalError::Unknown)?;
    let waiting = service.waiting_approvals().await?;
    let found = waiting.into_iter().find(|waiting| waiting.request.hash() == hash);
    Ok(found.ok_or(ApprovalError::Unknown)?)
}

/// Who may agree: another officer than the one who asked, with one of the roles, who has not agreed yet.
fn may_agree<'a>(officers: &'a Officers, waiting: &'a Waiting) -> impl Iterator<Item = &'a ListedOfficer> {
    let (request, roles) = (&waiting.request, waiting.request.kind.approves());
    officers.list().officers.iter().filter(move |officer| {
        officer.id != request.requester
            && !waiting.approved_by.contains(&officer.id)
            && roles.iter().any(|role| officer.roles.contains(role))
    })
}

pub(super) async fn show(
    State(service): State<Arc<Service>>,
    Locale(lang): Locale,
    Path(id): Path<String>,
    Query(who): Query<Who>,
) -> Result<Response, Refused> {
    let waiting = found(&service, &id).await?;
    let officers = service.officers().await?;
    let able: Vec<&str> = may_agree(&officers, &waiting)
        .map(|officer| officer.id.as_str())
        .collect();
    let body = html! {
        p { (word(lang, "agree-lead")) }
        (facts(&waiting, lang))
        @if able.contains(&who.officer.as_str()) {
            (button(&id, &who.officer, lang))
        } @else if able.is_empty() {
            (ui::notice(Notice::Information, word(lang, "agree-nobody")))
        } @else {
            h2 { (word(lang, "agree-who")) }
            (ui::actions(html! {
                @for officer in able { (ui::link_button(false, &format!("/agree/{id}?officer={officer}"), officer)) }
            }))
        }
    };
    let path = format!("/agree/{id}?officer={}", who.officer);
    Ok(page(lang, &path, "agree-title", &["passkey.js"], body))
}

fn facts(waiting: &Waiting, lang: Lang) -> Markup {
    let request = &waiting.request;
    let time = |seconds| Timestamp::from_seconds(seconds).to_string();
    ui::facts(&[
        (
            &word(lang, "agree-kind"),
            html! { (word(lang, &format!("kind-{}", request.kind))) },
        ),
        (
            &word(lang, "agree-what"),
            html! { span lang="en" { (request.summary) } },
        ),
        (
            &word(lang, "agree-asked-by"),
            html! { (request.requester) ", " (time(request.made_at)) },
        ),
        (&word(lang, "agree-until"), html! { (time(request.expires_at)) }),
        (
            &word(lang, "agree-given-by"),
            html! {
                @if waiting.approved_by.is_empty() { "–" } @else { (waiting.approved_by.join(", ")) }
            },
        ),
        (&word(lang, "agree-hash"), digits(&request.hash())),
    ])
}

fn button(id: &str, officer: &str, lang: Lang) -> Markup {
    let button = Passkey {
        kind: PasskeyKind::Get,
        options: &format!("/agree/{id}/options?officer={officer}"),
        finish: &format!("/agree/{id}/gesture?officer={officer}"),
        label: &word(lang, "agree-button"),
        messages: &[],
    };
    button.markup(lang)
}

pub(super) async fn options(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    Query(who): Query<Who>,
) -> Result<Json<Value>, Refused> {
    let waiting = found(&service, &id).await?;
    let officers = service.officers().await?;
    let officer = may_agree(&officers, &waiting).find(|officer| officer.id == who.officer);
    let officer = officer.ok_or(ApprovalError::NoRole {
        officer: who.officer,
        kind: waiting.request.kind,
    })?;
    let ids = [officer.authenticator.credential_id.clone()];
    let challenge = waiting.request.approved();
    Ok(Json(request_options(&challenge, &officer.relying_party, &ids)))
}

pub(super) async fn give(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    Query(who): Query<Who>,
    Json(credential): Json<Value>,
) -> Result<Json<Value>, Refused> {
    let mut hash = [0; 32];
    hex::decode_to_slice(&id, &mut hash).map_err(|_| ApprovalError::Unknown)?;
    let gesture = Gesture::from_json(&credential).map_err(|_| ApprovalError::Malformed("credential"))?;
    service.approve(&hash, &who.officer, &gesture).await?;
    Ok(Json(json!({ "next": format!("/agree/{id}") })))
}
