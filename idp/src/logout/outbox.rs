//! Whom an ended session's services are told through: rows made by the transaction that ended it, and what became of each.

use std::time::Duration;

use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Timestamp, params};

use crate::people::Person;
use crate::session::Session;

/// The first pause after a service did not answer; each one doubles up to an hour.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// A service that has not answered for so long is not told any more; its own session has ended long since.
const PATIENCE: Duration = Duration::from_secs(13 * 60 * 60);

/// What became of telling a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It has answered 200 or 204.
    Told,
    /// It has no back-channel logout address, or is no longer registered.
    CannotBeTold,
    GaveUp,
}

impl Outcome {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::CannotBeTold => "cannot_be_told",
            Self::GaveUp => "gave_up",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Told, Self::CannotBeTold, Self::GaveUp]
            .into_iter()
            .find(|known| known.name() == text)
    }
}

/// A logout token that is owed to a service.
#[derive(Clone, Debug)]
pub(crate) struct Owed {
    pub session: Id<Session>,
    pub client_id: String,
    pub sid: String,
    pub person: Id<Person>,
    created_at: Timestamp,
    attempts: i64,
}

/// What is due, the oldest first.
pub(crate) async fn due(cx: &Cx, most: i64) -> Result<Vec<Owed>, DbError> {
    let rows = cx
        .db
        .all(
            "SELECT session, client_id, sid, person, created_at, attempts FROM logout_delivery
             WHERE next_at <= $1 ORDER BY next_at LIMIT $2",
            params![cx.now(), most],
        )
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Owed, DbError> {
    Ok(Owed {
        session: row.get("session")?,
        client_id: row.get("client_id")?,
        sid: row.get("sid")?,
        person: row.get("person")?,
        created_at: row.get("created_at")?,
        attempts: row.get("attempts")?,
    })
}

/// Nothing more is to be done for this row.
pub(crate) async fn settle(cx: &Cx, owed: &Owed, outcome: Outcome) -> Result<(), DbError> {
    cx.db
        .run("logout.settle", |tx| async move {
            tx.exec(
                "UPDATE logout_delivery SET outcome = $1, finished_at = $2, next_at = NULL, attempts = attempts + 1
                 WHERE sid = $3 AND outcome IS NULL",
                params![outcome.name(), cx.now(), &owed.sid],
            )
            .await
        })
        .await
        .map(drop)
}

/// The service did not answer well: again later, until patience ends.
pub(crate) async fn postpone(cx: &Cx, owed: &Owed) -> Result<(), DbError> {
    if cx.now().since(owed.created_at) > PATIENCE {
        return settle(cx, owed, Outcome::GaveUp).await;
    }
    let next = cx.now().plus(pause(owed.attempts));
    cx.db
        .run("logout.postpone", |tx| async move {
            tx.exec(
                "UPDATE logout_delivery SET attempts = attempts + 1, next_at = $1
                 WHERE sid = $2 AND outcome IS NULL",
                params![next, &owed.sid],
            )
            .await
        })
        .await
        .map(drop)
}

fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts).unwrap_or(u32::MAX).min(20);
    FIRST_PAUSE
        .saturating_mul(2u32.saturating_pow(doublings))
        .min(LONGEST_PAUSE)
}

/// How it went with each service of an ended session; `None`: not answered yet.
pub(crate) async fn of_session(cx: &Cx, session: Id<Session>) -> Result<Vec<(String, Option<Outcome>)>, DbError> {
    let rows = cx
        .db
        .all(
            "SELECT client_id, outcome FROM logout_delivery WHERE session = $1 ORDER BY client_id",
            params![session],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let outcome: Option<String> = row.get("outcome")?;
            Ok((row.get("client_id")?, outcome.as_deref().and_then(Outcome::parse)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_five_seconds_to_an_hour() {
        assert_eq!(pause(0), Duration::from_secs(5));
        assert_eq!(pause(3), Duration::from_secs(40));
        assert_eq!(pause(10), LONGEST_PAUSE);
        assert_eq!(pause(i64::MAX), LONGEST_PAUSE);
    }
}
