//! The job: takes up every enrolment that something interrupted, each at its own pace, so that none holds up the others.

use signum_core::contract::ContractError;
use signum_core::db::Row;
use signum_core::{DbError, Id, Timestamp, params};

use super::advance::fail;
use super::{EnrolError, Enrolment, Stage, advance, read, restart};
use crate::module::ModuleError;
use crate::pace::{ATTEMPTS, BATCH, HOPELESS_ATTEMPTS, pause_after};
use crate::service::Signer;

/// Takes up what is due, longest due first. Returns how many were looked at. Who waits for officers is not due.
pub(crate) async fn advance_all(signer: &Signer) -> Result<usize, DbError> {
    let cx = &signer.cx;
    let rows = cx
        .db
        .all(
            super::select!(
                "WHERE next_attempt_at <= $1 AND (state IN ('registered', 'vouched', 'sealed', 'superseding')
                     OR (state = 'authenticator'
                         AND (SELECT COUNT(*) FROM enrolment_voucher WHERE enrolment = enrolment.id) >= 2))
                 ORDER BY next_attempt_at, began_at LIMIT $2"
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
    let (id, state): (Id<Enrolment>, String) = (row.get("id")?, row.get("state")?);
    let attempt = row.get::<u32>("attempts")?.saturating_add(1);
    if !claim(signer, id, row.get("next_attempt_at")?, attempt).await? {
        return Ok(()); // Another replica was first.
    }
    let Err(error) = work(signer, row).await else {
        return Ok(());
    };
    let (last, code) = ending(&error);
    if attempt < last {
        tracing::warn!(enrolment = %id, %error, attempt, "an enrolment could not go on; it will be tried again");
        return Ok(());
    }
    tracing::error!(enrolment = %id, %error, attempt, "an enrolment does not go on");
    // A revocation that is owed is never given up.
    let from = ["registered", "authenticator", "vouched", "sealed"]
        .into_iter()
        .find(|from| *from == state);
    match from {
        None => Ok(()),
        Some(from) => match fail(signer, id, from, code).await {
            Err(EnrolError::Db(error)) => Err(error),
            _ => Ok(()),
        },
    }
}

async fn work(signer: &Signer, row: &Row) -> Result<(), EnrolError> {
    let enrolment = read(row)?;
    match &enrolment.stage {
        Stage::Superseded => restart::revoke(signer, enrolment.id).await,
        _ => advance(signer, enrolment).await.map(drop),
    }
}

async fn claim(signer: &Signer, id: Id<Enrolment>, due: Timestamp, attempt: u32) -> Result<bool, DbError> {
    let next = signer.cx.now().plus(pause_after(attempt));
    let changed = signer
        .cx
        .db
        .run::<_, DbError, _, _>("enrolment.attempt", |tx| async move {
            tx.exec(
                "UPDATE enrolment SET attempts = $1, next_attempt_at = $2 WHERE id = $3 AND next_attempt_at = $4",
                params![attempt, next, id, due],
            )
            .await
        })
        .await?;
    Ok(changed == 1)
}

/// After how many attempts it is given up, and the name of that failure.
fn ending(error: &EnrolError) -> (u32, &'static str) {
    match error {
        EnrolError::Module(ModuleError::Away(_))
        | EnrolError::Authority(ContractError::Unavailable(_) | ContractError::Internal) => (ATTEMPTS, "away"),
        EnrolError::Db(DbError::Column { .. } | DbError::NotFound) => (HOPELESS_ATTEMPTS, "unreadable"),
        EnrolError::Db(_) => (ATTEMPTS, "away"),
        EnrolError::Module(ModuleError::Refused(_))
        | EnrolError::Authority(ContractError::Refused { .. } | ContractError::NotFound)
        | EnrolError::NotFound
        | EnrolError::OutOfTurn
        | EnrolError::NotFresh
        | EnrolError::Gesture(_)
        | EnrolError::Voucher(_) => (HOPELESS_ATTEMPTS, "given_up"),
    }
}
