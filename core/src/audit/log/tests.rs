//! The sequencer keeps order, and no change goes unseen.
#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::audit::{Event, record};
use crate::clock::ManualClock;
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

async fn tamper(cx: &Cx, sql: &'static str) {
    cx.db
        .run("tamper", |tx| async move { tx.exec(sql, vec![]).await })
        .await
        .unwrap();
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
    assert_eq!(log.verify().await.unwrap().size, 302);
}

#[tokio::test]
async fn an_old_head_can_be_computed_again_after_the_log_grew() {
    let (log, cx, _, _dir) = a_log_of(5).await;
    log.sequence().await.unwrap();
    let head = log.tree_head(None).await.unwrap();
    write(&cx, "new").await;
    log.sequence().await.unwrap();
    assert_eq!(log.tree_head(Some(5)).await.unwrap(), head);
    assert_ne!(log.tree_head(None).await.unwrap(), head);
    assert!(matches!(
        log.tree_head(Some(7)).await,
        Err(VerifyError::Missing { index: 6 })
    ));
}

#[tokio::test]
async fn a_changed_row_is_named() {
    for sql in [
        "UPDATE audit_event SET detail = '{}' WHERE leaf_index = 2",
        "UPDATE audit_event SET detail = NULL WHERE leaf_index = 2",
        "UPDATE audit_event SET subject = 'another' WHERE leaf_index = 2",
        "UPDATE audit_event SET kind = 'test.undone' WHERE leaf_index = 2",
        "UPDATE audit_event SET at = at + 1 WHERE leaf_index = 2",
        "UPDATE audit_event SET leaf_hash = subject_hash WHERE leaf_index = 2",
    ] {
        let (log, cx, _, _dir) = a_log_of(4).await;
        log.sequence().await.unwrap();
        log.verify().await.unwrap();
        tamper(&cx, sql).await;
        match log.verify().await {
            Err(VerifyError::Changed { index: 2, .. }) => {}
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_removed_row_is_missed() {
    let (log, cx, _, _dir) = a_log_of(4).await;
    log.sequence().await.unwrap();
    tamper(&cx, "DELETE FROM audit_event WHERE leaf_index = 1").await;
    assert!(matches!(log.verify().await, Err(VerifyError::Missing { index: 1 })));
}

#[tokio::test]
async fn erasing_detail_and_salt_leaves_the_log_verifiable() {
    let (log, cx, _, _dir) = a_log_of(4).await;
    log.sequence().await.unwrap();
    let head = log.verify().await.unwrap();
    tamper(
        &cx,
        "UPDATE audit_event SET detail = NULL, salt = NULL, subject = '' WHERE leaf_index = 1",
    )
    .await;
    assert_eq!(log.verify().await.unwrap(), head);
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
