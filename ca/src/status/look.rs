//! The status of a certificate at any time: what its history said then, in process, by contract and as JSON over HTTP.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use signum_core::contract::{CertificateState, StatusAction, StatusAt};
use signum_core::db::Row;
use signum_core::http::Problem;
use signum_core::{DbError, Id, Timestamp, params};
use x509_cert::ext::pkix::CrlReason;

use super::{Change, Status, StatusError, doubtful_since};
use crate::authority::AuthorityName;
use crate::{PreparedBulk, Service};

/// One of `issuer`'s serial numbers as the database knows it.
struct Known {
    issuer: String,
    /// When it was issued and when it ends; `None` when only its history is left.
    lives: Option<(Timestamp, Timestamp)>,
}

impl Service {
    /// The status of one of `issuer`'s serial numbers at `at`, now or in the past. A history is enough: it outlives the
    /// certificate's own row.
    pub(crate) async fn status_at(
        &self,
        issuer: AuthorityName,
        serial: &[u8],
        at: Timestamp,
    ) -> Result<Status, DbError> {
        let history = self.history(issuer.as_str(), serial, at).await?;
        if !history.is_empty() {
            return Status::after(&history);
        }
        let issued = self
            .cx
            .db
            .opt(
                "SELECT serial FROM certificate WHERE issuer = $1 AND serial = $2 AND certificate IS NOT NULL",
                params![issuer.as_str(), serial],
            )
            .await?;
        Ok(issued.map_or(Status::Unissued, |_| Status::Good))
    }

    async fn history(&self, issuer: &str, serial: &[u8], at: Timestamp) -> Result<Vec<Row>, DbError> {
        self.cx
            .db
            .all(
                "SELECT state, reason, at, invalid_since FROM certificate_status
                 WHERE issuer = $1 AND serial = $2 AND at <= $3 ORDER BY sequence",
                params![issuer, serial, at],
            )
            .await
    }

    /// The status of a serial number at `at`; that of one authority, or the only one of all. Lists and OCSP answers tell whole
    /// seconds, so what happened within the second of `at` counts.
    pub async fn state_at(
        &self,
        issuer: Option<AuthorityName>,
        serial: &[u8],
        at: Timestamp,
    ) -> Result<StatusAt, StatusError> {
        let mut known = self.known(issuer, serial).await?;
        let Some(found) = known.pop() else {
            let state = CertificateState::NotIssued;
            return Ok(StatusAt {
                at,
                state,
                expired: false,
            });
        };
        if !known.is_empty() {
            return Err(StatusError::Ambiguous);
        }
        let end_of_second = Timestamp(Timestamp::from_seconds(at.seconds()).0.saturating_add(999_999));
        let history = self.history(&found.issuer, serial, end_of_second).await?;
        let state = match found.lives {
            Some((issued_at, _)) if end_of_second < issued_at => CertificateState::NotIssued,
            _ => state(&history)?,
        };
        let expired = found.lives.is_some_and(|(_, end)| at > end);
        Ok(StatusAt { at, state, expired })
    }

    async fn known(&self, issuer: Option<AuthorityName>, serial: &[u8]) -> Result<Vec<Known>, DbError> {
        let rows = self
            .cx
            .db
            .all(
                "SELECT issuer, issued_at, not_after FROM certificate WHERE serial = $1 AND certificate IS NOT NULL",
                params![serial],
            )
            .await?;
        let mut known = Vec::new();
        for row in &rows {
            let name: String = row.get("issuer")?;
            if issuer.is_none_or(|wanted| wanted.as_str() == name) {
                let lives = Some((row.get("issued_at")?, row.get("not_after")?));
                known.push(Known { issuer: name, lives });
            }
        }
        if !known.is_empty() {
            return Ok(known);
        }
        // Its row may be gone after the time of retention, or it was given up half way: the history stays.
        for name in AuthorityName::all().filter(|name| issuer.is_none_or(|wanted| wanted == *name)) {
            let some = self.history(name.as_str(), serial, self.cx.now()).await?;
            if !some.is_empty() {
                known.push(Known {
                    issuer: name.to_string(),
                    lives: None,
                });
            }
        }
        Ok(known)
    }
}

/// One entry of a history, as operators read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    pub issuer: String,
    pub at: Timestamp,
    pub change: StatusAction,
    /// Who asked, such as `officer:desk-7`; older entries do not say.
    pub asked_by: Option<String>,
    pub invalid_since: Option<Timestamp>,
    /// The bulk action it is part of.
    pub action: Option<Id<PreparedBulk>>,
}

impl Service {
    /// Everything that ever happened to the status of a serial number, first things first.
    pub async fn entries(&self, serial: &[u8]) -> Result<Vec<HistoryEntry>, DbError> {
        let mut entries = Vec::new();
        for name in AuthorityName::all() {
            let rows = self
                .cx
                .db
                .all(
                    "SELECT state, reason, at, asked_by, invalid_since, action FROM certificate_status
                     WHERE issuer = $1 AND serial = $2 ORDER BY sequence",
                    params![name.as_str(), serial],
                )
                .await?;
            for row in &rows {
                entries.push(HistoryEntry {
                    issuer: name.to_string(),
                    at: row.get("at")?,
                    change: Change::read(row)?.action(),
                    asked_by: row.get("asked_by")?,
                    invalid_since: row.get("invalid_since")?,
                    action: row.get("action")?,
                });
            }
        }
        Ok(entries)
    }
}

/// What a history (with `invalid_since`) says at its end.
fn state(history: &[Row]) -> Result<CertificateState, DbError> {
    Ok(match Status::after(history)? {
        Status::Good | Status::Unissued => CertificateState::Good,
        Status::Revoked {
            since,
            reason: CrlReason::CertificateHold,
        } => CertificateState::Suspended { since },
        Status::Revoked { since, reason } => CertificateState::Revoked {
            since,
            reason: reason as u8,
            invalid_since: doubtful_since(history)?,
        },
    })
}

/// `GET /status/{ca}/{serial}?at=TIME`: for who validates what was signed then. Unsigned: the proof for a third party is the list
/// or the OCSP answer.
pub(crate) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/status/{ca}/{serial}", get(status))
}

#[derive(Deserialize)]
struct At {
    at: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    issuer: &'a str,
    serial: &'a str,
    at: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// CRLReason of RFC 5280 section 5.3.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid_since: Option<String>,
    expired: bool,
}

async fn status(
    State(service): State<Arc<Service>>,
    Path((ca, serial)): Path<(String, String)>,
    Query(query): Query<At>,
) -> Response {
    let refused = |title: &str| Problem::new(StatusCode::BAD_REQUEST, "malformed", title).into_response();
    let Some(issuer) = AuthorityName::parse(&ca) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(octets) = hex::decode(&serial)
        .ok()
        .filter(|octets| (1..=20).contains(&octets.len()))
    else {
        return refused("The serial number is 1 to 20 octets in hexadecimal");
    };
    let now = service.cx.now();
    let at = match query.at.as_deref().map(Timestamp::parse) {
        None => now,
        Some(Some(at)) if at <= now => at,
        Some(Some(_)) => return refused("The time is still to come"),
        Some(None) => return refused("The time is not one of RFC 3339 in UTC, such as 2026-11-23T12:00:00Z"),
    };
    match service.state_at(Some(issuer), &octets, at).await {
        Ok(known) => {
            let answer = Answer::new(issuer.as_str(), &serial, &known);
            ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "status");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

impl<'a> Answer<'a> {
    fn new(issuer: &'a str, serial: &'a str, known: &StatusAt) -> Self {
        let (state, since, reason, invalid_since) = match &known.state {
            CertificateState::NotIssued => ("not_issued", None, None, None),
            CertificateState::Good => ("good", None, None, None),
            CertificateState::Suspended { since } => {
                ("suspended", Some(since), Some(CrlReason::CertificateHold as u8), None)
            }
            CertificateState::Revoked {
                since,
                reason,
                invalid_since,
            } => ("revoked", Some(since), Some(*reason), invalid_since.as_ref()),
        };
        Self {
            issuer,
            serial,
            at: known.at.to_string(),
            state,
            since: since.map(ToString::to_string),
            reason,
            invalid_since: invalid_since.map(ToString::to_string),
            expired: known.expired,
        }
    }
}
