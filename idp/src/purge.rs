//! Deletes what has expired; nothing is decided from these rows any more.

use std::time::Duration;

use signum_core::{Cx, DbError, params};

use crate::config::Config;
use crate::single_use;

/// How long rows stay after their end, so that a late reuse is still recognised as one.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// One pass; returns how many rows went.
pub(crate) async fn run(cx: &Cx, config: &Config) -> Result<u64, DbError> {
    let before = cx.now().minus(GRACE);
    let idle = before.minus(config.session_idle());
    let forgotten = cx.now().minus(config.activity_kept());
    cx.db
        .run("purge", |tx| async move {
            let mut gone = 0;
            gone += tx
                .exec("DELETE FROM interaction WHERE expires_at < $1", params![before])
                .await?;
            gone += tx
                .exec("DELETE FROM pushed_request WHERE expires_at < $1", params![before])
                .await?;
            gone += tx
                .exec("DELETE FROM authorization_grant WHERE created_at < $1", params![before])
                .await?;
            gone += tx
                .exec("DELETE FROM session WHERE last_seen_at < $1", params![idle])
                .await?;
            gone += tx
                .exec("DELETE FROM activation WHERE expires_at < $1", params![before])
                .await?;
            gone += tx
                .exec("DELETE FROM login_attempt WHERE since < $1", params![before])
                .await?;
            gone += tx
                .exec("DELETE FROM activity WHERE at < $1", params![forgotten])
                .await?;
            gone += single_use::purge(&tx, before).await?;
            Ok(gone)
        })
        .await
}
