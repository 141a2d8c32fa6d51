//! Tests only: a context on an empty database of the CA.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use signum_core::db::{CORE_MIGRATIONS, DbUrl};
use signum_core::{Clock, Cx, Db, ManualClock, OsRandom, Random, SystemClock};

/// A context on a new database: an SQLite file, or one of the PostgreSQL cluster that `SIGNUM_TEST_POSTGRES` names.
pub(crate) async fn context() -> (Cx, Arc<ManualClock>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let open = |url: String| async move { Db::open(&DbUrl::try_from(url).unwrap()).await.unwrap() };
    let cluster = std::env::var("SIGNUM_TEST_POSTGRES").unwrap_or_default();
    let db = match cluster.rsplit_once('/') {
        None => open(format!("sqlite:{}", folder.path().join("ca.sqlite").display())).await,
        Some((server, _)) => {
            let name = format!("signum_ca_{}", hex::encode((&OsRandom as &dyn Random).bytes::<8>()));
            let statement: &'static str = Box::leak(format!("CREATE DATABASE {name}").into_boxed_str());
            let maintenance = open(cluster.clone()).await;
            maintenance.all(statement, vec![]).await.unwrap();
            maintenance.close().await;
            open(format!("{server}/{name}")).await
        }
    };
    db.migrate(CORE_MIGRATIONS).await.unwrap();
    db.migrate(crate::MIGRATIONS).await.unwrap();
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    let cx = Cx {
        db,
        clock: clock.clone(),
        random: Arc::new(OsRandom),
    };
    (cx, clock, folder)
}
