//! Each replica's clock against the configured reference once a minute, also where nothing is stamped: OCSP answers, lists and
//! certificates bear times too (EN 319 411-1 section 6.4.5: synchronised at least once a day; EN 319 421 section 7.12: loss of
//! synchronisation is recorded).

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, Timestamp, params};

use crate::Service;
use crate::config::ClockSource;
use crate::tsa::ClockQuality;

const EVERY: Duration = Duration::from_secs(60);
/// What a replica said that is no more is forgotten after this time.
const FORGOTTEN: Duration = Duration::from_secs(2 * 86_400);

/// How a replica's clock stood when it last looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockLook {
    pub replica: [u8; 16],
    pub at: Timestamp,
    /// Whether anything was asked; nothing is in a demonstration.
    pub is_checked: bool,
    /// The most that it may be off; none where that is not known.
    pub off: Option<Duration>,
    /// What is wrong, and since when.
    pub problem: Option<(String, Timestamp)>,
}

impl Service {
    /// Looks again and again until the stop; every replica for itself, since each has a clock of its own.
    pub async fn watch_clock(self: Arc<Self>, stop: impl Future<Output = ()> + Send) {
        let mut stop = std::pin::pin!(stop);
        loop {
            if let Err(error) = self.look_at_clock().await {
                tracing::error!(%error, "how the clock stands cannot be stored");
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = &mut stop => break,
            }
        }
        if let Err(error) = self.forget_clock().await {
            tracing::warn!(%error, "how the clock stood cannot be forgotten");
        }
    }

    /// One look: asks the reference, stores what it says, records when the clock becomes bad or good.
    pub async fn look_at_clock(&self) -> Result<(), DbError> {
        let quality = self.clock_check.quality().await;
        let off = match &quality {
            ClockQuality::Within(bound) => Some(i64::try_from(bound.as_micros()).unwrap_or(i64::MAX)),
            ClockQuality::Unknown(_) => None,
        };
        let problem = quality.problem();
        let (cx, replica, problem) = (&self.cx, self.replica.id, problem.as_deref());
        let is_checked = self.config.clock != ClockSource::Unchecked;
        cx.db
            .run("ca.clock_look", |tx| async move {
                let before = tx
                    .opt(
                        "SELECT problem, bad_since FROM clock_look WHERE replica = $1",
                        params![replica],
                    )
                    .await?;
                let was_bad = match &before {
                    Some(row) => row.get::<Option<Timestamp>>("bad_since")?,
                    None => None,
                };
                let bad_since = problem.map(|_| was_bad.unwrap_or_else(|| cx.now()));
                tx.exec(
                    "INSERT INTO clock_look (replica, at, checked, off_micros, problem, bad_since)
                     VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (replica) DO UPDATE SET at = excluded.at, checked = excluded.checked,
                         off_micros = excluded.off_micros, problem = excluded.problem, bad_since = excluded.bad_since",
                    params![replica, cx.now(), is_checked, off, problem, bad_since],
                )
                .await?;
                tx.exec(
                    "DELETE FROM clock_look WHERE at < $1",
                    params![cx.now().minus(FORGOTTEN)],
                )
                .await?;
                let event = match (was_bad, problem) {
                    (None, Some(problem)) => ("clock.lost", json!({ "problem": problem })),
                    (Some(since), None) => ("clock.regained", json!({ "since": since.to_string() })),
                    _ => return Ok(()),
                };
                audit::record(&tx, cx, &Event::new(event.0, hex::encode(replica), event.1)).await
            })
            .await
            .map(drop)
    }

    /// A replica that ends in order is not missed.
    async fn forget_clock(&self) -> Result<(), DbError> {
        let replica = self.replica.id;
        let forgotten = self.cx.db.run("ca.clock_forgotten", |tx| async move {
            tx.exec("DELETE FROM clock_look WHERE replica = $1", params![replica])
                .await
        });
        forgotten.await.map(drop)
    }
}

/// Of every replica, in the order of their ids.
pub(crate) async fn clocks(cx: &Cx) -> Result<Vec<ClockLook>, DbError> {
    let sql = "SELECT replica, at, checked, off_micros, problem, bad_since FROM clock_look ORDER BY replica";
    let read = |row: &Row| {
        let (problem, since): (Option<String>, Option<Timestamp>) = (row.get("problem")?, row.get("bad_since")?);
        let off: Option<i64> = row.get("off_micros")?;
        Ok(ClockLook {
            replica: row.get("replica")?,
            at: row.get("at")?,
            is_checked: row.get("checked")?,
            off: off.map(|micros| Duration::from_micros(micros.unsigned_abs())),
            problem: problem.zip(since),
        })
    };
    cx.db.all(sql, vec![]).await?.iter().map(read).collect()
}
