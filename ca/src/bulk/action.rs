//! A bulk action's row: where it stands, and what is told of it.

use std::fmt;

use signum_core::db::Row;
use signum_core::{DbError, Id, Timestamp};

use super::BulkError;
use super::plan::{Cursor, Prepared};

/// `prepared -> approved -> running <-> paused`, and in the end `done`; before it runs it may be `withdrawn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Prepared,
    Approved,
    Running,
    Paused,
    Done,
    Withdrawn,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Approved => "approved",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// As stored; a withdrawal stands beside it.
    fn parse(text: &str) -> Option<Self> {
        [Self::Prepared, Self::Approved, Self::Running, Self::Paused, Self::Done]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What every query of an action reads.
macro_rules! columns {
    () => {
        "id, plan, sha256, state, requester, approver, started_at, ended_at, counted, changed, unchanged, refused, walk,
         cursor_issued_at, cursor_issuer, cursor_serial, step, paced_until, resumed_at, resumed_done, withdrawn_at, withdrawn_by"
    };
}
pub(super) use columns;

/// The row.
pub(super) struct Action {
    pub prepared: Prepared,
    pub state: State,
    pub requester: Option<String>,
    approver: Option<String>,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    pub changed: i64,
    pub unchanged: i64,
    pub refused: i64,
    pub walk: i64,
    pub cursor: Cursor,
    pub step: i64,
    pub paced_until: Timestamp,
    resumed_at: Timestamp,
    resumed_done: i64,
    withdrawn_by: Option<String>,
}

impl Action {
    /// Refuses a row whose plan is not what its hash says.
    pub fn read(row: &Row) -> Result<Self, BulkError> {
        let plan: String = row.get("plan")?;
        let prepared: Prepared = serde_json::from_str(&plan).map_err(|_| BulkError::Forged)?;
        if prepared.id != row.get::<[u8; 16]>("id")? || prepared.hash() != row.get::<[u8; 32]>("sha256")? {
            return Err(BulkError::Forged);
        }
        let state: String = row.get("state")?;
        let impossible = || DbError::Column {
            column: "state".to_owned(),
            problem: "has an impossible value".to_owned(),
        };
        Ok(Self {
            prepared,
            state: match row.get::<Option<Timestamp>>("withdrawn_at")? {
                Some(_) => State::Withdrawn,
                None => State::parse(&state).ok_or_else(impossible)?,
            },
            requester: row.get("requester")?,
            approver: row.get("approver")?,
            started_at: row.get("started_at")?,
            ended_at: row.get("ended_at")?,
            changed: row.get("changed")?,
            unchanged: row.get("unchanged")?,
            refused: row.get("refused")?,
            walk: row.get("walk")?,
            cursor: Cursor {
                issued_at: row.get("cursor_issued_at")?,
                issuer: row.get("cursor_issuer")?,
                serial: row.get("cursor_serial")?,
            },
            step: row.get("step")?,
            paced_until: row.get("paced_until")?,
            resumed_at: row.get("resumed_at")?,
            resumed_done: row.get("resumed_done")?,
            withdrawn_by: row.get("withdrawn_by")?,
        })
    }

    /// Certificates looked at.
    pub fn done(&self) -> i64 {
        self.changed + self.unchanged + self.refused
    }

    /// Whose word the history names.
    pub fn asked_by(&self) -> String {
        format!("officer:{}", self.requester.as_deref().unwrap_or_default())
    }

    pub fn progress(self, now: Timestamp) -> Progress {
        let done = number(self.done());
        let left = self.prepared.counted.saturating_sub(done);
        let measured = number(self.done() - self.resumed_done);
        let elapsed = now.since(self.resumed_at).as_secs();
        let per_minute = (measured * 60).checked_div(elapsed).filter(|rate| *rate > 0);
        let rate = per_minute.filter(|_| self.state == State::Running);
        Progress {
            state: self.state,
            requester: self.requester,
            approver: self.approver,
            withdrawn_by: self.withdrawn_by,
            started_at: self.started_at,
            ended_at: self.ended_at,
            changed: number(self.changed),
            unchanged: number(self.unchanged),
            refused: number(self.refused),
            left: if matches!(self.state, State::Done | State::Withdrawn) {
                0
            } else {
                left
            },
            per_minute: rate,
            minutes_left: rate.map(|rate| left.div_ceil(rate)),
            prepared: self.prepared,
        }
    }
}

/// Where a bulk action stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub prepared: Prepared,
    pub state: State,
    /// The two officers, once their approval was used.
    pub requester: Option<String>,
    pub approver: Option<String>,
    /// The officer who took it back.
    pub withdrawn_by: Option<String>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub changed: u64,
    /// Were already as the action wants them.
    pub unchanged: u64,
    /// The rules of status forbid it, for instance the suspension of a TLS certificate.
    pub refused: u64,
    /// Of those counted when it was prepared.
    pub left: u64,
    /// Measured since it runs without a break.
    pub per_minute: Option<u64>,
    pub minutes_left: Option<u64>,
}

impl Progress {
    pub fn id(&self) -> Id<Prepared> {
        Id::from_bytes(self.prepared.id)
    }
}

fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
