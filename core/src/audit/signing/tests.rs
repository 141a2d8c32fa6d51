//! When a checkpoint is signed, and when none is.
#![allow(clippy::unwrap_used)]
use std::sync::atomic::Ordering;

use super::*;
use crate::audit::test_key::TestKey;
use crate::audit::{Event, Log, record};
use crate::clock::ManualClock;
use crate::db::scratch;

const EVERY: Duration = Duration::from_secs(10);

struct House {
    cx: Cx,
    key: Arc<TestKey>,
    clock: Arc<ManualClock>,
    _dir: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let (cx, clock, _dir) = scratch::cx().await;
        let key = Arc::new(TestKey::new());
        Self { cx, key, clock, _dir }
    }

    /// A process of its own, as a replica or a restart is.
    fn replica(&self) -> Log {
        Log::new(self.cx.clone(), "idp").signed(self.key.clone(), EVERY)
    }

    async fn event(&self, log: &Log) {
        let (cx, event) = (&self.cx, &Event::new("test.done", 1, serde_json::json!({})));
        cx.db
            .run("write", |tx| async move { record(&tx, cx, event).await })
            .await
            .unwrap();
        log.sequence().await.unwrap();
        self.clock.advance(EVERY);
    }

    async fn tamper(&self, sql: &'static str) {
        self.cx
            .db
            .run("tamper", |tx| async move { tx.exec(sql, vec![]).await })
            .await
            .unwrap();
    }

    async fn holds(&self, checkpoints: u64) {
        let report = self.replica().verify(self.key.key(), &[]).await.unwrap();
        assert_eq!((report.problems, report.checkpoints), (vec![], checkpoints));
    }
}

#[tokio::test]
async fn a_checkpoint_waits_for_its_time_and_for_something_new() {
    let house = House::new().await;
    let log = house.replica();
    assert!(!log.checkpoint().await.unwrap(), "an empty log");
    house.event(&log).await;
    assert!(log.checkpoint().await.unwrap());
    assert!(!log.checkpoint().await.unwrap(), "too soon");
    house.clock.advance(EVERY);
    assert!(!log.checkpoint().await.unwrap(), "nothing new");
    house.event(&log).await;
    assert!(log.checkpoint().await.unwrap());
    house.holds(2).await;
}

#[tokio::test]
async fn a_clock_that_was_ahead_does_not_stop_the_checkpoints() {
    let house = House::new().await;
    let log = house.replica();
    house.event(&log).await;
    assert!(log.checkpoint().await.unwrap());
    house.clock.set(crate::Timestamp::from_seconds(1_000_000_000));
    house.event(&log).await;
    assert!(log.checkpoint().await.unwrap());
}

#[tokio::test]
async fn what_waits_is_signed_when_the_process_ends() {
    let house = House::new().await;
    let log = house.replica();
    house.event(&log).await;
    assert!(log.checkpoint().await.unwrap());
    let (cx, event) = (&house.cx, &Event::new("test.done", 2, serde_json::json!({})));
    cx.db
        .run("write", |tx| async move { record(&tx, cx, event).await })
        .await
        .unwrap();
    log.close().await.unwrap();
    log.close().await.unwrap();
    house.holds(2).await;
}

#[tokio::test]
async fn replicas_take_turns() {
    let house = House::new().await;
    let (one, other) = (house.replica(), house.replica());
    for log in [&one, &other, &other, &one, &other, &one, &one] {
        house.event(log).await;
        assert!(log.checkpoint().await.unwrap());
    }
    house.holds(7).await;
}

#[tokio::test]
async fn a_replica_that_went_past_anothers_checkpoint_compares_it() {
    let house = House::new().await;
    let (one, other) = (house.replica(), house.replica());
    house.event(&one).await;
    house.event(&one).await;
    house.key.away.store(true, Ordering::SeqCst);
    // It has seen two events, and could sign nothing.
    assert!(matches!(one.checkpoint().await, Err(SigningError::Signer(_))));
    house.key.away.store(false, Ordering::SeqCst);
    assert!(other.checkpoint().await.unwrap());
    house.event(&one).await;
    assert!(one.checkpoint().await.unwrap());
    house.holds(2).await;
}

#[tokio::test]
async fn events_get_their_order_while_the_key_is_away_and_are_signed_afterwards() {
    let house = House::new().await;
    let log = house.replica();
    house.key.away.store(true, Ordering::SeqCst);
    house.event(&log).await;
    assert!(log.checkpoint().await.is_err());
    house.holds(0).await;
    house.key.away.store(false, Ordering::SeqCst);
    assert!(log.checkpoint().await.unwrap());
    house.holds(1).await;
}

#[tokio::test]
async fn a_changed_past_is_never_signed_over() {
    for sql in [
        "UPDATE audit_event SET leaf_hash = subject_hash WHERE leaf_index = 0",
        "DELETE FROM audit_event WHERE leaf_index = 0",
        "DELETE FROM audit_event",
    ] {
        let house = House::new().await;
        let log = house.replica();
        house.event(&log).await;
        house.event(&log).await;
        assert!(log.checkpoint().await.unwrap());
        house.tamper(sql).await;
        let restarted = house.replica();
        house.event(&restarted).await;
        let refused = restarted.checkpoint().await;
        assert!(
            matches!(refused, Err(SigningError::Contradiction { .. })),
            "{sql}: {refused:?}"
        );
        let again = restarted.checkpoint().await;
        assert!(
            matches!(again, Err(SigningError::Contradiction { .. })),
            "{sql}: {again:?}"
        );
    }
}

#[tokio::test]
async fn a_changed_checkpoint_is_never_gone_on_from() {
    let house = House::new().await;
    let log = house.replica();
    house.event(&log).await;
    assert!(log.checkpoint().await.unwrap());
    house.event(&log).await;
    house.tamper("UPDATE audit_checkpoint SET note = 'x'").await;
    let refused = log.checkpoint().await;
    assert!(
        matches!(refused, Err(SigningError::Last { size: 1, .. })),
        "{refused:?}"
    );
}
