//! Enrolment step by step, interruptions, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod due;
mod restart;

use std::sync::atomic::Ordering;
use std::time::Duration;

use signum_softauth::Behaviour;

use super::*;
use crate::test_desk::{Desk, ORIGIN};

#[tokio::test]
async fn a_person_with_two_officers_vouchers_gets_a_certificate() {
    let mut desk = Desk::new().await;
    let id = desk.with_passkey().await;
    assert!(matches!(desk.stage().await, Some(Stage::AuthenticatorRegistered(..))));
    assert_eq!(desk.vouch(id, 0).await.unwrap().stage.word(), "vouchers");
    assert_eq!(desk.vouch(id, 1).await.unwrap().stage.word(), "ready");
    let certified = desk.certified().await;
    assert_eq!(
        certified.set.authenticators[0].credential_id,
        desk.authenticator.credentials[0].id
    );
    assert!(certified.valid_until().is_some());
    for kind in [
        "enrolment.begun",
        "enrolment.key_made",
        "enrolment.sealed",
        "enrolment.certified",
    ] {
        assert_eq!(desk.audited(kind, "").await, 1, "{kind}");
    }
    assert_eq!(desk.audited("enrolment.vouched", "officer-").await, 2);
}

#[tokio::test]
async fn one_officer_twice_is_not_enough() {
    let mut desk = Desk::new().await;
    let id = desk.with_passkey().await;
    desk.vouch(id, 0).await.unwrap();
    assert_eq!(desk.vouch(id, 0).await.unwrap().stage.word(), "vouchers");
    assert_eq!(desk.audited("enrolment.vouched", "").await, 1);
}

#[tokio::test]
async fn a_voucher_over_something_else_is_refused_and_recorded() {
    let mut desk = Desk::new().await;
    let id = desk.with_passkey().await;
    desk.officers[0].behaviour = Behaviour {
        challenge: Some(vec![7; 32]),
        ..Default::default()
    };
    assert!(matches!(desk.vouch(id, 0).await, Err(EnrolError::Voucher(_))));
    assert_eq!(desk.audited("voucher.refused", "officer-0").await, 1);
}

#[tokio::test]
async fn a_person_has_one_enrolment_however_often_they_begin() {
    let desk = Desk::new().await;
    let first = begin(&desk.signer, &desk.person.reference).await.unwrap();
    let second = begin(&desk.signer, &desk.person.reference).await.unwrap();
    assert_eq!(first.id, second.id);
}

#[tokio::test]
async fn a_passkey_made_on_another_origin_is_refused_and_its_challenge_used_up() {
    let mut desk = Desk::new().await;
    let enrolment = begin(&desk.signer, &desk.person.reference).await.unwrap();
    let options = options(&desk.signer, enrolment.id, &desk.person).await.unwrap();
    let idp = Some("http://idp.localhost:8081".to_owned());
    desk.authenticator.behaviour = Behaviour {
        origin: idp,
        ..Default::default()
    };
    let made = desk.authenticator.create(&options, ORIGIN).unwrap();
    let refused = register(&desk.signer, enrolment.id, &desk.person, &made).await;
    assert!(matches!(refused, Err(EnrolError::Gesture(GestureError::WrongOrigin))));
    assert_eq!(desk.audited("enrolment.authenticator_refused", "wrong origin").await, 1);
    desk.authenticator.behaviour = Behaviour::default();
    let made = desk.authenticator.create(&options, ORIGIN).unwrap();
    let again = register(&desk.signer, enrolment.id, &desk.person, &made).await;
    assert!(matches!(again, Err(EnrolError::OutOfTurn)));
}

#[tokio::test]
async fn a_challenge_that_is_over_is_refused() {
    let mut desk = Desk::new().await;
    let enrolment = begin(&desk.signer, &desk.person.reference).await.unwrap();
    let options = options(&desk.signer, enrolment.id, &desk.person).await.unwrap();
    let made = desk.authenticator.create(&options, ORIGIN).unwrap();
    desk.clock.advance(Duration::from_secs(301));
    let refused = register(&desk.signer, enrolment.id, &desk.person, &made).await;
    assert!(matches!(refused, Err(EnrolError::OutOfTurn)));
}

#[tokio::test]
async fn an_enrolment_that_the_ca_interrupted_goes_on_from_the_job_with_the_same_request() {
    let mut desk = Desk::new().await;
    let id = desk.with_passkey().await;
    desk.neighbours.ca_away.store(true, Ordering::SeqCst);
    desk.vouch(id, 0).await.unwrap();
    assert_eq!(
        desk.vouch(id, 1).await.unwrap().stage.word(),
        "vouchers",
        "sealed, and waits for the CA"
    );
    desk.neighbours.ca_away.store(false, Ordering::SeqCst);
    advance_all(&desk.signer).await.unwrap();
    desk.certified().await;
    let calls = desk.neighbours.ca_calls.lock().unwrap();
    assert!(
        calls.len() >= 2 && calls.iter().all(|key| *key == calls[0]),
        "one idempotency key"
    );
}

#[tokio::test]
async fn another_person_cannot_see_or_continue_an_enrolment() {
    let mut desk = Desk::new().await;
    let id = desk.with_passkey().await;
    assert!(matches!(
        find(&desk.signer.cx, id, &[9; 32]).await,
        Err(EnrolError::NotFound)
    ));
}

#[tokio::test]
async fn an_enrolment_shown_under_another_number_is_neither_offered_nor_vouched_for() {
    let mut desk = Desk::new().await;
    let id = desk.with_passkey().await;
    let officer = desk.signer.officers.find("officer-0").unwrap().clone();
    let offered = pending(&desk.signer, &officer).await.unwrap();
    assert_eq!(offered.len(), 1);
    let options = signum_gesture::options::request_options(
        &offered[0].challenge,
        &officer.vouching.rp,
        std::slice::from_ref(&officer.vouching.authenticator.credential_id),
    );
    let gesture = desk.officers[0].get(&options, ORIGIN).unwrap();
    desk.tamper("UPDATE person SET personal_number = '1000000007'", vec![])
        .await;
    assert!(pending(&desk.signer, &officer).await.unwrap().is_empty());
    let refused = vouch(&desk.signer, id, &officer, &gesture).await.unwrap_err();
    assert!(refused.to_string().contains("person.personal_number"), "{refused}");
    assert_eq!(desk.audited("voucher.refused", "person.personal_number").await, 1);
    assert_eq!(desk.audited("enrolment.vouched", "").await, 0);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_withheld_and_hides_nobody_else() {
    let mut desk = Desk::new().await;
    desk.with_passkey().await;
    desk.tamper("UPDATE enrolment SET pkcs10 = NULL", vec![]).await;
    let officer = desk.signer.officers.find("officer-0").unwrap().clone();
    assert!(pending(&desk.signer, &officer).await.unwrap().is_empty());
    let withheld = r#"{"count":0,"withheld":1}"#;
    assert_eq!(desk.audited("officer.enrolments_read", withheld).await, 1);
}

#[tokio::test]
async fn reading_who_waits_is_recorded_with_a_count_and_nobodys_data() {
    let mut desk = Desk::new().await;
    let officer = desk.signer.officers.find("officer-1").unwrap().clone();
    pending(&desk.signer, &officer).await.unwrap();
    assert_eq!(desk.audited("officer.enrolments_read", "").await, 0, "nobody was named");
    desk.with_passkey().await;
    pending(&desk.signer, &officer).await.unwrap();
    let rows = desk
        .signer
        .cx
        .db
        .all(
            "SELECT subject, detail FROM audit_event WHERE kind = 'officer.enrolments_read'",
            vec![],
        )
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].get::<String>("subject").unwrap(), "officer-1");
    assert_eq!(rows[0].get::<String>("detail").unwrap(), r#"{"count":1,"withheld":0}"#);
}

#[tokio::test]
async fn a_log_in_key_does_not_vouch_whatever_it_is_made_to_sign() {
    let mut desk = Desk::new().await;
    let id = desk.with_passkey().await;
    let vouching = desk.officers[0].clone();
    // Another relying party, then even the vouching key's own name and relying party.
    let mut disguised = desk.log_ins[0].clone();
    disguised.credentials[0].rp_id = "sign.localhost".to_owned();
    for (disguise, why) in [(false, "another credential"), (true, "bad signature")] {
        if disguise {
            disguised.credentials[0].id = vouching.credentials[0].id.clone();
        }
        let officer = desk.signer.officers.find("officer-0").unwrap().clone();
        let offered = pending(&desk.signer, &officer).await.unwrap();
        let own = vec![disguised.credentials[0].id.clone()];
        let options = signum_gesture::options::request_options(&offered[0].challenge, &officer.vouching.rp, &own);
        let gesture = disguised.get(&options, ORIGIN).unwrap();
        let refused = vouch(&desk.signer, id, &officer, &gesture).await.unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
    }
    assert_eq!(desk.audited("enrolment.vouched", "").await, 0);
}

#[tokio::test]
async fn a_row_that_lacks_what_its_state_needs_is_a_located_error() {
    let mut desk = Desk::new().await;
    desk.with_passkey().await;
    desk.tamper("UPDATE enrolment SET pkcs10 = NULL", vec![]).await;
    let error = of_person(&desk.signer.cx, &desk.person.reference).await.unwrap_err();
    assert!(error.to_string().contains("pkcs10"), "{error}");
}
