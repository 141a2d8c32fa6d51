//! Whoever can write to the database cannot change, remove or insert without its showing. On both engines.
#![allow(clippy::unwrap_used, clippy::panic)]
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::audit::test_key::TestKey;
use crate::audit::{CheckpointSigner, Event, Log, record};
use crate::clock::ManualClock;
use crate::cx::Cx;
use crate::db::scratch;

struct House {
    log: Log,
    cx: Cx,
    key: Arc<TestKey>,
    clock: Arc<ManualClock>,
    _dir: tempfile::TempDir,
}

impl House {
    /// Events 0 to 3, 4 to 7 and 8 to 11 under a checkpoint each.
    async fn of_three_checkpoints() -> Self {
        let (cx, clock, dir) = scratch::cx().await;
        let key = Arc::new(TestKey::new());
        let log = Log::new(cx.clone(), "idp").signed(key.clone(), Duration::from_secs(10));
        let house = Self {
            log,
            cx,
            key,
            clock,
            _dir: dir,
        };
        for _ in 0..3 {
            house.four_more().await;
            house.clock.advance(Duration::from_secs(10));
            assert!(house.log.checkpoint().await.unwrap());
        }
        house
    }

    async fn four_more(&self) {
        for n in 0..4 {
            let (cx, event) = (&self.cx, &Event::new("test.done", n, serde_json::json!({"n": n})));
            cx.db
                .run("write", |tx| async move { record(&tx, cx, event).await })
                .await
                .unwrap();
            self.clock.advance(Duration::from_micros(1));
        }
        self.log.sequence().await.unwrap();
    }

    async fn tamper(&self, statements: &[&'static str]) {
        self.cx
            .db
            .run("tamper", |tx| async move {
                for sql in statements {
                    tx.exec(sql, vec![]).await?;
                }
                Ok::<_, DbError>(())
            })
            .await
            .unwrap();
    }

    /// Rows rewritten as a careful intruder would: with leaf and hashes that fit.
    async fn mend_leaves(&self) {
        for row in self.cx.db.all("SELECT * FROM audit_event", vec![]).await.unwrap() {
            let salt: Vec<u8> = row.get("salt").unwrap();
            let subject = salted(&salt, &row.get::<String>("subject").unwrap());
            let detail = salted(&salt, &row.get::<String>("detail").unwrap());
            let (kind, id): (String, [u8; 16]) = (row.get("kind").unwrap(), row.get("id").unwrap());
            let leaf = Leaf {
                service: "idp",
                id,
                at: row.get("at").unwrap(),
                kind: &kind,
                subject,
                detail,
            }
            .hash();
            self.cx
                .db
                .run("mend", |tx| async move {
                    let sql =
                        "UPDATE audit_event SET leaf_hash = $1, subject_hash = $2, detail_hash = $3 WHERE id = $4";
                    tx.exec(sql, params![leaf, subject, detail, id]).await
                })
                .await
                .unwrap();
        }
    }

    async fn problems(&self) -> Vec<Problem> {
        self.log.verify(self.key.key(), &[]).await.unwrap().problems
    }

    async fn note(&self) -> String {
        let newest = "SELECT note FROM audit_checkpoint ORDER BY tree_size DESC LIMIT 1";
        self.cx
            .db
            .opt(newest, vec![])
            .await
            .unwrap()
            .unwrap()
            .get("note")
            .unwrap()
    }
}

#[tokio::test]
async fn an_untouched_log_holds_with_every_checkpoint() {
    let house = House::of_three_checkpoints().await;
    house.four_more().await;
    let report = house.log.verify(house.key.key(), &[house.note().await]).await.unwrap();
    assert_eq!(report.problems, []);
    assert_eq!((report.head.size, report.checkpoints, report.waiting), (16, 4, 0));
    assert_eq!(report.newest.unwrap().head.size, 12);
}

#[tokio::test]
async fn a_changed_row_is_named_with_what_was_changed() {
    for (sql, part) in [
        ("UPDATE audit_event SET detail = '{}' WHERE leaf_index = 5", "detail"),
        ("UPDATE audit_event SET detail = NULL WHERE leaf_index = 5", "detail"),
        (
            "UPDATE audit_event SET subject = 'another' WHERE leaf_index = 5",
            "subject",
        ),
        (
            "UPDATE audit_event SET kind = 'test.undone' WHERE leaf_index = 5",
            "kind",
        ),
        ("UPDATE audit_event SET at = at + 1 WHERE leaf_index = 5", "time"),
        (
            "UPDATE audit_event SET leaf_hash = subject_hash WHERE leaf_index = 5",
            "leaf",
        ),
        (
            "UPDATE audit_event SET subject = 'forged', salt = NULL WHERE leaf_index = 5",
            "without the salt",
        ),
        (
            "UPDATE audit_event SET leaf_hash = NULL WHERE leaf_index = 5",
            "leaf_hash",
        ),
    ] {
        let house = House::of_three_checkpoints().await;
        house.tamper(&[sql]).await;
        let problems = house.problems().await;
        match problems.first() {
            Some(Problem::Changed { index: 5, what }) => assert!(what.contains(part), "{sql}: {what}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_row_changed_together_with_its_hashes_contradicts_the_checkpoints() {
    let house = House::of_three_checkpoints().await;
    house
        .tamper(&["UPDATE audit_event SET kind = 'test.undone' WHERE leaf_index = 5"])
        .await;
    house.mend_leaves().await;
    let expected = Problem::Root {
        size: 8,
        after: 4,
        later: 1,
    };
    assert!(
        expected
            .to_string()
            .contains("events 4 to 7 are not those that were signed")
    );
    assert_eq!(house.problems().await, [expected]);
}

#[tokio::test]
async fn a_removed_row_is_missed_even_when_the_others_close_ranks() {
    let house = House::of_three_checkpoints().await;
    house.tamper(&["DELETE FROM audit_event WHERE leaf_index = 5"]).await;
    let root = Problem::Root {
        size: 8,
        after: 4,
        later: 1,
    };
    assert_eq!(house.problems().await, [Problem::Missing { from: 5, to: 5 }, root]);
    house
        .tamper(&[
            "UPDATE audit_event SET leaf_index = -leaf_index WHERE leaf_index > 5",
            "UPDATE audit_event SET leaf_index = -leaf_index - 1 WHERE leaf_index < 0",
        ])
        .await;
    let root = Problem::Root {
        size: 8,
        after: 4,
        later: 0,
    };
    assert_eq!(house.problems().await, [root, Problem::Cut { size: 12, there: 11 }]);
}

#[tokio::test]
async fn a_row_inserted_among_the_others_contradicts_the_checkpoints() {
    let house = House::of_three_checkpoints().await;
    house
        .tamper(&[
            "UPDATE audit_event SET leaf_index = -leaf_index - 1 WHERE leaf_index >= 5",
            "UPDATE audit_event SET leaf_index = -leaf_index WHERE leaf_index < 0",
            "INSERT INTO audit_event (id, at, kind, subject, detail, salt, leaf_index)
             SELECT salt, at, 'test.forged', 'x', '{}', salt, 5 FROM audit_event WHERE leaf_index = 4",
        ])
        .await;
    let problems = house.problems().await;
    assert!(
        matches!(problems.first(), Some(Problem::Changed { index: 5, .. })),
        "{problems:?}"
    );
    assert!(problems.contains(&Problem::Root {
        size: 8,
        after: 4,
        later: 1
    }));
}

#[tokio::test]
async fn rows_with_indexes_that_are_never_given_are_told() {
    let house = House::of_three_checkpoints().await;
    house
        .tamper(&["UPDATE audit_event SET leaf_index = -7 WHERE leaf_index = 11"])
        .await;
    assert_eq!(
        house.problems().await,
        [Problem::Stray { rows: 1 }, Problem::Cut { size: 12, there: 11 }]
    );
}

#[tokio::test]
async fn a_cut_end_shows_by_its_checkpoint_or_by_one_kept_elsewhere() {
    let house = House::of_three_checkpoints().await;
    let kept = house.note().await;
    house.tamper(&["DELETE FROM audit_event WHERE leaf_index >= 8"]).await;
    let cut = Problem::Cut { size: 12, there: 8 };
    assert_eq!(house.problems().await, vec![cut.clone()]);
    house
        .tamper(&["DELETE FROM audit_checkpoint WHERE tree_size = 12"])
        .await;
    assert_eq!(house.problems().await, [], "the database alone cannot tell");
    let report = house.log.verify(house.key.key(), &[kept]).await.unwrap();
    assert_eq!(report.problems, [cut]);
}

#[tokio::test]
async fn a_forged_checkpoint_is_told() {
    let house = House::of_three_checkpoints().await;
    let foreign = Checkpoint {
        origin: house.key.key().name().to_owned(),
        head: TreeHead { size: 8, root: [1; 32] },
        at: Timestamp(0),
    };
    let intruder = TestKey::new();
    let note = &intruder.note(&foreign);
    house
        .cx
        .db
        .run("forge", |tx| async move {
            let sql = "UPDATE audit_checkpoint SET note = $1 WHERE tree_size = 8";
            tx.exec(sql, params![note]).await
        })
        .await
        .unwrap();
    house
        .tamper(&["UPDATE audit_checkpoint SET tree_size = 11 WHERE tree_size = 12"])
        .await;
    let expected = [
        Problem::Checkpoint {
            size: 8,
            error: CheckpointError::Unsigned,
        },
        Problem::Checkpoint {
            size: 11,
            error: CheckpointError::Form("stored under another size"),
        },
    ];
    assert_eq!(house.problems().await, expected);
    let kept = house
        .log
        .verify(house.key.key(), std::slice::from_ref(note))
        .await
        .unwrap()
        .problems;
    assert!(kept.contains(&Problem::Kept {
        number: 1,
        error: CheckpointError::Unsigned
    }));
}

#[tokio::test]
async fn erasing_detail_and_salt_leaves_the_log_verifiable() {
    let house = House::of_three_checkpoints().await;
    house
        .tamper(&["UPDATE audit_event SET detail = NULL, salt = NULL, subject = '' WHERE leaf_index = 1"])
        .await;
    assert_eq!(house.problems().await, []);
}

#[tokio::test]
async fn an_inner_hash_that_was_changed_or_removed_is_told() {
    let house = House::of_three_checkpoints().await;
    for _ in 0..200 {
        house.four_more().await;
    }
    assert_eq!(house.problems().await, []);
    house
        .tamper(&[
            "UPDATE audit_subtree SET hash = (SELECT leaf_hash FROM audit_event WHERE leaf_index = 9) WHERE n = 1",
        ])
        .await;
    assert_eq!(house.problems().await, [Problem::Tile { level: 1, n: 1 }]);
    house.tamper(&["DELETE FROM audit_subtree WHERE n = 1"]).await;
    assert_eq!(house.problems().await, [Problem::Tile { level: 1, n: 1 }]);
    house.tamper(&["UPDATE audit_subtree SET n = 7 WHERE n = 2"]).await;
    let tile = |n| Problem::Tile { level: 1, n };
    assert_eq!(house.problems().await, [tile(1), tile(2), tile(7)]);
}
