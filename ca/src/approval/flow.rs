//! Asking and agreeing.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, Tx, params};

use super::{ApprovalError, ApprovalRequest, role};
use crate::officer::store::{self, Pin};
use crate::officer::{Gesture, OfficerError};

/// A request as officers see it.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub request: ApprovalRequest,
    pub approved_by: Vec<String>,
    pub spent: bool,
}

/// A stored request: what was asked, who asked, with which gesture.
pub(super) struct Asked {
    pub request: ApprovalRequest,
    pub gesture: Gesture,
    pub spent: bool,
}

impl Asked {
    pub fn read(row: &Row) -> Result<Self, ApprovalError> {
        let (request, gesture): (String, String) = (row.get("request")?, row.get("gesture")?);
        let request: ApprovalRequest = serde_json::from_str(&request).map_err(|_| ApprovalError::Forged)?;
        let id: [u8; 32] = row.get("id")?;
        if request.hash() != id || request.requester != row.get::<String>("requester")? {
            return Err(ApprovalError::Forged);
        }
        Ok(Self {
            request,
            gesture: serde_json::from_str(&gesture).map_err(|_| ApprovalError::Forged)?,
            spent: row.get::<Option<i64>>("spent_at")?.is_some(),
        })
    }
}

/// An officer asks. Asked again it is the same request.
pub(crate) async fn ask(
    cx: &Cx,
    pin: Option<&Pin>,
    request: &ApprovalRequest,
    gesture: &Gesture,
) -> Result<[u8; 32], ApprovalError> {
    let asked = cx.db.run("ca.ask", |tx| async move {
        let officers = store::load(&tx, pin).await?;
        let role = role(officers.list(), &request.requester, request.kind, request.kind.asks())?;
        officers
            .list()
            .verify(&request.requester, role, gesture, &request.asked())?;
        request.check(cx.now())?;
        insert(&tx, cx, request, gesture).await
    });
    let asked = asked.await;
    refused(cx, &request.hash(), &request.requester, asked.as_ref().err()).await?;
    asked
}

async fn insert(tx: &Tx, cx: &Cx, request: &ApprovalRequest, gesture: &Gesture) -> Result<[u8; 32], ApprovalError> {
    let id = request.hash();
    let text = serde_json::to_string(request).map_err(|_| ApprovalError::Malformed("it cannot be written"))?;
    let new = tx
        .exec(
            "INSERT INTO approval_request (id, kind, subject_sha256, request, requester, gesture, made_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            params![
                id,
                request.kind.name(),
                request.subject,
                text,
                &request.requester,
                gesture.to_json().to_string(),
                request.made_at.saturating_mul(1_000_000),
                request.expires_at.saturating_mul(1_000_000),
            ],
        )
        .await?;
    if new == 1 {
        let detail =
            json!({ "kind": request.kind, "officer": request.requester, "subject": hex::encode(request.subject) });
        audit::record(tx, cx, &Event::new("approval.asked", hex::encode(id), detail)).await?;
    }
    Ok(id)
}

/// Another officer agrees.
pub(crate) async fn approve(
    cx: &Cx,
    pin: Option<&Pin>,
    id: &[u8; 32],
    officer: &str,
    gesture: &Gesture,
) -> Result<(), ApprovalError> {
    let approved = cx.db.run("ca.approve", |tx| async move {
        let officers = store::load(&tx, pin).await?;
        let asked = find(&tx, id).await?;
        let request = &asked.request;
        let role = role(officers.list(), officer, request.kind, request.kind.approves())?;
        if officer == request.requester {
            return Err(ApprovalError::SelfApproval);
        }
        officers.list().verify(officer, role, gesture, &request.approved())?;
        if asked.spent {
            return Err(ApprovalError::Spent);
        }
        if request.expires_at <= cx.now().seconds() {
            return Err(ApprovalError::Expired);
        }
        let new = tx
            .exec(
                "INSERT INTO approval (request, requester, officer, gesture, at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (request, officer) DO NOTHING",
                params![id, &request.requester, officer, gesture.to_json().to_string(), cx.now()],
            )
            .await?;
        if new == 0 {
            return Err(ApprovalError::Twice(officer.to_owned()));
        }
        let detail = json!({ "kind": request.kind, "officer": officer });
        audit::record(&tx, cx, &Event::new("approval.given", hex::encode(id), detail)).await?;
        Ok(())
    });
    let approved = approved.await;
    refused(cx, id, officer, approved.as_ref().err()).await?;
    approved
}

async fn find(tx: &Tx, id: &[u8; 32]) -> Result<Asked, ApprovalError> {
    let row = tx
        .opt(
            "SELECT id, request, requester, gesture, spent_at FROM approval_request WHERE id = $1",
            params![id],
        )
        .await?
        .ok_or(ApprovalError::Unknown)?;
    Asked::read(&row)
}

/// A refusal is recorded in a transaction of its own.
async fn refused(cx: &Cx, id: &[u8; 32], officer: &str, error: Option<&ApprovalError>) -> Result<(), ApprovalError> {
    let Some(error) = error.filter(|error| !matches!(error, ApprovalError::Db(_))) else {
        return Ok(());
    };
    let detail = match error {
        // An id that nobody has may be anything.
        ApprovalError::Officer(OfficerError::Unknown(_)) => json!({ "code": error.code() }),
        error => json!({ "code": error.code(), "officer": officer }),
    };
    let event = &Event::new("approval.refused", hex::encode(id), detail);
    cx.db
        .run("ca.approval_refused", |tx| async move {
            Ok(audit::record(&tx, cx, event).await?)
        })
        .await
}

/// What is neither done nor over.
pub(crate) async fn waiting(cx: &Cx) -> Result<Vec<Waiting>, ApprovalError> {
    let rows = cx
        .db
        .all(
            "SELECT id, request, requester, gesture, spent_at FROM approval_request
             WHERE spent_at IS NULL AND expires_at > $1 ORDER BY made_at LIMIT 200",
            params![cx.now()],
        )
        .await?;
    let mut waiting = Vec::new();
    for row in &rows {
        let Asked { request, spent, .. } = Asked::read(row)?;
        let approvals = cx
            .db
            .all(
                "SELECT officer FROM approval WHERE request = $1 ORDER BY at",
                params![request.hash()],
            )
            .await?;
        let approved_by = approvals
            .iter()
            .map(|row| row.get("officer"))
            .collect::<Result<_, _>>()?;
        waiting.push(Waiting {
            request,
            approved_by,
            spent,
        });
    }
    Ok(waiting)
}
