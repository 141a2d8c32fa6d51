//! Between the module's signature and its storing anything may break; nothing is signed twice and nothing made is lost.

use super::*;
use crate::test_desk::ModuleBehaviour;

const LATER: Duration = Duration::from_secs(121);

async fn run_job(desk: &Desk, after: Duration) {
    desk.clock.advance(after);
    finish_all(&desk.signer).await.unwrap();
}

#[tokio::test]
async fn a_signature_whose_answer_was_lost_is_fetched_and_stored_at_once() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    let gesture = gesture(&mut desk, id).await;
    desk.neighbours.module_will(ModuleBehaviour::LosesAnswers);
    send(&desk, id, &gesture).await.unwrap();
    assert!(matches!(stage(&desk, id).await, Stage::Done(_)));
    assert_eq!(signatures(&desk), 1);
    assert_eq!(desk.audited("signature.outcome_unknown", "module_away").await, 1);
    assert_eq!(desk.audited("signature.made", "").await, 1);
    assert!(evidence(&desk.signer.cx, id, &desk.person.reference).await.is_ok());
}

#[tokio::test]
async fn an_unknown_outcome_waits_for_the_module_and_is_settled_by_the_job() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    let good = gesture(&mut desk, id).await;
    desk.neighbours.module_will(ModuleBehaviour::Away);
    send(&desk, id, &good).await.unwrap();
    assert!(matches!(stage(&desk, id).await, Stage::Unknown));
    assert!(matches!(
        options(&desk.signer, id, &desk.person.reference).await,
        Err(SignError::Used)
    ));
    run_job(&desk, Duration::from_secs(6)).await;
    assert!(matches!(stage(&desk, id).await, Stage::Unknown), "it is still away");

    desk.neighbours.module_will(ModuleBehaviour::Answers);
    run_job(&desk, Duration::from_secs(3600)).await;
    assert!(
        matches!(stage(&desk, id).await, Stage::Prepared),
        "it was never reached"
    );
    assert_eq!(desk.audited("signature.not_made", "").await, 1);
    assert!(matches!(send(&desk, id, &good).await, Err(SignError::Used)));
    assert_eq!(signatures(&desk), 0);
}

#[tokio::test]
async fn a_module_that_was_not_reached_and_is_back_says_that_nothing_was_signed() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    let first = gesture(&mut desk, id).await;
    desk.neighbours.module_will(ModuleBehaviour::Away);
    let (signer, person) = (desk.signer.clone(), desk.person.reference);
    let sending = tokio::spawn(async move { sign(&signer, id, &person, &first).await });
    desk.neighbours.begun.notified().await;
    desk.neighbours.module_will(ModuleBehaviour::Answers);
    let sent = sending.await.unwrap();
    // Whichever came first, its answer or the question, both ends are true and nothing is signed.
    assert!(matches!(sent, Ok(()) | Err(SignError::Module(ModuleError::Away(_)))));
    run_job(&desk, LATER).await;
    assert!(matches!(stage(&desk, id).await, Stage::Prepared));
    let second = gesture(&mut desk, id).await;
    send(&desk, id, &second).await.unwrap();
    assert_eq!(signatures(&desk), 1);
}

#[tokio::test]
async fn a_signature_that_the_module_no_longer_knows_ends_in_a_named_state() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    let gesture = gesture(&mut desk, id).await;
    desk.neighbours.module_will(ModuleBehaviour::Restarts);
    send(&desk, id, &gesture).await.unwrap();
    assert!(matches!(stage(&desk, id).await, Stage::Failed(code) if code == OUTCOME_UNKNOWN));
    assert_eq!(desk.audited("signature.lost", "outcome_unknown").await, 1);
}

#[tokio::test]
async fn a_flow_that_died_after_the_signature_is_finished_by_the_job() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    let gesture = gesture(&mut desk, id).await;
    desk.neighbours.module_will(ModuleBehaviour::Waits);
    let (signer, person) = (desk.signer.clone(), desk.person.reference);
    // As a process that ends: not even the unbroken work goes on. The row is what such a process leaves.
    tokio::spawn(async move { sign(&signer, id, &person, &gesture).await });
    desk.neighbours.begun.notified().await;
    let row = desk
        .signer
        .cx
        .db
        .opt("SELECT activation, prepared FROM document", vec![])
        .await;
    let row = row.unwrap().unwrap();
    let (text, bytes): (String, Vec<u8>) = (row.get("activation").unwrap(), row.get("prepared").unwrap());
    desk.neighbours.go_on.notify_one();
    assert!(desk.signer.unbroken.drain(Duration::from_secs(60)).await);
    desk.tamper("DELETE FROM evidence", vec![]).await;
    let left = "UPDATE document SET state = 'consumed', signature = NULL, signed_pdf = NULL, activation = $1,
        prepared = $2, next_attempt_at = $3";
    desk.tamper(left, params![text, bytes, desk.signer.cx.now().plus(LATER)])
        .await;
    finish_all(&desk.signer).await.unwrap();
    assert!(matches!(stage(&desk, id).await, Stage::Consumed), "it may still come");
    run_job(&desk, LATER).await;
    assert!(
        matches!(stage(&desk, id).await, Stage::Done(_)),
        "{:?}",
        stage(&desk, id).await
    );
    assert_eq!(signatures(&desk), 1);
}

#[tokio::test]
async fn a_flow_that_died_before_the_module_was_asked_may_be_confirmed_anew() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    gesture(&mut desk, id).await;
    let left = "UPDATE document SET state = 'consumed', next_attempt_at = $1";
    desk.tamper(left, params![desk.signer.cx.now().plus(LATER)]).await;
    finish_all(&desk.signer).await.unwrap();
    assert!(matches!(stage(&desk, id).await, Stage::Consumed), "it may still come");
    run_job(&desk, LATER).await;
    assert!(matches!(stage(&desk, id).await, Stage::Prepared));
    let again = gesture(&mut desk, id).await;
    send(&desk, id, &again).await.unwrap();
    assert_eq!(signatures(&desk), 1);
}

#[tokio::test]
async fn a_panic_in_the_flow_leaves_a_document_that_is_settled() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    let gesture = gesture(&mut desk, id).await;
    desk.neighbours.module_will(ModuleBehaviour::Panics);
    assert!(matches!(send(&desk, id, &gesture).await, Err(SignError::Interrupted)));
    desk.neighbours.module_will(ModuleBehaviour::Answers);
    run_job(&desk, LATER).await;
    assert!(matches!(stage(&desk, id).await, Stage::Prepared));
}

#[tokio::test]
async fn rows_that_keep_failing_do_not_hold_up_later_ones() {
    let mut desk = Desk::enrolled().await;
    desk.neighbours.tsa_away.store(true, Ordering::SeqCst);
    let mut ids = Vec::new();
    for _ in 0..22 {
        let id = uploaded(&desk).await;
        let gesture = gesture(&mut desk, id).await;
        send(&desk, id, &gesture).await.unwrap();
        ids.push(id);
    }
    let last = *ids.last().unwrap();
    // All but the last can never be finished.
    let poison = "UPDATE document SET signature = $1 WHERE id <> $2";
    let values = params![vec![1_u8], last];
    let changed = desk.signer.cx.db.run::<_, DbError, _, _>("test", |tx| {
        let values = values.clone();
        async move { tx.exec(poison, values).await }
    });
    assert_eq!(changed.await.unwrap(), 21);
    desk.neighbours.tsa_away.store(false, Ordering::SeqCst);
    run_job(&desk, Duration::from_secs(16)).await;
    run_job(&desk, Duration::from_secs(1)).await;
    assert!(matches!(stage(&desk, last).await, Stage::Done(_)));

    for _ in 0..30 {
        run_job(&desk, Duration::from_secs(100)).await;
    }
    assert!(matches!(stage(&desk, ids[0]).await, Stage::Unfinished));
    assert_eq!(desk.audited("signature.unfinished", "").await, 21);
    assert_eq!(finish_all(&desk.signer).await.unwrap(), 0, "nothing is tried any more");
}

#[tokio::test]
async fn an_unfinished_signature_is_taken_up_again_at_its_signers_wish() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    desk.neighbours.tsa_away.store(true, Ordering::SeqCst);
    let gesture = gesture(&mut desk, id).await;
    send(&desk, id, &gesture).await.unwrap();
    for _ in 0..50 {
        run_job(&desk, Duration::from_secs(3601)).await;
    }
    assert!(matches!(stage(&desk, id).await, Stage::Unfinished));
    desk.neighbours.tsa_away.store(false, Ordering::SeqCst);
    let document = find(&desk.signer.cx, id, &desk.person.reference).await.unwrap();
    try_again(&desk.signer, &document).await.unwrap();
    finish_all(&desk.signer).await.unwrap();
    assert!(matches!(stage(&desk, id).await, Stage::Done(_)));
    assert_eq!(signatures(&desk), 1);
}
