//! Enrolment for signing: passkey in the browser, key in the module for exactly that passkey, two officers' vouchers, seal, certificate.
//!
//! ARCHITECTURE "Enrol for signing". Each step is one statement that only the stage before it satisfies, so a step happens
//! once on every replica; what was interrupted is taken up by [`advance()`], from the next request or from the job.

mod advance;
mod begin;
mod due;
mod fingerprint;
mod passkey;
mod restart;
mod stage;
mod vouch;

#[cfg(test)]
mod tests;

use signum_core::contract::ContractError;
use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Timestamp, params, retry_on_db_conflict};
use signum_gesture::GestureError;

use crate::module::ModuleError;
use crate::person::Reference;

pub(crate) use advance::advance;
pub(crate) use begin::begin;
pub(crate) use due::advance_all;
pub(crate) use fingerprint::fingerprint;
pub(crate) use passkey::{options, register};
pub(crate) use restart::{is_fresh, restart};
pub(crate) use stage::{Certified, Stage, impossible, json as stored, to_json};
pub(crate) use vouch::{Pending, pending, vouch};

/// One person's way to a signing credential.
#[derive(Clone, Debug)]
pub(crate) struct Enrolment {
    pub id: Id<Enrolment>,
    pub person: Reference,
    /// Id of the key and of everything that belongs to it.
    pub credential: [u8; 16],
    pub began_at: Timestamp,
    pub stage: Stage,
}

/// Why a step of an enrolment was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnrolError {
    #[error("no such enrolment")]
    NotFound,
    #[error("this step does not come next")]
    OutOfTurn,
    #[error("the log-in is not fresh")]
    NotFresh,
    #[error("passkey: {0}")]
    Gesture(#[from] GestureError),
    #[error("voucher: {0}")]
    Voucher(GestureError),
    #[error("module: {0}")]
    Module(#[from] ModuleError),
    #[error("CA: {0}")]
    Authority(#[from] ContractError),
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(EnrolError);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, person, credential, began_at, state, stored_key, pkcs10, authenticator, sealed_set, certificate, ",
            "chain, counter, failure, attempts, next_attempt_at FROM enrolment ",
            $rest
        )
    };
}
pub(crate) use select;

/// The enrolment with this id, if it is this person's.
pub(crate) async fn find(cx: &Cx, id: Id<Enrolment>, person: &Reference) -> Result<Enrolment, EnrolError> {
    let row = cx
        .db
        .opt(select!("WHERE id = $1 AND person = $2"), params![id, person])
        .await?;
    Ok(read(&row.ok_or(EnrolError::NotFound)?)?)
}

/// The person's enrolment that neither failed nor was superseded, if there is one.
pub(crate) async fn of_person(cx: &Cx, person: &Reference) -> Result<Option<Enrolment>, DbError> {
    let row = cx
        .db
        .opt(
            select!("WHERE person = $1 AND state NOT IN ('failed', 'superseding', 'superseded')"),
            params![person],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Enrolment, DbError> {
    Ok(Enrolment {
        id: row.get("id")?,
        person: row.get("person")?,
        credential: row.get("credential")?,
        began_at: row.get("began_at")?,
        stage: Stage::parse(row)?,
    })
}
