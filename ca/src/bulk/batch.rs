//! One batch: a transaction that changes certificates, records them and moves the action's place forward.

use std::sync::LazyLock;

use signum_core::audit::{self, Event};
use signum_core::db::{Insert, Row, Value};
use signum_core::{Cx, DbError, Timestamp, Tx, params};
use x509_cert::ext::pkix::CrlReason;

use super::BulkError;
use super::action::{Action, columns};
use super::plan::{Cursor, matching};
use crate::profile;
use crate::status::{Change, Status, StatusError, detail, subject_id};

static HISTORY: LazyLock<Insert> = LazyLock::new(|| {
    let head = "INSERT INTO certificate_status (issuer, serial, sequence, state, reason, at, asked_by, action)";
    Insert::new(head, 8, "")
});
static OWED: LazyLock<Insert> =
    LazyLock::new(|| Insert::new("INSERT INTO status_event_owed (issuer, serial, sequence)", 3, ""));
static EXCEPTIONS: LazyLock<Insert> = LazyLock::new(|| {
    let head = "INSERT INTO bulk_exception (action, issuer, serial, cause)";
    Insert::new(head, 4, "ON CONFLICT DO NOTHING")
});
static BLOCKED: LazyLock<Insert> = LazyLock::new(|| {
    let head = "INSERT INTO blocked_key (spki_sha256, cause, blocked_at)";
    Insert::new(head, 3, "ON CONFLICT DO NOTHING")
});

/// How the events of the changes are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Recording {
    Now,
    /// The log does not take them: written when it is back.
    Owed,
}

/// Certificates `c` of an action (`$9`) that it has not met yet.
macro_rules! unmet {
    () => {
        concat!(
            matching!(),
            " AND NOT EXISTS (SELECT 1 FROM certificate_status m
                 WHERE m.issuer = c.issuer AND m.serial = c.serial AND m.action = $9)
              AND NOT EXISTS (SELECT 1 FROM bulk_exception x
                 WHERE x.action = $9 AND x.issuer = c.issuer AND x.serial = c.serial)"
        )
    };
}

/// Whether there is anything to do behind the action's place. Looked for outside a transaction, since the last walk reads far.
pub(super) async fn is_any_left(cx: &Cx, action: &Action) -> Result<bool, DbError> {
    let mut parameters = action.prepared.plan.parameters(&action.cursor);
    parameters.extend(params![action.prepared.id]);
    let found = cx
        .db
        .opt(
            concat!(
                "SELECT c.serial FROM certificate c WHERE ",
                unmet!(),
                " ORDER BY c.issued_at, c.issuer, c.serial LIMIT 1"
            ),
            parameters,
        )
        .await?;
    Ok(found.is_some())
}

/// A certificate of the batch with its history.
struct Candidate {
    place: Cursor,
    spki_sha256: Vec<u8>,
    suspendable: bool,
    history: Vec<Row>,
}

/// Changes up to `limit` certificates; returns the action as it stands then, and how many it met.
pub(super) async fn change(cx: &Cx, action: &Action, limit: u64, how: Recording) -> Result<(Action, u64), BulkError> {
    cx.db
        .run("ca.bulk_batch", |tx| async move {
            let batch = read(&tx, action, limit).await?;
            let met = batch.len() as u64;
            let outcome = Outcome::of(cx, action, &batch)?;
            let counts = (outcome.history.len(), outcome.already, outcome.refused);
            outcome.store(&tx, cx, how).await?;
            let next = move_on(&tx, cx, action, &batch, counts).await?;
            Ok((next, met))
        })
        .await
}

async fn read(tx: &Tx, action: &Action, limit: u64) -> Result<Vec<Candidate>, BulkError> {
    let mut parameters = action.prepared.plan.parameters(&action.cursor);
    parameters.extend(params![action.prepared.id, i64::try_from(limit).unwrap_or(i64::MAX)]);
    let rows = tx
        .all(
            concat!(
                "SELECT b.issuer, b.serial, b.issued_at, b.profile, b.spki_sha256, s.sequence, s.state, s.reason, s.at
                 FROM (SELECT c.issuer, c.serial, c.issued_at, c.profile, c.spki_sha256 FROM certificate c WHERE ",
                unmet!(),
                " ORDER BY c.issued_at, c.issuer, c.serial LIMIT $10) b
                 LEFT JOIN certificate_status s ON s.issuer = b.issuer AND s.serial = b.serial
                 ORDER BY b.issued_at, b.issuer, b.serial, s.sequence"
            ),
            parameters,
        )
        .await?;
    let mut batch: Vec<Candidate> = Vec::new();
    for row in rows {
        let place = Cursor {
            issued_at: row.get("issued_at")?,
            issuer: row.get("issuer")?,
            serial: row.get("serial")?,
        };
        let entry = row.get::<Option<i64>>("sequence")?.is_some();
        if batch.last().is_none_or(|last| last.place != place) {
            batch.push(Candidate {
                place,
                spki_sha256: row.get("spki_sha256")?,
                suspendable: profile::by_id(&row.get::<String>("profile")?).is_some_and(|p| p.suspendable),
                history: Vec::new(),
            });
        }
        if let Some(last) = batch.last_mut().filter(|_| entry) {
            last.history.push(row);
        }
    }
    Ok(batch)
}

/// What a batch writes.
#[derive(Default)]
struct Outcome {
    history: Vec<Vec<Value>>,
    owed: Vec<Vec<Value>>,
    events: Vec<Event>,
    exceptions: Vec<Vec<Value>>,
    blocked: Vec<Vec<Value>>,
    already: usize,
    refused: usize,
}

impl Outcome {
    fn of(cx: &Cx, action: &Action, batch: &[Candidate]) -> Result<Self, BulkError> {
        let mut outcome = Self::default();
        let change = action.prepared.plan.change()?;
        for candidate in batch {
            let before = Status::after(&candidate.history)?;
            if change == Change::Revoked(CrlReason::KeyCompromise) {
                outcome
                    .blocked
                    .push(params![&candidate.spki_sha256, "key_compromise", cx.now()]);
            }
            match before.takes(change, candidate.suspendable) {
                Ok(true) => outcome.change(cx, action, candidate, (before, change))?,
                Ok(false) => outcome.except(action, candidate, "already"),
                Err(StatusError::Transition) => outcome.except(action, candidate, "refused"),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(outcome)
    }

    fn change(
        &mut self,
        cx: &Cx,
        action: &Action,
        candidate: &Candidate,
        (before, change): (Status, Change),
    ) -> Result<(), BulkError> {
        let Cursor { issuer, serial, .. } = &candidate.place;
        let last = candidate
            .history
            .last()
            .map(|row| row.get::<Timestamp>("at"))
            .transpose()?;
        let at = last.map_or(cx.now(), |last| last.max(cx.now()));
        let sequence = i64::try_from(candidate.history.len())
            .unwrap_or(i64::MAX)
            .saturating_add(1);
        let (asked_by, id) = (action.asked_by(), action.prepared.id);
        let detail = detail(change, &asked_by, Some(&id));
        self.events
            .push(Event::new(change.event(before), subject_id(issuer, serial), detail));
        self.owed.push(params![issuer, serial, sequence]);
        let (state, reason) = (change.state(), change.reason());
        self.history
            .push(params![issuer, serial, sequence, state, reason, at, asked_by, id]);
        Ok(())
    }

    fn except(&mut self, action: &Action, candidate: &Candidate, cause: &'static str) {
        match cause {
            "already" => self.already += 1,
            _ => self.refused += 1,
        }
        let Cursor { issuer, serial, .. } = &candidate.place;
        self.exceptions.push(params![action.prepared.id, issuer, serial, cause]);
    }

    async fn store(self, tx: &Tx, cx: &Cx, how: Recording) -> Result<(), BulkError> {
        BLOCKED.rows(tx, self.blocked).await?;
        // Who changes one of them at the same moment takes the same place in its history: this batch is then done again.
        HISTORY.rows(tx, self.history).await.map_err(StatusError::from)?;
        EXCEPTIONS.rows(tx, self.exceptions).await?;
        match how {
            Recording::Now => {
                let recorded = audit::record_all(tx, cx, &self.events).await;
                recorded.map_err(StatusError::Audit)?;
            }
            Recording::Owed => {
                OWED.rows(tx, self.owed).await?;
            }
        }
        Ok(())
    }
}

/// The action's new place, unless another replica has moved it or it was paused.
async fn move_on(
    tx: &Tx,
    cx: &Cx,
    action: &Action,
    batch: &[Candidate],
    (changed, already, refused): (usize, usize, usize),
) -> Result<Action, BulkError> {
    let place = batch.last().map_or(&action.cursor, |last| &last.place);
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let row = tx
        .opt(
            concat!(
                "UPDATE bulk_action SET changed = changed + $3, unchanged = unchanged + $4, refused = refused + $5,
                     cursor_issued_at = $6, cursor_issuer = $7, cursor_serial = $8, paced_until = $9, step = step + 1
                 WHERE id = $1 AND step = $2 AND state = 'running' RETURNING ",
                columns!()
            ),
            params![
                action.prepared.id,
                action.step,
                count(changed),
                count(already),
                count(refused),
                place.issued_at,
                &place.issuer,
                &place.serial,
                action.paced(batch.len() as u64, cx.now()),
            ],
        )
        .await?;
    Action::read(&row.ok_or(BulkError::Moved)?)
}
