//! What both engines must do alike.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::clock::Timestamp;
use crate::id::Id;
use crate::params;

const THINGS: Migration = Migration {
    name: "test/0001_things",
    sql: "CREATE TABLE thing (id BYTEA PRIMARY KEY, label TEXT, n BIGINT, yes BOOLEAN, at BIGINT);
          CREATE UNIQUE INDEX thing_label ON thing (label);",
};

async fn things() -> (Db, tempfile::TempDir) {
    let (db, dir) = scratch::db().await;
    assert_eq!(db.migrate(&[THINGS]).await.unwrap(), 1);
    (db, dir)
}

async fn insert(db: &Db, id: [u8; 16], label: Option<&str>, n: Option<i64>, yes: Option<bool>) -> Result<u64, DbError> {
    db.run("insert", |tx| async move {
        let at = Timestamp(7);
        let sql = "INSERT INTO thing (id, label, n, yes, at) VALUES ($1, $2, $3, $4, $5)";
        tx.exec(sql, params![id, label, n, yes, at]).await
    })
    .await
}

#[tokio::test]
async fn every_kind_of_value_comes_back_as_it_went() {
    let (db, _dir) = things().await;
    insert(&db, [1; 16], Some("ë ш"), Some(i64::MIN), Some(true))
        .await
        .unwrap();
    insert(&db, [2; 16], Some(""), Some(0), Some(false)).await.unwrap();
    let rows = db
        .all("SELECT id, label, n, yes, at FROM thing ORDER BY id", vec![])
        .await
        .unwrap();
    let read = |row: &Row| {
        let id: Id<()> = row.get("id").unwrap();
        assert_eq!(row.get::<Timestamp>("at").unwrap(), Timestamp(7));
        assert_eq!(row.get::<[u8; 16]>("id").unwrap(), id.0);
        (
            row.get::<String>("label").unwrap(),
            row.get::<i64>("n").unwrap(),
            row.get::<bool>("yes").unwrap(),
        )
    };
    let read: Vec<_> = rows.iter().map(read).collect();
    assert_eq!(read, [("ë ш".to_owned(), i64::MIN, true), (String::new(), 0, false)]);
}

#[tokio::test]
async fn a_text_with_nul_is_the_callers_fault_and_ends_the_transaction_on_both_engines() {
    let (db, _dir) = things().await;
    let outside = db.opt("SELECT n FROM thing WHERE label = $1", params!["a\0b"]).await;
    assert!(matches!(outside, Err(DbError::NulInText)), "{outside:?}");
    let refused = insert(&db, [1; 16], Some("a\0b"), None, None).await;
    assert!(matches!(refused, Err(DbError::NulInText)), "{refused:?}");
    let went_on: Result<u64, DbError> = db
        .run("went on", |tx| async move {
            let _ = tx.opt("SELECT n FROM thing WHERE label = $1", params!["\0"]).await;
            tx.exec("INSERT INTO thing (id) VALUES ($1)", params![[2u8; 16]]).await
        })
        .await;
    assert!(went_on.is_err());
    assert!(db.all("SELECT id FROM thing", vec![]).await.unwrap().is_empty());
}

#[tokio::test]
async fn null_is_none_and_an_error_where_none_may_be() {
    let (db, _dir) = things().await;
    insert(&db, [1; 16], None, None, None).await.unwrap();
    let row = db
        .opt("SELECT label, n, yes FROM thing", vec![])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.get::<Option<String>>("label").unwrap(), None);
    assert_eq!(row.get::<Option<i64>>("n").unwrap(), None);
    assert_eq!(row.get::<Option<bool>>("yes").unwrap(), None);
    assert!(matches!(row.get::<i64>("n"), Err(DbError::Column { column, .. }) if column == "n"));
    assert!(row.get::<String>("absent").is_err());
}

#[tokio::test]
async fn expressions_are_read_like_columns() {
    let (db, _dir) = things().await;
    insert(&db, [1; 16], Some("a"), Some(4), Some(true)).await.unwrap();
    let sql =
        "SELECT COUNT(*) AS many, MAX(n) AS top, n > 3 AS big, label IS NULL AS nameless, COALESCE(yes, false) AS yes,
               NOT yes AS no, label || 'b' AS longer FROM thing GROUP BY n, label, yes";
    let row = db.opt(sql, vec![]).await.unwrap().unwrap();
    assert_eq!(row.get::<i64>("many").unwrap(), 1);
    assert_eq!(row.get::<i64>("top").unwrap(), 4);
    assert_eq!(row.get::<String>("longer").unwrap(), "ab");
    for (column, expected) in [("big", true), ("nameless", false), ("yes", true), ("no", false)] {
        assert_eq!(row.get::<bool>(column).unwrap(), expected, "{column}");
    }
}

#[tokio::test]
async fn a_value_of_another_shape_is_refused() {
    let (db, _dir) = things().await;
    insert(&db, [1; 16], Some("a"), Some(-1), Some(true)).await.unwrap();
    let row = db.opt("SELECT id, n FROM thing", vec![]).await.unwrap().unwrap();
    assert!(row.get::<u32>("n").is_err());
    assert!(row.get::<bool>("n").is_err());
    assert!(row.get::<[u8; 32]>("id").is_err());
    assert!(row.get::<String>("id").is_err());
}

#[tokio::test]
async fn what_is_there_already_is_told_apart_from_other_errors() {
    let (db, _dir) = things().await;
    insert(&db, [1; 16], Some("a"), None, None).await.unwrap();
    let twice = insert(&db, [1; 16], Some("b"), None, None).await;
    assert!(matches!(twice, Err(DbError::Duplicate { .. })), "{twice:?}");
    let same_label = insert(&db, [2; 16], Some("a"), None, None).await;
    assert!(matches!(same_label, Err(DbError::Duplicate { .. })), "{same_label:?}");
}

#[tokio::test]
async fn a_failed_transaction_leaves_nothing() {
    let (db, _dir) = things().await;
    let failed: Result<(), DbError> = db
        .run("fail", |tx| async move {
            tx.exec("INSERT INTO thing (id) VALUES ($1)", params![[1u8; 16]])
                .await?;
            Err(DbError::NotFound)
        })
        .await;
    assert!(failed.is_err());
    assert!(db.all("SELECT id FROM thing", vec![]).await.unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_committed_after_a_statement_that_failed() {
    let (db, _dir) = things().await;
    let swallowed = db.run("swallow", |tx| async move {
        tx.exec("INSERT INTO thing (id) VALUES ($1)", params![[1u8; 16]])
            .await?;
        let twice = tx.exec("INSERT INTO thing (id) VALUES ($1)", params![[1u8; 16]]).await;
        assert!(matches!(twice, Err(DbError::Duplicate { .. })));
        assert!(
            tx.exec("INSERT INTO thing (id) VALUES ($1)", params![[2u8; 16]])
                .await
                .is_err()
        );
        Ok::<(), DbError>(())
    });
    assert!(swallowed.await.is_err());
    assert!(db.all("SELECT id FROM thing", vec![]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_transaction_that_lost_a_race_runs_again_from_its_start() {
    let (db, _dir) = things().await;
    let tries = &AtomicU32::new(0);
    let last = db
        .run("race", |tx| async move {
            tx.exec("INSERT INTO thing (id) VALUES ($1)", params![[1u8; 16]])
                .await?;
            match tries.fetch_add(1, Ordering::SeqCst) {
                0 | 1 => Err(DbError::Conflict {
                    message: "test".to_owned(),
                }),
                n => Ok(n),
            }
        })
        .await;
    assert_eq!(last.unwrap(), 2);
    assert_eq!(db.all("SELECT id FROM thing", vec![]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn other_errors_are_not_tried_again() {
    let (db, _dir) = things().await;
    let tries = &AtomicU32::new(0);
    let result: Result<(), DbError> = db
        .run("once", |_| async move {
            tries.fetch_add(1, Ordering::SeqCst);
            Err(DbError::NotFound)
        })
        .await;
    assert!(result.is_err());
    assert_eq!(tries.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn two_writers_that_read_before_they_write_lose_no_update() {
    let (db, _dir) = things().await;
    insert(&db, [1; 16], None, Some(0), None).await.unwrap();
    let writers = (0..4).map(|_| {
        let db = db.clone();
        tokio::spawn(async move {
            for _ in 0..5 {
                let raised = db.run("raise", |tx| async move {
                    let n: i64 = tx.one("SELECT n FROM thing", vec![]).await?.get("n")?;
                    tokio::task::yield_now().await;
                    tx.exec("UPDATE thing SET n = $1", params![n + 1]).await
                });
                raised.await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let row = db.opt("SELECT n FROM thing", vec![]).await.unwrap().unwrap();
    assert_eq!(row.get::<i64>("n").unwrap(), 20);
}

#[tokio::test]
async fn single_use_is_decided_by_one_statement() {
    let (db, _dir) = things().await;
    insert(&db, [1; 16], None, None, None).await.unwrap();
    let uses = (0..8).map(|_| {
        let db = db.clone();
        tokio::spawn(async move {
            db.run("use", |tx| async move {
                let sql = "UPDATE thing SET at = $1, n = 1 WHERE id = $2 AND n IS NULL RETURNING label";
                Ok::<_, DbError>(tx.opt(sql, params![Timestamp(9), [1u8; 16]]).await?.is_some())
            })
            .await
        })
    });
    let mut used = 0;
    for one in uses.collect::<Vec<_>>() {
        used += u32::from(one.await.unwrap().unwrap());
    }
    assert_eq!(used, 1);
}

#[tokio::test]
async fn migrations_are_applied_once_and_an_edited_one_is_refused() {
    let (db, _dir) = things().await;
    assert_eq!(db.migrate(&[THINGS]).await.unwrap(), 0);
    let edited = Migration {
        sql: "CREATE TABLE thing (id BYTEA)",
        ..THINGS
    };
    let refused = db.migrate(&[edited]).await;
    assert!(
        matches!(&refused, Err(DbError::Migration { name, .. }) if name == THINGS.name),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_of_itself() {
    let (db, _dir) = things().await;
    let broken = Migration {
        name: "test/0002_broken",
        sql: "CREATE TABLE half (n BIGINT); CREATE TABL oops;",
    };
    assert!(db.migrate(&[broken]).await.is_err());
    let mended = Migration {
        sql: "CREATE TABLE half (n BIGINT)",
        ..broken
    };
    assert_eq!(db.migrate(&[mended]).await.unwrap(), 1);
}

#[tokio::test]
async fn replicas_that_start_together_migrate_once() {
    let (db, _dir) = scratch::db().await;
    let replicas = (0..4).map(|_| {
        let db = db.clone();
        tokio::spawn(async move { db.migrate(CORE_MIGRATIONS).await })
    });
    let mut applied = 0;
    for replica in replicas.collect::<Vec<_>>() {
        applied += replica.await.unwrap().unwrap();
    }
    assert_eq!(usize::try_from(applied), Ok(CORE_MIGRATIONS.len()));
}

#[tokio::test]
async fn a_statement_after_the_end_of_its_transaction_is_an_error() {
    let (db, _dir) = things().await;
    let kept = &tokio::sync::Mutex::new(None);
    db.run("keep", |tx| async move {
        *kept.lock().await = Some(tx);
        Ok::<(), DbError>(())
    })
    .await
    .unwrap();
    let tx = kept.lock().await.take().unwrap();
    assert!(tx.exec("DELETE FROM thing", vec![]).await.is_err());
}

#[test]
fn an_address_prints_without_its_password() {
    let url: DbUrl = "postgres://signum:p@ss@db.example/idp".to_owned().try_into().unwrap();
    assert_eq!(format!("{url:?}"), "postgres://***@db.example/idp");
    assert_eq!(serde_json::to_value(&url).unwrap(), "postgres://***@db.example/idp");
    let path = DbUrl::sqlite(std::path::Path::new("var/a@b.sqlite"));
    assert_eq!(format!("{path:?}"), "sqlite:var/a@b.sqlite");
    assert!(DbUrl::try_from("mysql://x".to_owned()).is_err());
}

static MANY: std::sync::LazyLock<Insert> =
    std::sync::LazyLock::new(|| Insert::new("INSERT INTO thing (id, n)", 2, "ON CONFLICT DO NOTHING"));

#[tokio::test]
async fn any_number_of_rows_is_inserted_with_few_statements() {
    let (db, _dir) = things().await;
    let row = |n: u8| params![[n; 16], i64::from(n)];
    let rows = &(0..=200).map(row).collect::<Vec<_>>();
    let inserted = db.run("many", |tx| async move { MANY.rows(&tx, rows.clone()).await });
    assert_eq!(inserted.await.unwrap(), 201);
    let again = db.run("many", |tx| async move { MANY.rows(&tx, rows.clone()).await });
    assert_eq!(again.await.unwrap(), 0, "ON CONFLICT stands behind the rows");
    let sum = db.opt("SELECT COUNT(*) AS n FROM thing WHERE n < 201", vec![]).await;
    assert_eq!(sum.unwrap().unwrap().get::<i64>("n").unwrap(), 201);
    let short: Result<u64, DbError> = db
        .run(
            "short",
            |tx| async move { MANY.rows(&tx, vec![params![[9u8; 16]]]).await },
        )
        .await;
    assert!(matches!(short, Err(DbError::Column { .. })));
}
