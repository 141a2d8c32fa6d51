//! The responder decides, and where it does not nobody logs in.

use std::sync::atomic::Ordering;

use super::desk::Desk;
use super::responder::Behaviour;

async fn refused(behaviour: Behaviour, told: &str, reason: &str) {
    let desk = Desk::open().await;
    desk.responder.does(behaviour);
    let tried = desk.attempt(&desk.card, |_| ()).await;
    desk.assert_refused(tried, told, reason).await;
    assert_eq!(desk.responder.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_revoked_card_is_refused_and_its_holder_is_told() {
    refused(Behaviour::Revoked, "card_revoked", "revoked").await;
}

#[tokio::test]
async fn a_card_that_the_responder_does_not_know_is_refused() {
    refused(Behaviour::Unknown, "card_later", "status_unknown").await;
}

#[tokio::test]
async fn a_responder_that_fails_lets_nobody_in() {
    refused(Behaviour::Failure, "card_later", "status_unavailable").await;
}

#[tokio::test]
async fn a_responder_that_is_too_busy_lets_nobody_in() {
    refused(Behaviour::TryLater, "card_later", "status_unbelieved").await;
}

#[tokio::test]
async fn a_responder_that_says_something_else_lets_nobody_in() {
    refused(Behaviour::Garbage, "card_later", "status_unbelieved").await;
}

#[tokio::test]
async fn a_responder_that_does_not_stop_talking_lets_nobody_in() {
    refused(Behaviour::Endless, "card_later", "status_unavailable").await;
}

#[tokio::test]
async fn an_answer_without_our_nonce_is_not_believed() {
    refused(Behaviour::NoNonce, "card_later", "status_unbelieved").await;
}

#[tokio::test]
async fn an_answer_to_another_nonce_is_not_believed() {
    refused(Behaviour::OtherNonce, "card_later", "status_unbelieved").await;
}

#[tokio::test]
async fn an_answer_about_two_certificates_is_not_believed() {
    refused(Behaviour::Twice, "card_later", "status_unbelieved").await;
}

#[tokio::test]
async fn an_answer_about_another_certificate_is_not_believed() {
    refused(Behaviour::OtherCertificate, "card_later", "status_unbelieved").await;
}

#[tokio::test]
async fn an_answer_older_than_two_minutes_is_not_believed() {
    refused(Behaviour::Aged(121), "card_later", "status_unbelieved").await;
}

#[tokio::test]
async fn an_answer_of_the_future_is_not_believed() {
    refused(Behaviour::Aged(-60), "card_later", "status_unbelieved").await;
}

#[tokio::test]
async fn an_answer_whose_time_is_over_is_not_believed() {
    refused(Behaviour::Over, "card_later", "status_unbelieved").await;
}

#[tokio::test]
async fn an_answer_of_somebody_elses_responder_is_not_believed() {
    refused(Behaviour::Stranger, "card_later", "status_unbelieved").await;
}

#[tokio::test]
async fn an_answer_signed_by_a_certificate_that_is_for_no_ocsp_is_not_believed() {
    refused(Behaviour::Undelegated, "card_later", "status_unbelieved").await;
}

#[tokio::test]
async fn an_answer_with_a_broken_signature_is_not_believed() {
    refused(Behaviour::BadSignature, "card_later", "status_unbelieved").await;
}

#[tokio::test]
async fn an_answer_of_two_minutes_is_believed() {
    let desk = Desk::open().await;
    desk.responder.does(Behaviour::Aged(120));
    assert_eq!(desk.attempt(&desk.card, |_| ()).await.1.status, 200);
}

#[tokio::test]
async fn a_responder_that_is_away_lets_nobody_in() {
    let desk = Desk::with(|config, _| {
        let (file, _) = config.card.issuers[0].split_once(' ').unwrap();
        // A port of this machine on which nothing listens.
        config.card.issuers = vec![format!("{file} http://ocsp.localhost:9/")];
    })
    .await;
    let tried = desk.attempt(&desk.card, |_| ()).await;
    desk.assert_refused(tried, "card_later", "status_unavailable").await;
}

#[tokio::test]
async fn a_good_answer_counts_for_twenty_seconds_and_a_revocation_shows_after_them() {
    let desk = Desk::open().await;
    assert_eq!(desk.attempt(&desk.card, |_| ()).await.1.status, 200);
    desk.responder.does(Behaviour::Revoked);
    desk.world.advance(19);
    assert_eq!(desk.attempt(&desk.card, |_| ()).await.1.status, 200);
    assert_eq!(desk.responder.asked.load(Ordering::SeqCst), 1);
    desk.world.advance(1);
    *desk.responder.now.lock().unwrap() += 20;
    let (_, refused) = desk.attempt(&desk.card, |_| ()).await;
    assert_eq!(refused.problem(), "urn:signum:problem:card_revoked");
    assert_eq!(desk.responder.asked.load(Ordering::SeqCst), 2);
    desk.responder.does(Behaviour::Good);
    assert_eq!(
        desk.attempt(&desk.card, |_| ()).await.1.status,
        200,
        "a refusal is not remembered"
    );
}

#[tokio::test]
async fn a_certificate_of_nobody_known_is_not_asked_about() {
    let desk = Desk::open().await;
    let stranger = super::authority::Authority::new("Cards");
    let card = super::desk::Card::of(&stranger, &super::authority::Shape::card(super::desk::NUMBER));
    desk.attempt(&card, |_| ()).await;
    assert_eq!(desk.responder.asked.load(Ordering::SeqCst), 0);
}
