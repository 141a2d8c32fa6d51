//! The job's part: as many batches as the pace allows.

use std::time::Duration;

use serde_json::json;
use signum_core::{Cx, Timestamp, params};

use super::BulkError;
use super::action::{Action, State, columns};
use super::batch::{self, Recording};
use super::flow::{record, settled};
use crate::status::StatusError;

/// Certificates in one transaction.
const BATCH: u64 = 512;
/// What a replica that was away, or a job that was late, makes up for at most.
const LATE: Duration = Duration::from_secs(5);
/// The walk that only looks for what came late.
const LAST_WALK: i64 = 2;

/// Every running action, as far as its pace allows now.
pub(super) async fn step(cx: &Cx) -> Result<u64, BulkError> {
    let rows = cx
        .db
        .all(
            concat!(
                "SELECT ",
                columns!(),
                " FROM bulk_action WHERE state = 'running' ORDER BY started_at, id"
            ),
            params![],
        )
        .await?;
    let mut looked_at = 0;
    let mut failed = None;
    for row in &rows {
        // One that cannot go on keeps none of the others from it.
        match Action::read(row) {
            Ok(action) => match go_on(cx, action).await {
                Ok(some) => looked_at += some,
                Err(error) => failed = Some(error),
            },
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(looked_at), Err)
}

async fn go_on(cx: &Cx, mut action: Action) -> Result<u64, BulkError> {
    let mut looked_at = 0;
    loop {
        let allowed = action.allowed(cx.now()).min(BATCH);
        if allowed == 0 || action.state != State::Running {
            return Ok(looked_at);
        }
        if !batch::is_any_left(cx, &action).await? {
            match end_of_walk(cx, &action).await? {
                Some(next) => action = next,
                None => return Ok(looked_at),
            }
            continue;
        }
        let done = match batch::change(cx, &action, allowed, Recording::Now).await {
            Err(BulkError::Status(StatusError::Audit(error))) => {
                tracing::error!(%error, "the audit log does not take a bulk action's changes; their events are owed");
                batch::change(cx, &action, allowed, Recording::Owed).await
            }
            other => other,
        };
        match done {
            Ok((next, count)) => {
                action = next;
                looked_at += count;
                metrics::counter!("ca_bulk_certificates_total").increment(count);
            }
            // Another replica, or a pause: what counts is what the database says.
            Err(BulkError::Moved) => return Ok(looked_at),
            Err(error) => return Err(error),
        }
    }
}

/// Behind the last certificate: wait for the end of the interval, look once more from the start, or be done.
async fn end_of_walk(cx: &Cx, action: &Action) -> Result<Option<Action>, BulkError> {
    let now = cx.now();
    if !settled(action.prepared.plan.until(), now) {
        return Ok(None);
    }
    let last = action.walk >= LAST_WALK;
    let start = &action.prepared.plan.start();
    let id = action.prepared.id;
    let next = cx.db.run("ca.bulk_walk", |tx| async move {
        let (state, ended) = if last {
            (State::Done, Some(now))
        } else {
            (State::Running, None)
        };
        let row = tx
            .opt(
                concat!(
                    "UPDATE bulk_action SET state = $3, ended_at = $4, walk = walk + 1, cursor_issued_at = $5,
                         cursor_issuer = $6, cursor_serial = $7, step = step + 1
                     WHERE id = $1 AND step = $2 AND state = 'running' RETURNING ",
                    columns!()
                ),
                params![
                    id,
                    action.step,
                    state.as_str(),
                    ended,
                    start.issued_at,
                    &start.issuer,
                    &start.serial
                ],
            )
            .await?;
        let next = Action::read(&row.ok_or(BulkError::Moved)?)?;
        if last {
            let (changed, unchanged, refused) = (action.changed, action.unchanged, action.refused);
            let detail = json!({ "changed": changed, "unchanged": unchanged, "refused": refused });
            record(&tx, cx, "bulk.done", id, detail).await?;
        }
        Ok(next)
    });
    match next.await {
        Ok(next) => Ok((!last).then_some(next)),
        Err(BulkError::Moved) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Action {
    fn cost(&self, certificates: u64) -> Duration {
        Duration::from_micros((certificates * 60_000_000).div_ceil(u64::from(self.prepared.plan.pace)))
    }

    fn paced_from(&self, now: Timestamp) -> Timestamp {
        self.paced_until.max(now.minus(LATE.max(self.cost(1))))
    }

    /// How many certificates the pace allows now.
    fn allowed(&self, now: Timestamp) -> u64 {
        let free = u64::try_from(now.since(self.paced_from(now)).as_micros()).unwrap_or(0);
        free.saturating_mul(u64::from(self.prepared.plan.pace)) / 60_000_000
    }

    /// Until when the pace is used up after so many more.
    pub(super) fn paced(&self, certificates: u64, now: Timestamp) -> Timestamp {
        self.paced_from(now).plus(self.cost(certificates))
    }
}
