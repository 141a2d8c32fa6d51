//! Using an approval: once, in the transaction of what it allows.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{Cx, Tx, params};

use super::flow::Asked;
use super::{ApprovalError, Kind, role};
use crate::officer::store::{self, Pin};
use crate::officer::{Gesture, OfficerList};

/// Proof that two officers agreed and that it is used up now. Moved into the act, never copied.
#[derive(Debug, PartialEq, Eq)]
pub struct Approved {
    pub(crate) request: [u8; 32],
    requester: String,
    approver: String,
}

impl Approved {
    /// The request's id.
    pub fn request(&self) -> &[u8; 32] {
        &self.request
    }

    pub fn requester(&self) -> &str {
        &self.requester
    }

    pub fn approver(&self) -> &str {
        &self.approver
    }
}

/// Takes the approval of `subject` (SHA-256 of what is to be done): one statement finds it approved, unspent and not over,
/// and spends it. Then both officers' gestures are verified against the list in force, whatever the rows say; when that fails
/// the caller's transaction ends and nothing was spent.
pub(crate) async fn spend(
    tx: &Tx,
    cx: &Cx,
    pin: Option<&Pin>,
    kind: Kind,
    subject: &[u8; 32],
) -> Result<Approved, ApprovalError> {
    let officers = store::load(tx, pin).await?;
    let spent = tx
        .opt(
            "UPDATE approval_request SET spent_at = $1
             WHERE spent_at IS NULL AND id =
                 (SELECT r.id FROM approval_request r WHERE r.kind = $2 AND r.subject_sha256 = $3 AND r.spent_at IS NULL
                     AND r.expires_at > $1 AND EXISTS (SELECT 1 FROM approval a WHERE a.request = r.id)
                  ORDER BY r.made_at DESC LIMIT 1)
             RETURNING id, request, requester, gesture, NULL AS spent_at",
            params![cx.now(), kind.name(), subject],
        )
        .await?;
    let Some(row) = spent else {
        return Err(why_not(tx, cx, kind, subject).await?);
    };
    let approved = verify(tx, cx, officers.list(), &Asked::read(&row)?, kind, subject).await?;
    let detail = json!({ "kind": kind, "requester": approved.requester, "approver": approved.approver });
    let event = Event::new("approval.spent", hex::encode(approved.request), detail);
    audit::record(tx, cx, &event).await?;
    Ok(approved)
}

async fn verify(
    tx: &Tx,
    cx: &Cx,
    list: &OfficerList,
    asked: &Asked,
    kind: Kind,
    subject: &[u8; 32],
) -> Result<Approved, ApprovalError> {
    let request = &asked.request;
    if request.kind != kind || request.subject != *subject || request.expires_at <= cx.now().seconds() {
        return Err(ApprovalError::Forged);
    }
    let asks = role(list, &request.requester, kind, kind.asks())?;
    list.verify(&request.requester, asks, &asked.gesture, &request.asked())?;
    let id = request.hash();
    let rows = tx
        .all(
            "SELECT officer, gesture FROM approval WHERE request = $1 ORDER BY at, officer",
            params![id],
        )
        .await?;
    let mut refusal = ApprovalError::NotApproved;
    for row in &rows {
        let officer: String = row.get("officer")?;
        let gesture: String = row.get("gesture")?;
        let gesture: Gesture = serde_json::from_str(&gesture).map_err(|_| ApprovalError::Forged)?;
        if officer == request.requester {
            return Err(ApprovalError::SelfApproval);
        }
        // One who left the list in the meantime does not count; another one may have agreed as well.
        let agreed = role(list, &officer, kind, kind.approves()).and_then(|role| {
            list.verify(&officer, role, &gesture, &request.approved())?;
            Ok(())
        });
        match agreed {
            Ok(()) => {
                return Ok(Approved {
                    request: id,
                    requester: request.requester.clone(),
                    approver: officer,
                });
            }
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// The most telling reason why there is nothing to spend.
async fn why_not(tx: &Tx, cx: &Cx, kind: Kind, subject: &[u8; 32]) -> Result<ApprovalError, ApprovalError> {
    let row = tx
        .opt(
            "SELECT spent_at, expires_at FROM approval_request WHERE kind = $1 AND subject_sha256 = $2
             ORDER BY made_at DESC LIMIT 1",
            params![kind.name(), subject],
        )
        .await?;
    let Some(row) = row else {
        return Ok(ApprovalError::NotAsked(kind));
    };
    Ok(if row.get::<Option<i64>>("spent_at")?.is_some() {
        ApprovalError::Spent
    } else if row.get::<i64>("expires_at")? <= cx.now().0 {
        ApprovalError::Expired
    } else {
        ApprovalError::NotApproved
    })
}
