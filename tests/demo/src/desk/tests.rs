//! The desk against a signer that lies, as a hostile web tier would.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::voucher::tests::entry;
use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::sync::{Arc, Mutex};

/// What the signer answers, and what it was sent.
struct Signer {
    challenge: String,
    pending: Vec<Value>,
    log_ins: Mutex<Vec<Value>>,
    vouchers: Mutex<Vec<Value>>,
}

type Shared = State<Arc<Signer>>;

async fn serve(pending: Vec<Value>) -> (Arc<Signer>, Url) {
    let signer = Arc::new(Signer {
        challenge: entry()["options"]["publicKey"]["challenge"]
            .as_str()
            .unwrap()
            .to_owned(),
        pending,
        log_ins: Mutex::default(),
        vouchers: Mutex::default(),
    });
    let options = |State(signer): Shared| async move {
        let public = json!({ "challenge": signer.challenge, "rpId": "desk.sign.localhost", "allowCredentials": [],
            "userVerification": "required" });
        Json(json!({ "publicKey": public }))
    };
    let log_in = |State(signer): Shared, Json(said): Json<Value>| async move {
        signer.log_ins.lock().unwrap().push(said);
        Json(json!({ "token": "t", "expires_in": 600 }))
    };
    let list = |State(signer): Shared| async move { Json(json!(signer.pending)) };
    let vouch = |State(signer): Shared, Json(said): Json<Value>| async move {
        signer.vouchers.lock().unwrap().push(said);
        Json(json!({ "state": "vouchers" }))
    };
    let router = Router::new()
        .route("/desk/session/options", post(options))
        .route("/desk/session", post(log_in))
        .route("/desk/enrolments", get(list))
        .route("/desk/enrolments/{id}/vouchers", post(vouch))
        .with_state(signer.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://sign.localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (signer, url.parse().unwrap())
}

/// An officer who vouches for the person of [`entry`] alone.
fn officer(folder: &std::path::Path, signer: &Url) -> Desk {
    let keys = folder.join("officers");
    officers::init(&keys, &folder.join("officers.json"), "sign.localhost", signer).unwrap();
    let people = folder.join("people.txt");
    std::fs::write(&people, "PNOXK-1000000001\n").unwrap();
    let officer = officers::load(&keys).unwrap().remove(0);
    Desk::new(officer, signer, People::at(people)).unwrap()
}

#[tokio::test]
async fn a_demo_person_is_vouched_for_and_everybody_else_left_to_people() {
    let folder = tempfile::tempdir().unwrap();
    let mut stranger = entry();
    stranger["id"] = json!("e2");
    stranger["personal_number"] = json!("1000000002");
    let (signer, url) = serve(vec![stranger, entry()]).await;
    let mut desk = officer(folder.path(), &url);
    assert_eq!(desk.round().await.unwrap(), 1);
    assert_eq!(signer.vouchers.lock().unwrap().len(), 1);
    assert!(desk.paused.is_none());

    let mut foreigner = entry();
    foreigner["country"] = json!("AL");
    let (signer, url) = serve(vec![foreigner]).await;
    let mut desk = officer(folder.path(), &url);
    assert_eq!(desk.round().await.unwrap(), 0);
    assert!(signer.vouchers.lock().unwrap().is_empty());
    assert!(
        desk.paused.is_some(),
        "those who are left alone are not read every second"
    );
}

#[tokio::test]
async fn a_challenge_over_something_else_than_what_is_shown_is_not_signed() {
    let folder = tempfile::tempdir().unwrap();
    let mut swapped = entry();
    swapped["options"]["publicKey"]["challenge"] = json!(URL_SAFE_NO_PAD.encode([5; 32]));
    let (signer, url) = serve(vec![swapped]).await;
    let mut desk = officer(folder.path(), &url);
    let refused = format!("{:#}", desk.round().await.unwrap_err());
    assert!(refused.contains("over something else"), "{refused}");
    assert!(signer.vouchers.lock().unwrap().is_empty());
    assert_eq!(
        desk.officer.vouching.authenticator.credentials[0].counter, 0,
        "not used"
    );
}

#[tokio::test]
async fn a_voucher_challenge_passed_off_as_a_log_in_is_never_answered_by_the_key_that_vouches() {
    let folder = tempfile::tempdir().unwrap();
    let (signer, url) = serve(vec![]).await;
    let mut desk = officer(folder.path(), &url);
    assert_eq!(desk.round().await.unwrap(), 0);
    let log_ins = signer.log_ins.lock().unwrap();
    let vouching = URL_SAFE_NO_PAD.encode(&desk.officer.vouching.authenticator.credentials[0].id);
    assert_ne!(log_ins[0]["credential"]["id"], vouching.as_str());
    let client_data = log_ins[0]["credential"]["response"]["clientDataJSON"].as_str().unwrap();
    let client_data: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(client_data).unwrap()).unwrap();
    assert!(
        client_data["origin"]
            .as_str()
            .unwrap()
            .starts_with("http://desk.sign.localhost:")
    );
    assert_eq!(
        desk.officer.vouching.authenticator.credentials[0].counter, 0,
        "not used"
    );
}

#[test]
fn an_officer_vouches_once_and_only_where_vouchers_are_awaited() {
    let enrolment = |state: &str, by: &[&str]| json!({ "state": state, "vouched_by": by });
    assert!(waits_for(&enrolment("vouchers", &[]), "officer-1"));
    assert!(waits_for(&enrolment("vouchers", &["officer-2"]), "officer-1"));
    assert!(!waits_for(&enrolment("vouchers", &["officer-1"]), "officer-1"));
    assert!(!waits_for(&enrolment("ready", &[]), "officer-1"));
}
