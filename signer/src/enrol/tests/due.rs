//! The job takes up what was interrupted; what keeps failing neither starves others nor lasts for ever.

use std::sync::atomic::Ordering;
use std::time::Duration;

use signum_core::params;

use super::super::*;
use crate::test_desk::Desk;

/// Puts `count` enrolments of other people before everyone else, whose rows cannot be read.
async fn poison(desk: &Desk, count: u8) {
    for number in 1..=count {
        desk.tamper(
            "INSERT INTO enrolment (id, person, credential, state, began_at, changed_at, stored_key, pkcs10, sealed_set)
             VALUES ($1, $2, $1, 'sealed', 1, 1, 'junk', $1, 'junk')",
            params![[number; 16], [number; 32]],
        )
        .await;
    }
}

async fn enrolment_row(desk: &Desk, person: [u8; 32]) -> (String, Option<String>, i64, i64) {
    let sql = "SELECT state, failure, attempts, next_attempt_at FROM enrolment WHERE person = $1";
    let row = desk.signer.cx.db.opt(sql, params![person]).await.unwrap().unwrap();
    (
        row.get("state").unwrap(),
        row.get("failure").unwrap(),
        row.get("attempts").unwrap(),
        row.get("next_attempt_at").unwrap(),
    )
}

#[tokio::test]
async fn rows_that_keep_failing_do_not_hold_up_later_ones() {
    let mut desk = Desk::new().await;
    poison(&desk, 30).await;
    let id = desk.with_passkey().await;
    desk.neighbours.ca_away.store(true, Ordering::SeqCst);
    desk.vouch(id, 0).await.unwrap();
    desk.vouch(id, 1).await.unwrap();
    desk.neighbours.ca_away.store(false, Ordering::SeqCst);
    for _ in 0..2 {
        advance_all(&desk.signer).await.unwrap();
    }
    desk.certified().await;
}

#[tokio::test]
async fn attempts_are_counted_and_the_next_one_waits() {
    let desk = Desk::new().await;
    poison(&desk, 1).await;
    assert_eq!(advance_all(&desk.signer).await.unwrap(), 1);
    assert_eq!(advance_all(&desk.signer).await.unwrap(), 0, "not due yet");
    let (_, _, attempts, next) = enrolment_row(&desk, [1; 32]).await;
    assert_eq!((attempts, next), (1, desk.signer.cx.now().0 + 5_000_000));
    desk.clock.advance(Duration::from_secs(5));
    assert_eq!(advance_all(&desk.signer).await.unwrap(), 1);
    let (_, _, attempts, next) = enrolment_row(&desk, [1; 32]).await;
    assert_eq!((attempts, next), (2, desk.signer.cx.now().0 + 10_000_000));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_ends_in_a_named_failure_and_the_person_may_begin_again() {
    let mut desk = Desk::new().await;
    let id = desk.with_passkey().await;
    desk.neighbours.ca_away.store(true, Ordering::SeqCst);
    desk.vouch(id, 0).await.unwrap();
    desk.vouch(id, 1).await.unwrap();
    desk.tamper("UPDATE enrolment SET pkcs10 = NULL", vec![]).await;
    for _ in 0..5 {
        advance_all(&desk.signer).await.unwrap();
        desk.clock.advance(Duration::from_secs(3600));
    }
    let (state, failure, ..) = enrolment_row(&desk, desk.person.reference).await;
    assert_eq!((state.as_str(), failure.as_deref()), ("failed", Some("unreadable")));
    assert_eq!(desk.audited("enrolment.failed", "unreadable").await, 1);
    assert_ne!(begin(&desk.signer, &desk.person.reference).await.unwrap().id, id);
}

#[tokio::test]
async fn a_neighbour_that_stays_away_for_days_ends_in_a_named_failure() {
    let mut desk = Desk::new().await;
    let id = desk.with_passkey().await;
    desk.neighbours.ca_away.store(true, Ordering::SeqCst);
    desk.vouch(id, 0).await.unwrap();
    desk.vouch(id, 1).await.unwrap();
    for _ in 0..44 {
        assert_eq!(advance_all(&desk.signer).await.unwrap(), 1);
        desk.clock.advance(Duration::from_secs(3600));
    }
    assert_eq!(
        enrolment_row(&desk, desk.person.reference).await.0,
        "sealed",
        "a day is not too long"
    );
    advance_all(&desk.signer).await.unwrap();
    let (state, failure, ..) = enrolment_row(&desk, desk.person.reference).await;
    assert_eq!((state.as_str(), failure.as_deref()), ("failed", Some("away")));
}

#[tokio::test]
async fn a_passkey_made_while_the_module_is_away_gets_its_key_from_the_job() {
    let mut desk = Desk::new().await;
    desk.neighbours.keys_away.store(true, Ordering::SeqCst);
    desk.with_passkey().await;
    assert!(matches!(desk.stage().await, Some(Stage::Registered(_))));
    let officer = desk.signer.officers.find("officer-0").unwrap();
    assert!(
        pending(&desk.signer, officer).await.unwrap().is_empty(),
        "nothing to vouch for yet"
    );
    desk.neighbours.keys_away.store(false, Ordering::SeqCst);
    advance_all(&desk.signer).await.unwrap();
    assert!(matches!(desk.stage().await, Some(Stage::AuthenticatorRegistered(..))));
}

#[tokio::test]
async fn who_waits_for_officers_is_not_work_for_the_job() {
    let mut desk = Desk::new().await;
    let id = desk.with_passkey().await;
    desk.vouch(id, 0).await.unwrap();
    assert_eq!(advance_all(&desk.signer).await.unwrap(), 0);
}
