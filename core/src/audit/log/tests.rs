//! The sequencer keeps order.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::audit::{Event, record};
use crate::clock::{ManualClock, Timestamp};
use crate::db::scratch;

async fn write(cx: &Cx, subject: &str) {
    let event = &Event::new("test.done", subject, serde_json::json!({"n": subject}));
    cx.db
        .run("write", |tx| async move { record(&tx, cx, event).await })
        .await
        .unwrap();
}

async fn a_log_of(events: u32) -> (Log, Cx, std::sync::Arc<ManualClock>, tempfile::TempDir) {
    let (cx, clock, dir) = scratch::cx().await;
    for i in 0..events {
        write(&cx, &format!("s{i}")).await;
        clock.advance(Duration::from_micros(1));
    }
    (Log::new(cx.clone(), "idp"), cx, clock, dir)
}

#[tokio::test]
async fn events_get_indexes_without_gaps_in_the_order_of_time() {
    let (log, cx, clock, _dir) = a_log_of(300).await;
    assert_eq!(log.sequence().await.unwrap(), 300);
    write(&cx, "later").await;
    clock.set(Timestamp(0));
    write(&cx, "late commit of an early time").await;
    assert_eq!(log.sequence().await.unwrap(), 2);
    assert_eq!(log.sequence().await.unwrap(), 0);
    let rows = cx
        .db
        .all(
            "SELECT subject, leaf_index FROM audit_event ORDER BY leaf_index",
            vec![],
        )
        .await
        .unwrap();
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(row.get::<i64>("leaf_index").unwrap(), i64::try_from(i).unwrap());
        if i < 300 {
            assert_eq!(row.get::<String>("subject").unwrap(), format!("s{i}"));
        }
    }
}

#[tokio::test]
async fn an_event_of_a_transaction_that_failed_is_not_there() {
    let (cx, _, _dir) = scratch::cx().await;
    let (context, event) = (&cx, &Event::new("test.done", "x", serde_json::json!({})));
    let failed: Result<(), DbError> = cx
        .db
        .run("fail", |tx| async move {
            record(&tx, context, event).await?;
            Err(DbError::NotFound)
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(Log::new(cx, "idp").sequence().await.unwrap(), 0);
}

#[tokio::test]
async fn many_events_of_one_transaction_are_ordinary_events() {
    let (log, cx, _, _dir) = a_log_of(0).await;
    let event = |n: u32| Event::new("test.done", format!("s{n}"), serde_json::json!({ "n": n }));
    let (cx, events) = (&cx, &(0..150).map(event).collect::<Vec<_>>());
    let recorded = cx.db.run(
        "many",
        |tx| async move { crate::audit::record_all(&tx, cx, events).await },
    );
    recorded.await.unwrap();
    assert_eq!(log.sequence().await.unwrap(), 150);
    let sql = "SELECT DISTINCT subject FROM audit_event WHERE salt IS NOT NULL AND leaf_hash IS NOT NULL";
    assert_eq!(cx.db.all(sql, vec![]).await.unwrap().len(), 150);
}

#[tokio::test]
async fn a_deed_whose_event_cannot_be_stored_is_undone() {
    let (cx, _, _dir) = scratch::cx().await;
    let exec = |sql: &'static str| cx.db.run("exec", move |tx| async move { tx.exec(sql, vec![]).await });
    exec("CREATE TABLE deed (n BIGINT)").await.unwrap();
    exec("ALTER TABLE audit_event RENAME TO audit_event_away")
        .await
        .unwrap();
    let (context, event) = (&cx, &Event::new("test.done", "x", serde_json::json!({})));
    let done: Result<(), DbError> = cx
        .db
        .run("deed", |tx| async move {
            tx.exec("INSERT INTO deed (n) VALUES (1)", vec![]).await?;
            record(&tx, context, event).await
        })
        .await;
    assert!(done.is_err());
    assert_eq!(cx.db.all("SELECT n FROM deed", vec![]).await.unwrap().len(), 0);
}
