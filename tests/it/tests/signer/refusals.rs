//! The list of issue 2, "Must be shown" 4, as far as it concerns the signer.

use std::time::Duration;

use serde_json::Value as Json;
use signum_core::params;
use signum_softauth::{Behaviour, SoftAuthenticator};
use signum_tests::app::TestApp;
use signum_tests::trip;
use signum_tests::visitor::{Answer, Visitor};

/// Somebody who may sign, with a document waiting for the gesture.
async fn ready_to_sign() -> (TestApp, Visitor, Answer) {
    let mut app = TestApp::start().await;
    let person = trip::signatory(&mut app).await;
    let confirm = trip::upload(&app, &person, trip::decision()).await;
    (app, person, confirm)
}

/// Expects that `answer` refuses, that nothing was signed and that the audit log tells of it.
async fn expect_refused(app: &TestApp, person: &Visitor, confirm: &Answer, answer: Answer, before: i64, code: &str) {
    assert!(answer.status.is_client_error(), "{}: {}", answer.status, answer.text());
    assert_eq!(answer.problem(), code, "{}", answer.text());
    let file = person.get(format!("{}/signed.pdf", confirm.url)).await;
    assert!(file.status.is_client_error(), "a signed file is there: {}", file.status);
    let row = app
        .databases()
        .signer
        .db
        .opt("SELECT COUNT(*) AS n FROM document WHERE signature IS NOT NULL", vec![])
        .await;
    assert_eq!(
        row.unwrap().unwrap().get::<i64>("n").unwrap(),
        0,
        "something was signed"
    );
    assert!(
        app.refusals(&app.databases().signer.db).await > before,
        "no audit record"
    );
}

async fn refused_gesture(behaviour: impl FnOnce(&TestApp) -> Behaviour) {
    let (app, mut person, confirm) = ready_to_sign().await;
    let before = app.refusals(&app.databases().signer.db).await;
    person.authenticator.behaviour = behaviour(&app);
    let answer = person.passkey(&confirm).await;
    expect_refused(&app, &person, &confirm, answer, before, "refused_gesture").await;
    app.stop().await;
}

#[tokio::test]
async fn assertion_made_on_the_identity_providers_origin_is_refused() {
    refused_gesture(|app| Behaviour {
        origin: Some(app.idp.clone()),
        ..Default::default()
    })
    .await;
}

#[tokio::test]
async fn assertion_for_another_relying_party_is_refused() {
    refused_gesture(|_| Behaviour {
        rp_id: Some("idp.localhost".to_owned()),
        ..Default::default()
    })
    .await;
}

#[tokio::test]
async fn assertion_without_user_verification_is_refused() {
    refused_gesture(|_| Behaviour {
        skip_uv: true,
        ..Default::default()
    })
    .await;
}

#[tokio::test]
async fn assertion_over_another_challenge_is_refused() {
    refused_gesture(|_| Behaviour {
        challenge: Some(vec![7; 32]),
        ..Default::default()
    })
    .await;
}

#[tokio::test]
async fn assertion_in_a_cross_origin_frame_is_refused() {
    refused_gesture(|_| Behaviour {
        cross_origin: true,
        ..Default::default()
    })
    .await;
}

#[tokio::test]
async fn document_altered_after_the_assertion_is_refused() {
    let (app, mut person, confirm) = ready_to_sign().await;
    let before = app.refusals(&app.databases().signer.db).await;
    let assertion = person.credential(&confirm).await;
    let db = &app.databases().signer.db;
    let mut prepared: Vec<u8> = db
        .opt("SELECT prepared FROM document", vec![])
        .await
        .unwrap()
        .unwrap()
        .get("prepared")
        .unwrap();
    // One bit inside a string of the page's text or a stream: still a PDF, another document.
    prepared[500] ^= 1;
    let altered = &prepared;
    let changed = db.run::<_, signum_core::DbError, _, _>("test.alter", |tx| async move {
        tx.exec("UPDATE document SET prepared = $1", params![altered.clone()])
            .await
    });
    assert_eq!(changed.await.unwrap(), 1);
    let answer = person
        .post_json(&confirm, &confirm.attribute("data-finish"), &assertion)
        .await;
    expect_refused(&app, &person, &confirm, answer, before, "document_altered").await;
    app.stop().await;
}

#[tokio::test]
async fn expired_transaction_is_refused() {
    let (app, mut person, confirm) = ready_to_sign().await;
    let before = app.refusals(&app.databases().signer.db).await;
    let assertion = person.credential(&confirm).await;
    app.clock.advance(Duration::from_secs(301));
    let answer = person
        .post_json(&confirm, &confirm.attribute("data-finish"), &assertion)
        .await;
    expect_refused(&app, &person, &confirm, answer, before, "transaction_expired").await;
    app.stop().await;
}

#[tokio::test]
async fn replayed_evidence_signs_neither_the_same_document_nor_another() {
    let (app, mut person, confirm) = ready_to_sign().await;
    let assertion = person.credential(&confirm).await;
    let finish = confirm.attribute("data-finish");
    person.post_json(&confirm, &finish, &assertion).await.expect(200);
    let before = app.refusals(&app.databases().signer.db).await;
    let again = person.post_json(&confirm, &finish, &assertion).await;
    assert_eq!(again.problem(), "transaction_used");
    let other = trip::upload(&app, &person, trip::decision()).await;
    person.options(&other).await.expect(200);
    let answer = person
        .post_json(&other, &other.attribute("data-finish"), &assertion)
        .await;
    assert_eq!(answer.problem(), "refused_gesture");
    person.get(format!("{}/signed.pdf", other.url)).await;
    let row = app
        .databases()
        .signer
        .db
        .opt("SELECT COUNT(*) AS n FROM document WHERE signature IS NOT NULL", vec![])
        .await;
    assert_eq!(row.unwrap().unwrap().get::<i64>("n").unwrap(), 1, "signed once");
    assert!(
        app.refusals(&app.databases().signer.db).await >= before + 2,
        "an audit record of each"
    );
    app.stop().await;
}

#[tokio::test]
async fn authenticator_inserted_into_the_database_by_hand_cannot_sign() {
    let (app, mut person, _) = ready_to_sign().await;
    // The thief has the person's session and writes an authenticator of their own over the sealed set and beside it.
    let mut thief = SoftAuthenticator::new();
    let options = serde_json::json!({ "publicKey": { "rp": { "id": "sign.localhost", "name": "x" }, "challenge": "AAAA",
        "user": { "id": "AAAA", "name": "x", "displayName": "x" }, "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }] } });
    thief.create(&options, &app.signer).unwrap();
    let stolen = &thief.credentials[0];
    let db = &app.databases().signer.db;
    let row = db
        .opt("SELECT sealed_set, authenticator FROM enrolment", vec![])
        .await
        .unwrap()
        .unwrap();
    let mut set: Json = serde_json::from_str(&row.get::<String>("sealed_set").unwrap()).unwrap();
    let mut authenticator = set["authenticators"][0].clone();
    authenticator["credential_id"] = serde_json::json!(stolen.id);
    authenticator["cose_key"] = serde_json::json!(stolen.cose_key().unwrap());
    set["authenticators"] = serde_json::json!([authenticator]);
    let (set, authenticator) = (&set.to_string(), &authenticator.to_string());
    let changed = db.run::<_, signum_core::DbError, _, _>("test.insert", |tx| async move {
        tx.exec(
            "UPDATE enrolment SET sealed_set = $1, authenticator = $2",
            params![set.clone(), authenticator.clone()],
        )
        .await
    });
    assert_eq!(changed.await.unwrap(), 1);

    person.authenticator = thief;
    let before = app.refusals(&app.databases().signer.db).await;
    let confirm = trip::upload(&app, &person, trip::decision()).await;
    let answer = person.passkey(&confirm).await;
    expect_refused(&app, &person, &confirm, answer, before, "refused_authenticator_set").await;
    app.stop().await;
}
