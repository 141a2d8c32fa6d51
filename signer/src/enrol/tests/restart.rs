//! Beginning anew after the signing passkey was lost.

use std::sync::atomic::Ordering;
use std::time::Duration;

use signum_core::Id;
use signum_softauth::SoftAuthenticator;

use super::super::*;
use crate::session::Session;
use crate::sign::{self, SignError, Upload};
use crate::test_desk::Desk;

/// The person's session after a log-in with a gesture now.
fn fresh(desk: &Desk) -> Session {
    Session {
        id: Id::from_bytes([1; 16]),
        person: desk.person.clone(),
        id_token: String::new(),
        authenticated_at: desk.signer.cx.now(),
    }
}

async fn old_row(desk: &Desk) -> (String, bool) {
    let sql = "SELECT state, stored_key FROM enrolment ORDER BY began_at LIMIT 1";
    let row = desk.signer.cx.db.opt(sql, vec![]).await.unwrap().unwrap();
    let key: Option<String> = row.get("stored_key").unwrap();
    (row.get("state").unwrap(), key.is_some())
}

async fn uploaded(desk: &Desk) -> Result<Id<sign::Document>, SignError> {
    let upload = Upload {
        name: "vendim.pdf".to_owned(),
        bytes: crate::pades::tests::fixture("plain.pdf"),
    };
    sign::upload(&desk.signer, &desk.person.reference, upload).await
}

#[tokio::test]
async fn who_lost_the_signing_passkey_begins_anew_and_the_old_certificate_is_revoked() {
    let mut desk = Desk::enrolled().await;
    let document = uploaded(&desk).await.unwrap();
    let before = of_person(&desk.signer.cx, &desk.person.reference)
        .await
        .unwrap()
        .unwrap();
    restart(&desk.signer, &fresh(&desk)).await.unwrap();
    assert!(desk.stage().await.is_none());
    assert_eq!(
        old_row(&desk).await,
        ("superseded".to_owned(), false),
        "the key row is destroyed"
    );
    assert_eq!(*desk.neighbours.revoked.lock().unwrap(), [(vec![2], 4)]);
    assert_eq!(desk.audited("enrolment.superseded", "ready").await, 1);
    assert_eq!(desk.audited("enrolment.certificate_revoked", "").await, 1);
    let options = sign::options(&desk.signer, document, &desk.person.reference).await;
    assert!(matches!(options, Err(SignError::NotEnrolled)));

    desk.clock.advance(Duration::from_secs(1));
    desk.authenticator = SoftAuthenticator::new();
    let id = desk.with_passkey().await;
    for number in [0, 1] {
        desk.vouch(id, number).await.unwrap();
    }
    let after = of_person(&desk.signer.cx, &desk.person.reference)
        .await
        .unwrap()
        .unwrap();
    assert!(after.id != before.id && after.credential != before.credential);
    desk.certified().await;
}

#[tokio::test]
async fn an_enrolment_under_way_is_superseded_and_nothing_is_revoked() {
    let mut desk = Desk::new().await;
    let id = desk.with_passkey().await;
    desk.vouch(id, 0).await.unwrap();
    restart(&desk.signer, &fresh(&desk)).await.unwrap();
    assert_eq!(old_row(&desk).await, ("superseded".to_owned(), false));
    assert!(desk.neighbours.revoked.lock().unwrap().is_empty());
    assert!(matches!(desk.vouch(id, 1).await, Err(EnrolError::OutOfTurn)));
}

#[tokio::test]
async fn a_log_in_of_some_minutes_ago_is_not_enough() {
    let desk = Desk::enrolled().await;
    let session = fresh(&desk);
    desk.clock.advance(Duration::from_secs(300));
    assert!(matches!(
        restart(&desk.signer, &session).await,
        Err(EnrolError::NotFresh)
    ));
    desk.certified().await;
    assert_eq!(desk.audited("enrolment.restart_refused", "not_fresh").await, 1);
}

#[tokio::test]
async fn a_revocation_that_the_ca_missed_is_made_good_by_the_job() {
    let desk = Desk::enrolled().await;
    desk.neighbours.ca_away.store(true, Ordering::SeqCst);
    restart(&desk.signer, &fresh(&desk)).await.unwrap();
    assert_eq!(old_row(&desk).await, ("superseding".to_owned(), false));
    for _ in 0..50 {
        advance_all(&desk.signer).await.unwrap();
        desk.clock.advance(Duration::from_secs(3600));
    }
    assert_eq!(old_row(&desk).await.0, "superseding", "it is never given up");
    desk.neighbours.ca_away.store(false, Ordering::SeqCst);
    advance_all(&desk.signer).await.unwrap();
    assert_eq!(old_row(&desk).await.0, "superseded");
    assert_eq!(desk.neighbours.revoked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_certificate_or_a_signature_that_is_just_being_made_is_waited_for() {
    let mut desk = Desk::new().await;
    let id = desk.with_passkey().await;
    desk.neighbours.ca_away.store(true, Ordering::SeqCst);
    desk.vouch(id, 0).await.unwrap();
    desk.vouch(id, 1).await.unwrap();
    let sealed = restart(&desk.signer, &fresh(&desk)).await;
    assert!(matches!(sealed, Err(EnrolError::OutOfTurn)));
    desk.neighbours.ca_away.store(false, Ordering::SeqCst);
    advance_all(&desk.signer).await.unwrap();
    uploaded(&desk).await.unwrap();
    desk.tamper("UPDATE document SET state = 'consumed'", vec![]).await;
    let signing = restart(&desk.signer, &fresh(&desk)).await;
    assert!(matches!(signing, Err(EnrolError::OutOfTurn)));
    desk.certified().await;
}
