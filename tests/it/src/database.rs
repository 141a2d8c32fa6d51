//! Fresh databases for one test: SQLite files, or databases of the PostgreSQL cluster that `SIGNUM_TEST_POSTGRES` names.

use std::path::Path;

use signum_core::db::{Db, DbUrl, Migration};
use uuid::Uuid;

/// The cluster's address with its maintenance database, when the tests run on PostgreSQL.
pub fn cluster() -> Option<String> {
    std::env::var("SIGNUM_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

/// The address of a new, empty database for `service`; SQLite files lie in `folder`.
pub async fn fresh(service: &str, folder: &Path) -> String {
    let Some(cluster) = cluster() else {
        return format!("sqlite:{}", folder.join(format!("{service}.sqlite")).display());
    };
    let (server, _) = cluster.rsplit_once('/').expect("postgres://.../database");
    let name = format!("signum_{service}_{}", Uuid::new_v4().simple());
    let maintenance = open(&cluster).await;
    // The address of a statement lives as long as the process; a test makes three.
    let statement: &'static str = Box::leak(format!("CREATE DATABASE {name}").into_boxed_str());
    maintenance.all(statement, vec![]).await.expect("may create databases");
    maintenance.close().await;
    format!("{server}/{name}")
}

pub async fn open(url: &str) -> Db {
    let url = DbUrl::try_from(url.to_owned()).expect("a database address");
    Db::open(&url).await.expect("opens")
}

/// The texts of `migrations/<room>/`, in order.
pub fn migrations(room: &str) -> Vec<Migration> {
    let folder = crate::workspace::root().join("migrations").join(room);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("a room")
        .map(|f| f.expect("a file").path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let migration = |file: &std::path::PathBuf| Migration {
        name: leak(format!(
            "{room}/{}",
            file.file_stem().expect("a name").to_string_lossy()
        )),
        sql: leak(std::fs::read_to_string(file).expect("UTF-8")),
    };
    files.iter().map(migration).collect()
}
