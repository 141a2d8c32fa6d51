//! What a caller may rely on when transactions share a COMMIT: SQLite alone, whatever the other tests run on.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::{Connection, Writer};
use crate::db::{Db, DbError, DbUrl, Migration};
use crate::params;

const NUMBERS: Migration = Migration {
    name: "test/0001_numbers",
    sql: "CREATE TABLE number (n BIGINT PRIMARY KEY);
          CREATE TABLE follower (n BIGINT PRIMARY KEY, follows BIGINT REFERENCES number (n) DEFERRABLE INITIALLY DEFERRED);
          CREATE TABLE bulky (content BYTEA);",
};

async fn open(folder: &Path) -> Db {
    Db::open(&DbUrl::sqlite(&folder.join("test.sqlite"))).await.unwrap()
}

async fn numbers() -> (Db, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path()).await;
    db.migrate(&[NUMBERS]).await.unwrap();
    (db, folder)
}

async fn insert(db: &Db, n: i64) -> Result<u64, DbError> {
    db.run("insert", |tx| async move {
        let done = tx.exec("INSERT INTO number (n) VALUES ($1)", params![n]).await?;
        tokio::task::yield_now().await;
        Ok(done)
    })
    .await
}

fn inserting(db: &Db, n: i64) -> JoinHandle<Result<u64, DbError>> {
    let db = db.clone();
    tokio::spawn(async move { insert(&db, n).await })
}

async fn stored(db: &Db) -> Vec<i64> {
    let rows = db.all("SELECT n FROM number ORDER BY n", vec![]).await.unwrap();
    rows.iter().map(|row| row.get("n").unwrap()).collect()
}

/// A transaction that keeps its turn until it is let go.
struct Holding {
    task: JoinHandle<Result<(), DbError>>,
    begun: Arc<Notify>,
    let_go: Arc<Notify>,
}

impl Holding {
    fn start(db: &Db) -> Self {
        let (begun, let_go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (db, begin, wait) = (db.clone(), begun.clone(), let_go.clone());
        let task = tokio::spawn(async move {
            let (begin, wait) = (&begin, &wait);
            db.run("hold", |_| async move {
                begin.notify_one();
                wait.notified().await;
                Ok(())
            })
            .await
        });
        Self { task, begun, let_go }
    }

    async fn end(self) -> Result<(), DbError> {
        self.let_go.notify_one();
        self.task.await.unwrap()
    }
}

/// `work` is queued behind one transaction and before another, and has run when the second begins: all three share a COMMIT.
async fn in_a_group<T>(db: &Db, work: impl FnOnce() -> T) -> (Holding, Holding, T) {
    let first = Holding::start(db);
    first.begun.notified().await;
    let work = work();
    let last = Holding::start(db);
    // They go into the queue the first time they are polled.
    tokio::task::yield_now().await;
    first.let_go.notify_one();
    last.begun.notified().await;
    (first, last, work)
}

/// What a power cut now would leave.
fn image(folder: &Path) -> tempfile::TempDir {
    let image = tempfile::tempdir().unwrap();
    for name in ["test.sqlite", "test.sqlite-wal"] {
        std::fs::copy(folder.join(name), image.path().join(name)).unwrap();
    }
    image
}

#[tokio::test]
async fn nothing_is_acknowledged_before_its_commit() {
    let (db, folder) = numbers().await;
    let other_process = open(folder.path()).await;
    let (first, last, one) = in_a_group(&db, || inserting(&db, 1)).await;
    assert!(!first.task.is_finished() && !one.is_finished());
    assert!(stored(&other_process).await.is_empty());
    assert!(stored(&open(image(folder.path()).path()).await).await.is_empty());
    last.end().await.unwrap();
    assert_eq!(one.await.unwrap().unwrap(), 1);
    assert_eq!(stored(&open(image(folder.path()).path()).await).await, [1]);
    assert_eq!(stored(&other_process).await, [1]);
    first.end().await.unwrap();
}

#[tokio::test]
async fn each_commit_waits_for_the_disk() {
    let (db, _folder) = numbers().await;
    let row = db.run("pragma", |tx| async move { tx.one("PRAGMA synchronous", vec![]).await });
    let full = row.await.unwrap().get::<i64>("synchronous");
    assert_eq!(full.unwrap(), 2);
}

#[tokio::test]
async fn of_many_at_once_those_that_fail_take_nothing_of_the_others_with_them() {
    let (db, _folder) = numbers().await;
    insert(&db, 7).await.unwrap();
    // Every fourth collides with what is there.
    let all = (0..40).map(|n| (n, inserting(&db, if n % 4 == 3 { 7 } else { 100 + n })));
    for (n, one) in all.collect::<Vec<_>>() {
        let outcome = one.await.unwrap();
        let failed = matches!(outcome, Err(DbError::Duplicate { .. }));
        assert_eq!(failed, n % 4 == 3, "{outcome:?}");
        // Whoever was told that it is done can read it.
        assert_eq!(stored(&db).await.contains(&(100 + n)), !failed);
    }
    assert_eq!(stored(&db).await.len(), 31);
}

#[tokio::test]
async fn a_commit_that_fails_is_told_to_all_of_its_group_and_the_next_one_works() {
    let (db, _folder) = numbers().await;
    let orphan = || {
        let db = db.clone();
        tokio::spawn(async move {
            let sql = "INSERT INTO follower (n, follows) VALUES (1, 99)";
            db.run("orphan", |tx| async move { tx.exec(sql, vec![]).await }).await
        })
    };
    let (first, last, (one, orphan)) = in_a_group(&db, || (inserting(&db, 1), orphan())).await;
    let (last, first) = (last.end().await, first.end().await);
    for outcome in [
        first.map(|()| 0),
        last.map(|()| 0),
        one.await.unwrap(),
        orphan.await.unwrap(),
    ] {
        assert!(matches!(outcome, Err(DbError::Unavailable(_))), "{outcome:?}");
    }
    assert!(stored(&db).await.is_empty());
    assert_eq!(insert(&db, 1).await.unwrap(), 1);
}

#[tokio::test]
async fn a_refusal_that_follows_from_lost_work_is_not_told() {
    let (db, _folder) = numbers().await;
    let refusing = || {
        let db = db.clone();
        let doomed = tokio::spawn({
            let db = db.clone();
            async move {
                db.run("doomed", |tx| async move {
                    tx.exec("INSERT INTO number (n) VALUES (1)", vec![]).await?;
                    tx.exec("INSERT INTO follower (n, follows) VALUES (1, 99)", vec![])
                        .await
                })
                .await
            }
        });
        (doomed, tokio::spawn(async move { insert(&db, 1).await }))
    };
    let (_first, last, (doomed, refused)) = in_a_group(&db, refusing).await;
    assert!(!refused.is_finished());
    assert!(last.end().await.is_err() && doomed.await.unwrap().is_err());
    let refused = refused.await.unwrap();
    assert!(matches!(refused, Err(DbError::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
async fn a_full_disk_loses_the_group_and_acknowledges_none_of_it() {
    let (db, _folder) = numbers().await;
    let limit = |sql: &'static str| {
        let db = &db;
        async move { db.run("limit", |tx| async move { tx.script(sql).await }).await.unwrap() }
    };
    limit("PRAGMA max_page_count = 40").await;
    let bulky = || {
        let db = db.clone();
        tokio::spawn(async move {
            let sql = "INSERT INTO bulky (content) VALUES (zeroblob(1000000))";
            db.run("bulky", |tx| async move { tx.exec(sql, vec![]).await }).await
        })
    };
    let alone = bulky().await.unwrap();
    assert!(matches!(alone, Err(DbError::Unavailable(_))), "{alone:?}");
    let (_first, last, (before, bulky, after)) =
        in_a_group(&db, || (inserting(&db, 1), bulky(), inserting(&db, 2))).await;
    let told = [before.await.unwrap(), bulky.await.unwrap()];
    assert!(told.iter().all(Result::is_err), "{told:?}");
    assert!(last.end().await.is_ok(), "it came after the group that was lost");
    assert_eq!(after.await.unwrap().unwrap(), 1);
    assert_eq!(stored(&db).await, [2]);
    limit("PRAGMA max_page_count = 1000000").await;
    assert_eq!(insert(&db, 3).await.unwrap(), 1);
}

#[tokio::test]
async fn while_another_process_keeps_the_file_locked_everybody_is_told_and_afterwards_it_goes_on() {
    let (db, folder) = numbers().await;
    db.close().await;
    let path = folder.path().join("test.sqlite");
    let connect = || Connection::writer(path.to_str().unwrap()).unwrap();
    let (other, writer) = (connect(), Writer::open(connect(), Duration::from_millis(1)));
    other.batch("BEGIN IMMEDIATE").unwrap();
    let first = writer.begin().await.err();
    assert!(
        matches!(first, Some(DbError::Conflict { .. })),
        "worth another try: {first:?}"
    );
    for told in futures::future::join_all((0..5).map(|_| writer.begin())).await {
        assert!(matches!(told, Err(DbError::Unavailable(_))));
    }
    other.batch("ROLLBACK").unwrap();
    writer.begin().await.unwrap().commit().await.unwrap();
    writer.close().await;
}

#[tokio::test]
async fn one_that_is_dropped_on_its_way_leaves_nothing_and_stops_nobody() {
    let (db, folder) = numbers().await;
    let (begun, hanging) = (Arc::new(Notify::new()), db.clone());
    let begin = begun.clone();
    let hanging = tokio::spawn(async move {
        let begin = &begin;
        hanging
            .run("hang", |tx| async move {
                tx.exec("INSERT INTO number (n) VALUES (1)", vec![]).await?;
                begin.notify_one();
                std::future::pending::<Result<(), DbError>>().await
            })
            .await
    });
    begun.notified().await;
    let (two, three) = (inserting(&db, 2), inserting(&db, 3));
    tokio::task::yield_now().await;
    hanging.abort();
    assert_eq!((two.await.unwrap().unwrap(), three.await.unwrap().unwrap()), (1, 1));
    assert_eq!(stored(&open(folder.path()).await).await, [2, 3]);
}

#[tokio::test]
async fn one_whose_caller_goes_away_at_any_step_stops_nobody() {
    let (db, _folder) = numbers().await;
    for n in 0..40 {
        let mut steps = 0;
        let other = inserting(&db, 2_000 + n);
        tokio::select! {
            biased;
            () = std::future::poll_fn(|context| {
                steps += 1;
                context.waker().wake_by_ref();
                if steps > n { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
            }) => {}
            outcome = insert(&db, n) => { outcome.unwrap(); }
        }
        insert(&db, 1_000 + n).await.unwrap();
        other.await.unwrap().unwrap();
    }
    let kept = stored(&db).await;
    assert!((0..40).all(|n| kept.contains(&(1_000 + n)) && kept.contains(&(2_000 + n))));
}

#[tokio::test]
async fn two_processes_that_write_to_one_file_lose_nothing() {
    let (db, folder) = numbers().await;
    let other_process = open(folder.path()).await;
    let all = (0..30).flat_map(|n| [inserting(&db, n), inserting(&other_process, 100 + n)]);
    for one in all.collect::<Vec<_>>() {
        assert_eq!(one.await.unwrap().unwrap(), 1);
    }
    assert_eq!(stored(&db).await.len(), 60);
}

#[tokio::test]
async fn closing_waits_for_those_before_it_and_refuses_those_after_it() {
    let (db, folder) = numbers().await;
    let before = [inserting(&db, 1), inserting(&db, 2)];
    tokio::task::yield_now().await;
    db.close().await;
    for one in before {
        assert_eq!(one.await.unwrap().unwrap(), 1);
    }
    let late = insert(&db, 3).await;
    assert!(matches!(late, Err(DbError::Unavailable(_))), "{late:?}");
    db.close().await;
    assert!(!folder.path().join("test.sqlite-wal").exists(), "closed well");
}

#[test]
fn no_migration_defers_a_constraint_to_the_commit_where_it_would_fail_others() {
    let rooms = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let rooms = std::fs::read_dir(rooms).unwrap().map(|room| room.unwrap().path());
    let files = rooms.flat_map(|room| std::fs::read_dir(room).unwrap().map(|file| file.unwrap().path()));
    let files: Vec<_> = files.collect();
    assert!(files.len() > 10);
    for file in files {
        let sql = std::fs::read_to_string(&file).unwrap().to_uppercase();
        assert!(!sql.contains("DEFERR"), "{}", file.display());
    }
}

const FOLDER: &str = "SIGNUM_TEST_KILLED_WRITER";

/// The other half of the next test: writes from eight tasks and says what was acknowledged, until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_to_be_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let db = open(Path::new(&folder)).await;
    let all = (0..8).map(|task| {
        let db = db.clone();
        tokio::spawn(async move {
            for n in 0..1_000_000 {
                let n = n * 8 + task;
                insert(&db, n).await.unwrap();
                println!("acknowledged {n}");
            }
        })
    });
    for one in all.collect::<Vec<_>>() {
        one.await.unwrap();
    }
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_killed_process() {
    let (db, folder) = numbers().await;
    db.close().await;
    for _ in 0..5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["db::writer::tests::a_writer_to_be_killed", "--exact", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged = Vec::new();
        for line in lines {
            let line = line.unwrap();
            let Some(n) = line.strip_prefix("acknowledged ") else {
                continue;
            };
            acknowledged.push(n.parse::<i64>().unwrap());
            if acknowledged.len() == 100 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(acknowledged.len() >= 100);
        let db = open(folder.path()).await;
        let kept = stored(&db).await;
        assert!(acknowledged.iter().all(|n| kept.contains(n)));
        // The next one starts afresh.
        db.run("empty", |tx| async move { tx.exec("DELETE FROM number", vec![]).await })
            .await
            .unwrap();
        db.close().await;
    }
}
