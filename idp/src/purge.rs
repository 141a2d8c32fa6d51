//! Deletes what has expired; nothing is decided from these rows any more. In batches by an index, each a transaction of its own,
//! so that whoever logs in meanwhile waits for a thousand rows at most.

use std::time::Duration;

use signum_core::{Cx, DbError, Timestamp, params};

use crate::config::Config;

/// How long rows stay after their end, so that a late reuse is still recognised as one.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);
/// The same for what is refused by its own time as well.
const SHORT_GRACE: Duration = Duration::from_secs(10 * 60);
/// Rows of one batch; what refers to them goes with them.
const BATCH: i64 = 1_000;

/// Deletes at most `$2` rows that ended before `$1`.
macro_rules! expired {
    ($table:literal, $key:literal, $end:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ",
            $key,
            " IN (SELECT ",
            $key,
            " FROM ",
            $table,
            " WHERE ",
            $end,
            " < $1 ORDER BY ",
            $end,
            " LIMIT $2)"
        )
    };
}

/// Kept for a day, since they tell a reuse. A pushed request outlives its `request_uri` while its person logs in, and is completed at the end of that.
const KEPT: [&str; 5] = [
    expired!("pushed_request", "hash", "expires_at"),
    expired!("interaction", "id", "expires_at"),
    expired!("authorization_grant", "id", "created_at"),
    expired!("activation", "hash", "expires_at"),
    expired!("login_attempt", "who", "since"),
];
/// Their own time refuses them, and there are many.
const SOON: [&str; 4] = [
    expired!("access_token", "hash", "expires_at"),
    expired!("device_authorization", "id", "expires_at"),
    expired!("device_attempt", "who", "since"),
    "DELETE FROM single_use WHERE (kind, owner, id_hash) IN
        (SELECT kind, owner, id_hash FROM single_use WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
];
const SESSION: &str = expired!("session", "id", "last_seen_at");
/// Clients that registered themselves and were not promoted.
const SANDBOX: &str = "DELETE FROM client WHERE client_id IN
    (SELECT client_id FROM client WHERE realm = 'sandbox' AND registration_hash IS NOT NULL AND changed_at < $1
     ORDER BY changed_at LIMIT $2)";
const ACTIVITY: &str = expired!("activity", "id", "at");

/// One pass; returns how many rows went, without those that went with them.
pub(crate) async fn run(cx: &Cx, config: &Config) -> Result<u64, DbError> {
    let now = cx.now();
    let (kept, soon) = (now.minus(GRACE), now.minus(SHORT_GRACE));
    let mut gone = 0;
    for sql in KEPT {
        gone += all(cx, sql, kept).await?;
    }
    for sql in SOON {
        gone += all(cx, sql, soon).await?;
    }
    gone += all(cx, SESSION, kept.minus(config.session_idle())).await?;
    gone += all(cx, ACTIVITY, now.minus(config.activity_kept())).await?;
    gone += all(cx, SANDBOX, now.minus(config.registration.sandbox_life())).await?;
    Ok(gone)
}

/// Batch after batch until one is not full.
async fn all(cx: &Cx, sql: &'static str, before: Timestamp) -> Result<u64, DbError> {
    let mut gone = 0;
    loop {
        let batch = cx
            .db
            .run::<_, DbError, _, _>("purge", |tx| async move { tx.exec(sql, params![before, BATCH]).await })
            .await?;
        gone += batch;
        if batch < BATCH.unsigned_abs() {
            return Ok(gone);
        }
    }
}
