//! From the plan to the running action: prepare, approve, run, pause.

use der::Decode;
use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Timestamp, Tx, params};
use x509_cert::TbsCertificate;

use super::BulkError;
use super::action::{Action, Progress, State, columns};
use super::plan::{Plan, Prepared, matching};
use crate::KeyKind;
use crate::approval::{self, ApprovalError, Kind, spend::spend};
use crate::officer::store;
use crate::officer::{Gesture, Pin, Role};

/// Serial numbers shown before anybody agrees.
const SAMPLE: i64 = 10;
/// Rows completed in one transaction.
const BATCH: i64 = 500;

/// A prepared action, with what it would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub prepared: Prepared,
    /// Names of the first certificates in the order of issuance, as audit events write them: `qsig:01ab…`.
    pub sample: Vec<String>,
}

pub(super) async fn prepare(cx: &Cx, plan: Plan) -> Result<Proposal, BulkError> {
    let now = cx.now();
    let plan = plan.settled(now)?;
    name_key_kinds(cx).await?;
    let counted = count(cx, &plan).await?;
    let prepared = Prepared {
        id: Id::<Prepared>::new(cx.random.as_ref()).0,
        plan,
        counted,
        prepared_at: now,
    };
    let (hash, start) = (prepared.hash(), prepared.plan.start());
    let text = serde_json::to_string(&prepared).map_err(|_| BulkError::Plan("it cannot be written"))?;
    let (made, text, start) = (&prepared, &text, &start);
    cx.db
        .run("ca.bulk_prepare", |tx| async move {
            tx.exec(
                "INSERT INTO bulk_action (id, plan, sha256, state, prepared_at, counted, changed, unchanged, refused, walk,
                     cursor_issued_at, cursor_issuer, cursor_serial, step, paced_until, resumed_at, resumed_done)
                 VALUES ($1, $2, $3, 'prepared', $4, $5, 0, 0, 0, 1, $6, $7, $8, 0, $4, $4, 0)",
                params![
                    made.id,
                    text,
                    hash,
                    now,
                    i64::try_from(counted).unwrap_or(i64::MAX),
                    start.issued_at,
                    &start.issuer,
                    &start.serial
                ],
            )
            .await?;
            let detail = json!({ "sha256": hex::encode(hash), "plan": made.plan, "counted": counted });
            record(&tx, cx, "bulk.prepared", made.id, detail).await
        })
        .await?;
    let sample = sample(cx, &prepared.plan).await?;
    Ok(Proposal { prepared, sample })
}

pub(super) async fn proposal(cx: &Cx, id: Id<Prepared>) -> Result<Proposal, BulkError> {
    let prepared = find(cx, id).await?.prepared;
    let sample = sample(cx, &prepared.plan).await?;
    Ok(Proposal { prepared, sample })
}

/// The officers' approval is spent in the transaction that lets the action run.
pub(super) async fn approve(cx: &Cx, pin: Option<&Pin>, id: Id<Prepared>) -> Result<(), BulkError> {
    cx.db
        .run("ca.bulk_approve", |tx| async move {
            let action = of(&tx, id).await?;
            if action.state != State::Prepared {
                return Err(BulkError::State(action.state));
            }
            let approved = spend(&tx, cx, pin, Kind::BulkAction, &action.prepared.hash()).await?;
            let changed = tx
                .exec(
                    "UPDATE bulk_action SET state = 'approved', requester = $2, approver = $3, approved_at = $4
                     WHERE id = $1 AND state = 'prepared' AND withdrawn_at IS NULL",
                    params![id, approved.requester(), approved.approver(), cx.now()],
                )
                .await?;
            if changed == 0 {
                return Err(BulkError::Moved);
            }
            let detail = json!({ "request": hex::encode(approved.request()) });
            record(&tx, cx, "bulk.approved", id.0, detail).await
        })
        .await
}

/// One officer is enough to take back what has not begun.
pub(super) async fn withdraw(
    cx: &Cx,
    pin: Option<&Pin>,
    id: Id<Prepared>,
    officer: &str,
    gesture: &Gesture,
) -> Result<(), BulkError> {
    cx.db
        .run("ca.bulk_withdraw", |tx| async move {
            let officers = store::load(&tx, pin).await.map_err(ApprovalError::from)?;
            let action = of(&tx, id).await?;
            let roles = [Role::Revocation, Role::Administrator];
            let role = approval::role(officers.list(), officer, Kind::BulkAction, &roles)?;
            let said = officers
                .list()
                .verify(officer, role, gesture, &action.prepared.withdrawn());
            said.map_err(ApprovalError::from)?;
            if !matches!(action.state, State::Prepared | State::Approved) {
                return Err(BulkError::State(action.state));
            }
            let changed = tx
                .exec(
                    "UPDATE bulk_action SET withdrawn_at = $2, withdrawn_by = $3
                     WHERE id = $1 AND withdrawn_at IS NULL AND started_at IS NULL",
                    params![id, cx.now(), officer],
                )
                .await?;
            if changed == 0 {
                return Err(BulkError::Moved);
            }
            record(&tx, cx, "bulk.withdrawn", id.0, json!({ "officer": officer })).await
        })
        .await
}

/// The pace begins now: a break is not made up for.
pub(super) async fn run(cx: &Cx, id: Id<Prepared>) -> Result<(), BulkError> {
    let from = &[State::Approved, State::Paused];
    turn(cx, id, from, State::Running, "bulk.started").await
}

pub(super) async fn pause(cx: &Cx, id: Id<Prepared>) -> Result<(), BulkError> {
    turn(cx, id, &[State::Running], State::Paused, "bulk.paused").await
}

async fn turn(cx: &Cx, id: Id<Prepared>, from: &[State], to: State, kind: &'static str) -> Result<(), BulkError> {
    cx.db
        .run("ca.bulk_turn", |tx| async move {
            let action = of(&tx, id).await?;
            if action.state == to {
                return Ok(());
            }
            if !from.contains(&action.state) {
                return Err(BulkError::State(action.state));
            }
            tx.exec(
                "UPDATE bulk_action SET state = $2, started_at = COALESCE(started_at, $3), paced_until = $3, resumed_at = $3,
                     resumed_done = changed + unchanged + refused WHERE id = $1",
                params![id, to.as_str(), cx.now()],
            )
            .await?;
            record(&tx, cx, kind, id.0, json!({ "done": action.done() })).await
        })
        .await
}

pub(super) async fn progress(cx: &Cx, id: Id<Prepared>) -> Result<Progress, BulkError> {
    Ok(find(cx, id).await?.progress(cx.now()))
}

pub(super) async fn all(cx: &Cx) -> Result<Vec<Progress>, BulkError> {
    let rows = cx
        .db
        .all(
            concat!(
                "SELECT ",
                columns!(),
                " FROM bulk_action ORDER BY prepared_at DESC LIMIT 100"
            ),
            params![],
        )
        .await?;
    rows.iter()
        .map(|row| Ok(Action::read(row)?.progress(cx.now())))
        .collect()
}

async fn find(cx: &Cx, id: Id<Prepared>) -> Result<Action, BulkError> {
    let row = cx
        .db
        .opt(
            concat!("SELECT ", columns!(), " FROM bulk_action WHERE id = $1"),
            params![id],
        )
        .await?;
    Action::read(&row.ok_or(BulkError::Unknown)?)
}

async fn of(tx: &Tx, id: Id<Prepared>) -> Result<Action, BulkError> {
    let row = tx
        .opt(
            concat!("SELECT ", columns!(), " FROM bulk_action WHERE id = $1"),
            params![id],
        )
        .await?;
    Action::read(&row.ok_or(BulkError::Unknown)?)
}

pub(super) async fn record(
    tx: &Tx,
    cx: &Cx,
    kind: &'static str,
    id: [u8; 16],
    detail: serde_json::Value,
) -> Result<(), BulkError> {
    let event = Event::new(kind, Id::<Prepared>::from_bytes(id), detail);
    Ok(audit::record(tx, cx, &event).await?)
}

async fn count(cx: &Cx, plan: &Plan) -> Result<u64, DbError> {
    let row = cx
        .db
        .opt(
            concat!("SELECT COUNT(*) AS n FROM certificate c WHERE ", matching!()),
            plan.parameters(&plan.start()),
        )
        .await?;
    let counted: i64 = row.map_or(Ok(0), |row| row.get("n"))?;
    Ok(u64::try_from(counted).unwrap_or(0))
}

async fn sample(cx: &Cx, plan: &Plan) -> Result<Vec<String>, DbError> {
    let mut parameters = plan.parameters(&plan.start());
    parameters.push(SAMPLE.into());
    let rows = cx
        .db
        .all(
            concat!(
                "SELECT c.issuer, c.serial FROM certificate c WHERE ",
                matching!(),
                " ORDER BY c.issued_at, c.issuer, c.serial LIMIT $9"
            ),
            parameters,
        )
        .await?;
    let name = |row: &Row| {
        let (issuer, serial): (String, Vec<u8>) = (row.get("issuer")?, row.get("serial")?);
        Ok(crate::status::subject_id(&issuer, &serial))
    };
    rows.iter().map(name).collect()
}

/// Certificates of earlier versions get the kind of their key, so that none is passed over for want of it.
async fn name_key_kinds(cx: &Cx) -> Result<(), DbError> {
    loop {
        let rows = cx
            .db
            .all(
                "SELECT issuer, serial, tbs FROM certificate WHERE key_kind IS NULL AND certificate IS NOT NULL LIMIT $1",
                params![BATCH],
            )
            .await?;
        let rows = &rows;
        if rows.is_empty() {
            return Ok(());
        }
        cx.db
            .run("ca.key_kinds", |tx| async move {
                for row in rows {
                    let kind = key_kind(&row.get::<Vec<u8>>("tbs")?);
                    tx.exec(
                        "UPDATE certificate SET key_kind = $3 WHERE issuer = $1 AND serial = $2",
                        params![row.get::<String>("issuer")?, row.get::<Vec<u8>>("serial")?, kind],
                    )
                    .await?;
                }
                Ok::<_, DbError>(())
            })
            .await?;
    }
}

fn key_kind(tbs: &[u8]) -> &'static str {
    use der::Encode;
    let spki = TbsCertificate::from_der(tbs)
        .ok()
        .and_then(|tbs: TbsCertificate| tbs.subject_public_key_info().to_der().ok());
    spki.and_then(|spki| KeyKind::of(&spki))
        .map_or("other", KeyKind::as_str)
}

/// A time from which nothing older is still on its way into the database.
pub(super) fn settled(until: Timestamp, now: Timestamp) -> bool {
    now.since(until) >= std::time::Duration::from_secs(30)
}
