//! Which rows go to the ceremony, and what of its answers reaches the database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use signum_activation::protocol::StoredKey;
use signum_core::db::{CORE_MIGRATIONS, Db, DbUrl};
use signum_core::{Cx, DbError, OsRandom, SystemClock, params};
use signum_hsm_shim::HsmError;
use signum_hsm_shim::wrap::WrappedKey;

use super::{Counts, Done, count, replace};

async fn room() -> (Cx, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&DbUrl::sqlite(&folder.path().join("signer.sqlite")))
        .await
        .unwrap();
    for migrations in [CORE_MIGRATIONS, signum_signer::MIGRATIONS] {
        db.migrate(migrations).await.unwrap();
    }
    let cx = Cx {
        db,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
    };
    (cx, folder)
}

fn key(n: u16, epoch: u32) -> StoredKey {
    let mut credential = [0; 16];
    credential[..2].copy_from_slice(&n.to_be_bytes());
    let mut person = [0; 32];
    person[..2].copy_from_slice(&n.to_be_bytes());
    StoredKey {
        credential,
        person,
        epoch,
        spki: n.to_be_bytes().to_vec(),
        blob: vec![1],
        binding: vec![1],
        first_set: vec![3],
    }
}

async fn insert(cx: &Cx, n: u16, epoch: u32, state: &'static str) {
    let key = &key(n, epoch);
    cx.db
        .run::<_, DbError, _, _>("insert", |tx| async move {
            let text = serde_json::to_string(key).unwrap();
            tx.exec(
                "INSERT INTO enrolment (id, person, credential, state, began_at, changed_at, stored_key)
                 VALUES ($1, $2, $1, $3, 1, 1, $4)",
                params![key.credential, key.person, state, text],
            )
            .await
        })
        .await
        .unwrap();
}

async fn stored(cx: &Cx, n: u16) -> StoredKey {
    let row = cx
        .db
        .opt(
            "SELECT stored_key FROM enrolment WHERE id = $1",
            params![key(n, 1).credential],
        )
        .await;
    let text: String = row.unwrap().unwrap().get("stored_key").unwrap();
    serde_json::from_str(&text).unwrap()
}

fn moved(key: &WrappedKey) -> WrappedKey {
    let mut new = key.clone();
    new.owner.epoch = 2;
    (new.blob, new.binding) = (vec![2], vec![2]);
    new
}

#[tokio::test]
async fn sealed_rows_of_the_old_epoch_are_replaced_and_all_others_stay() {
    let (cx, _folder) = room().await;
    for n in 0..250 {
        insert(&cx, n, 1, "ready").await;
    }
    for (n, epoch, state) in [
        (300, 2, "ready"),
        (301, 1, "vouched"),
        (302, 1, "failed"),
        (303, 1, "sealed"),
    ] {
        insert(&cx, n, epoch, state).await;
    }
    let expected = Counts {
        due: 251,
        elsewhere: 1,
        unsealed: 1,
        ended: 1,
    };
    assert_eq!(count(&cx.db, 1).await.unwrap(), expected);
    let refused = HsmError::BlobRejected("its binding does not hold".into());
    let mut batches = Vec::new();
    let done = replace(&cx, 1, 251, |batch| {
        batches.push(batch.len());
        let answer = |key: &WrappedKey| match key.owner.key[1] {
            7 if key.owner.key[0] == 0 => Err(refused.clone()),
            _ => Ok(moved(key)),
        };
        Ok(batch.iter().map(answer).collect())
    });
    let expected = Done {
        replaced: 250,
        changed: 0,
        refused: 1,
    };
    assert_eq!(done.await.unwrap(), expected);
    assert_eq!(batches, [100, 100, 51]);
    let new = StoredKey {
        epoch: 2,
        blob: vec![2],
        binding: vec![2],
        ..key(0, 1)
    };
    assert_eq!(stored(&cx, 0).await, new);
    assert_eq!(stored(&cx, 303).await.epoch, 2);
    for n in [7, 301, 302] {
        assert_eq!(stored(&cx, n).await, key(n, 1));
    }
    let events = cx
        .db
        .all("SELECT id FROM audit_event WHERE kind = 'key.rewrapped'", vec![]);
    assert_eq!(events.await.unwrap().len(), 250);
    // Only what was refused is asked for again.
    let again = replace(&cx, 1, 1, |batch| Ok(batch.iter().map(|key| Ok(moved(key))).collect()));
    assert_eq!(again.await.unwrap().replaced, 1);
}

#[tokio::test]
async fn a_ceremony_that_breaks_off_leaves_whole_rows_and_goes_on_with_the_rest() {
    let (cx, _folder) = room().await;
    for n in 0..150 {
        insert(&cx, n, 1, "ready").await;
    }
    let mut first = true;
    let broken = replace(&cx, 1, 150, |batch| match std::mem::take(&mut first) {
        true => Ok(batch.iter().map(|key| Ok(moved(key))).collect()),
        false => Err(HsmError::down("gone")),
    });
    assert!(broken.await.is_err());
    assert_eq!(count(&cx.db, 1).await.unwrap().due, 50);
    let rest = replace(&cx, 1, 50, |batch| Ok(batch.iter().map(|key| Ok(moved(key))).collect()));
    assert_eq!(rest.await.unwrap().replaced, 50);
    assert_eq!(count(&cx.db, 1).await.unwrap().due, 0);
}

#[tokio::test]
async fn a_row_that_changed_meanwhile_or_an_answer_for_another_row_replaces_nothing() {
    let (cx, folder) = room().await;
    insert(&cx, 1, 1, "ready").await;
    insert(&cx, 2, 1, "ready").await;
    let swapped = replace(&cx, 1, 2, |batch| {
        Ok(batch.iter().rev().map(|key| Ok(moved(key))).collect())
    });
    assert!(swapped.await.is_err());
    let path = folder.path().join("signer.sqlite");
    let done = replace(&cx, 1, 2, |batch| {
        let changing = async {
            let db = Db::open(&DbUrl::sqlite(&path)).await.unwrap();
            let change = db.run::<_, DbError, _, _>("supersede", |tx| async move {
                let sql = "UPDATE enrolment SET state = 'superseding' WHERE id = $1";
                tx.exec(sql, params![key(1, 1).credential]).await
            });
            change.await.unwrap();
        };
        std::thread::scope(|scope| {
            scope.spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(changing));
        });
        Ok(batch.iter().map(|key| Ok(moved(key))).collect())
    });
    let expected = Done {
        replaced: 1,
        changed: 1,
        refused: 0,
    };
    assert_eq!(done.await.unwrap(), expected);
    assert_eq!(stored(&cx, 1).await, key(1, 1));
}
