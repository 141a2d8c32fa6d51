//! The job: takes up what is due, each row at its own pace, so that none that keeps failing holds up the others.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{DbError, Id, Timestamp, params};

use super::finish::resume;
use super::settle::{lose, settle};
use super::{Document, SignError, Stage, read};
use crate::pace::{ATTEMPTS, BATCH, HOPELESS_ATTEMPTS, pause_after};
use crate::service::Signer;

/// Takes up what is due, longest due first. Returns how many documents were looked at.
pub(crate) async fn finish_all(signer: &Signer) -> Result<usize, DbError> {
    let cx = &signer.cx;
    let rows = cx
        .db
        .all(
            super::select!(
                "WHERE state IN ('consumed', 'unknown', 'signed') AND next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT $2"
            ),
            params![cx.now(), BATCH],
        )
        .await?;
    for row in &rows {
        one(signer, row).await?;
    }
    Ok(rows.len())
}

/// One attempt, counted before it is made: neither a panic nor a row that cannot be read comes up first again.
async fn one(signer: &Signer, row: &Row) -> Result<(), DbError> {
    let (id, state): (Id<Document>, String) = (row.get("id")?, row.get("state")?);
    let attempt = row.get::<u32>("attempts")?.saturating_add(1);
    if !claim(signer, id, row.get("next_attempt_at")?, attempt).await? {
        return Ok(()); // Its own request or another replica was first.
    }
    let failed = match attempt > ATTEMPTS {
        true => SignError::Interrupted,
        false => match work(signer, row).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        },
    };
    let last = if is_passing(&failed) {
        ATTEMPTS
    } else {
        HOPELESS_ATTEMPTS
    };
    if attempt < last {
        tracing::warn!(document = %id, error = %failed, attempt, "not finished; it will be tried again");
        return Ok(());
    }
    tracing::error!(document = %id, error = %failed, attempt, "given up");
    match state.as_str() {
        "signed" => leave_unfinished(signer, id).await,
        _ => lose(signer, id).await,
    }
}

async fn work(signer: &Signer, row: &Row) -> Result<(), SignError> {
    let document = read(row)?;
    match &document.stage {
        Stage::Consumed | Stage::Unknown => settle(signer, document).await.map(drop),
        Stage::Signed(..) => resume(signer, document).await,
        Stage::Prepared | Stage::Digested(_) | Stage::Unfinished | Stage::Done(_) | Stage::Failed(_) => Ok(()),
    }
}

async fn claim(signer: &Signer, id: Id<Document>, due: Timestamp, attempt: u32) -> Result<bool, DbError> {
    let next = signer.cx.now().plus(pause_after(attempt));
    let changed = signer
        .cx
        .db
        .run::<_, DbError, _, _>("document.attempt", |tx| async move {
            tx.exec(
                "UPDATE document SET attempts = $1, next_attempt_at = $2
                 WHERE id = $3 AND next_attempt_at = $4 AND state IN ('consumed', 'unknown', 'signed')",
                params![attempt, next, id, due],
            )
            .await
        })
        .await?;
    Ok(changed == 1)
}

/// Whether time alone may mend it.
fn is_passing(error: &SignError) -> bool {
    match error {
        SignError::TimeStamping(_) | SignError::TimeStamp(_) | SignError::Module(_) | SignError::Unsettled => true,
        SignError::Db(error) => !matches!(error, DbError::Column { .. } | DbError::NotFound),
        SignError::NotFound
        | SignError::NotEnrolled
        | SignError::Pdf(_)
        | SignError::Quota(_)
        | SignError::Busy
        | SignError::Used
        | SignError::Expired
        | SignError::TooOld
        | SignError::Gesture(_)
        | SignError::Altered
        | SignError::Status(_)
        | SignError::Cms(_)
        | SignError::Interrupted => false,
    }
}

/// The signature stays stored; the person and an operator see that its timestamp is missing.
async fn leave_unfinished(signer: &Signer, id: Id<Document>) -> Result<(), DbError> {
    let cx = &signer.cx;
    let event = &Event::new("signature.unfinished", id, json!({}));
    cx.db
        .run::<_, DbError, _, _>("document.unfinished", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE document SET state = 'unfinished', changed_at = $1 WHERE id = $2 AND state = 'signed'",
                    params![cx.now(), id],
                )
                .await?;
            audit::record_changed(&tx, cx, changed, event).await
        })
        .await
}

/// The person asks once more for what was left unfinished; the job takes it up.
pub(crate) async fn try_again(signer: &Signer, document: &Document) -> Result<(), SignError> {
    let (cx, id) = (&signer.cx, document.id);
    let event = &Event::new("signature.taken_up", id, json!({}));
    cx.db
        .run::<_, DbError, _, _>("document.try_again", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE document SET state = 'signed', attempts = 0, next_attempt_at = $1, changed_at = $1
                     WHERE id = $2 AND state = 'unfinished'",
                    params![cx.now(), id],
                )
                .await?;
            audit::record_changed(&tx, cx, changed, event).await
        })
        .await?;
    Ok(())
}
