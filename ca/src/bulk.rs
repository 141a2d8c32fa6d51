//! Bulk actions: one change of status for every certificate that a predicate matches, when a mass event strikes (S-02, F-07).
//!
//! Prepared with a count, agreed to by two officers ([`crate::approval`]), then done at a set pace by a job on whichever replica
//! has the lease. Each batch is one transaction: histories, audit events, blocked keys and the place it has come to. So it goes
//! on after a crash exactly where it was, and every certificate is changed once.

mod action;
mod batch;
mod flow;
mod plan;
mod step;
#[cfg(test)]
pub(crate) mod tests;

use signum_core::db::RetryHint;
use signum_core::{DbError, Id};

use crate::Service;
use crate::approval::ApprovalError;
use crate::officer::Gesture;
use crate::status::StatusError;

pub use action::{Progress, State};
pub use flow::Proposal;
pub use plan::{Plan, Predicate, Prepared};

/// Why a bulk action is not prepared, begun or gone on with.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    #[error("no such bulk action")]
    Unknown,
    #[error("the plan: {0}")]
    Plan(&'static str),
    #[error("not possible while it is {0}")]
    State(State),
    #[error("the stored plan is not the one that was prepared")]
    Forged,
    /// Another replica did this batch, or it was paused: nothing was done.
    #[error("another one was first")]
    Moved,
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    #[error(transparent)]
    Status(#[from] StatusError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl RetryHint for BulkError {
    fn lost_a_race(&self) -> bool {
        match self {
            Self::Db(error) => error.lost_a_race(),
            Self::Approval(error) => error.lost_a_race(),
            Self::Status(error) => error.lost_a_race(),
            _ => false,
        }
    }
}

impl Service {
    /// Counts what the plan matches and keeps it as an action that two officers must agree to.
    pub async fn prepare_bulk(&self, plan: Plan) -> Result<Proposal, BulkError> {
        flow::prepare(&self.cx, plan).await
    }

    /// The plan of an action with a sample of the certificates it matches now.
    pub async fn bulk_proposal(&self, id: Id<Prepared>) -> Result<Proposal, BulkError> {
        flow::proposal(&self.cx, id).await
    }

    /// Uses up the officers' approval; from now on the action may run.
    pub async fn approve_bulk(&self, id: Id<Prepared>) -> Result<(), BulkError> {
        flow::approve(&self.cx, self.config.officers().as_ref(), id).await
    }

    /// An officer takes back an action that has not begun, by a gesture over [`Prepared::withdrawn`]: it never runs.
    pub async fn withdraw_bulk(&self, id: Id<Prepared>, officer: &str, gesture: &Gesture) -> Result<(), BulkError> {
        flow::withdraw(&self.cx, self.config.officers().as_ref(), id, officer, gesture).await
    }

    /// Has the job begin, or go on after a pause.
    pub async fn run_bulk(&self, id: Id<Prepared>) -> Result<(), BulkError> {
        flow::run(&self.cx, id).await
    }

    /// Has the job stop before its next batch.
    pub async fn pause_bulk(&self, id: Id<Prepared>) -> Result<(), BulkError> {
        flow::pause(&self.cx, id).await
    }

    /// How far it is.
    pub async fn bulk_progress(&self, id: Id<Prepared>) -> Result<Progress, BulkError> {
        flow::progress(&self.cx, id).await
    }

    /// Every action, newest first.
    pub async fn bulk_actions(&self) -> Result<Vec<Progress>, BulkError> {
        flow::all(&self.cx).await
    }

    /// Does what the pace allows now of every action that runs; tells how many certificates were looked at.
    pub async fn bulk_step(&self) -> Result<u64, BulkError> {
        step::step(&self.cx).await
    }
}
