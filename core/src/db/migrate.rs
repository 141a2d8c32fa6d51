//! Applies numbered migration texts once each, and refuses to go on when an applied one was edited.

use sha2::{Digest, Sha256};

use super::{Db, DbError, Tx};
use crate::clock::{Clock, SystemClock};

/// One file of `migrations/{core,ca,idp,signer}`, compiled in.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// `room/NNNN_name`, the order of application within a room.
    pub name: &'static str,
    pub sql: &'static str,
}

/// The tables of the kit itself (audit, jobs), which every service's database has first.
pub const CORE_MIGRATIONS: &[Migration] = &[
    Migration {
        name: "core/0001_core",
        sql: include_str!("../../../migrations/core/0001_core.sql"),
    },
    Migration {
        name: "core/0002_audit_checkpoint",
        sql: include_str!("../../../migrations/core/0002_audit_checkpoint.sql"),
    },
    Migration {
        name: "core/0003_audit_tree",
        sql: include_str!("../../../migrations/core/0003_audit_tree.sql"),
    },
];

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    name TEXT PRIMARY KEY, sha256 BYTEA NOT NULL, applied_at BIGINT NOT NULL)";

pub(super) async fn run(db: &Db, migrations: &[Migration]) -> Result<u32, DbError> {
    make_ledger(db).await?;
    let mut applied = 0;
    for migration in migrations {
        if db
            .run("migrate.apply", |tx| async move { apply(&tx, *migration).await })
            .await?
        {
            tracing::info!(migration = migration.name, "applied");
            applied += 1;
        }
    }
    Ok(applied)
}

/// On PostgreSQL, replicas that create the same table at the same time can meet in the catalogue in spite of IF NOT EXISTS;
/// whoever lost finds the table the next time.
async fn make_ledger(db: &Db) -> Result<(), DbError> {
    let make = || db.run("migrate.ledger", |tx| async move { tx.script(LEDGER).await });
    match make().await {
        Err(DbError::Duplicate { .. }) => make().await,
        other => other,
    }
}

async fn apply(tx: &Tx, migration: Migration) -> Result<bool, DbError> {
    // Before the first read, so that the second of two replicas sees what the first has applied.
    tx.lock_out_other_writers("LOCK TABLE schema_migration IN EXCLUSIVE MODE")
        .await?;
    let hash = Sha256::digest(migration.sql.as_bytes()).to_vec();
    let known = tx
        .opt(
            "SELECT sha256 FROM schema_migration WHERE name = $1",
            crate::params![migration.name],
        )
        .await?;
    if let Some(row) = known {
        if row.get::<Vec<u8>>("sha256")? == hash {
            return Ok(false);
        }
        return Err(DbError::Migration {
            name: migration.name.to_owned(),
            problem: "was applied with another text; add a new migration instead of editing one".to_owned(),
        });
    }
    tx.script(migration.sql).await.map_err(|error| DbError::Migration {
        name: migration.name.to_owned(),
        problem: error.to_string(),
    })?;
    let now = SystemClock.now();
    tx.exec(
        "INSERT INTO schema_migration (name, sha256, applied_at) VALUES ($1, $2, $3)",
        crate::params![migration.name, hash, now],
    )
    .await?;
    Ok(true)
}
