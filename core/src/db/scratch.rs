//! For this crate's tests: a database of their own. PostgreSQL when `SIGNUM_TEST_POSTGRES` names a cluster, else SQLite.

use std::sync::Arc;

use super::{CORE_MIGRATIONS, Db, DbUrl};
use crate::clock::{ManualClock, Timestamp};
use crate::cx::Cx;
use crate::random::{OsRandom, Random};

/// A fresh database without tables.
pub(crate) async fn db() -> (Db, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let url = url(&dir.path().join("test.sqlite")).await;
    (Db::open(&url).await.unwrap(), dir)
}

/// The address of one that is empty; `file` is SQLite's.
pub(crate) async fn url(file: &std::path::Path) -> DbUrl {
    match std::env::var("SIGNUM_TEST_POSTGRES") {
        Ok(cluster) if !cluster.is_empty() => fresh_postgres(&cluster).await,
        _ => DbUrl::sqlite(file),
    }
}

/// A context over the core tables, at a fixed time.
pub(crate) async fn cx() -> (Cx, Arc<ManualClock>, tempfile::TempDir) {
    let (db, dir) = db().await;
    db.migrate(CORE_MIGRATIONS).await.unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_790_000_000)));
    (
        Cx {
            db,
            clock: clock.clone(),
            random: Arc::new(OsRandom),
        },
        clock,
        dir,
    )
}

/// `cluster` names the maintenance database: `postgres://user@127.0.0.1:5433/postgres`.
async fn fresh_postgres(cluster: &str) -> DbUrl {
    use sqlx::{AssertSqlSafe, Connection, Executor};
    let random: &dyn Random = &OsRandom;
    let name = format!("core_{}", hex::encode(random.bytes::<8>()));
    let mut connection = sqlx::PgConnection::connect(cluster).await.unwrap();
    connection
        .execute(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .await
        .unwrap();
    let (server, _) = cluster.rsplit_once('/').unwrap();
    format!("{server}/{name}").try_into().unwrap()
}
