//! How much one person may send: documents waiting for their signature, and octets in one day.

use std::time::Duration;

use signum_core::{Cx, DbError, Timestamp, Tx, params, retry_on_db_conflict};

use crate::config::Config;
use crate::person::Reference;

const DAY: i64 = 24 * 60 * 60;

/// Why no more is taken from this person now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Quota {
    #[error("{0} documents wait for their signature")]
    OpenDocuments(u32),
    #[error("{limit} octets were sent on this day")]
    Octets {
        limit: u64,
        /// Until the next day begins.
        again_in: Duration,
    },
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(transparent)]
    Quota(#[from] Quota),
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(Refused);

impl From<Refused> for super::SignError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Quota(quota) => Self::Quota(quota),
            Refused::Db(error) => Self::Db(error),
        }
    }
}

/// Counts `octets` against the person's day, before anything is read; refuses what is too much and does not count it.
pub(super) async fn admit(cx: &Cx, config: &Config, person: &Reference, octets: usize) -> Result<(), Refused> {
    let limit = config.daily_upload;
    let octets = i64::try_from(octets).unwrap_or(i64::MAX);
    cx.db
        .run::<_, Refused, _, _>("upload.admit", |tx| async move {
            let sent = tally(&tx, cx.now(), person, octets).await?;
            if u64::try_from(sent).is_ok_and(|sent| sent > limit) {
                let again_in = until_tomorrow(cx.now());
                return Err(Quota::Octets { limit, again_in }.into());
            }
            room(&tx, cx.now(), config, person).await
        })
        .await
}

/// Refuses when the person has as many open documents as allowed. In a transaction that touched the person's tally, so that
/// uploads at the same time are counted one after the other.
pub(super) async fn room(tx: &Tx, now: Timestamp, config: &Config, person: &Reference) -> Result<(), Refused> {
    let limit = config.open_documents;
    let alive = now.minus(config.document_ttl());
    let row = tx
        .opt(
            "SELECT COUNT(*) AS n FROM document
             WHERE person = $1 AND state IN ('prepared', 'digested') AND uploaded_at >= $2",
            params![person, alive],
        )
        .await?;
    let open = row.map_or(Ok(0), |row| row.get::<i64>("n"))?;
    match open >= i64::from(limit) {
        true => Err(Quota::OpenDocuments(limit).into()),
        false => Ok(()),
    }
}

/// Adds to what the person sent today; answers the sum.
pub(super) async fn tally(tx: &Tx, now: Timestamp, person: &Reference, octets: i64) -> Result<i64, DbError> {
    let day = today(now);
    let row = tx
        .opt(
            "INSERT INTO upload_tally (person, day, octets) VALUES ($1, $2, $3)
             ON CONFLICT (person, day) DO UPDATE SET octets = upload_tally.octets + excluded.octets RETURNING octets",
            params![person, day, octets],
        )
        .await?;
    row.ok_or(DbError::NotFound)?.get("octets")
}

/// The first day whose tally still counts.
pub(crate) fn today(now: Timestamp) -> i64 {
    now.seconds().div_euclid(DAY)
}

fn until_tomorrow(now: Timestamp) -> Duration {
    let left = DAY - now.seconds().rem_euclid(DAY);
    Duration::from_secs(left.unsigned_abs())
}
