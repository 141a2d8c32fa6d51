//! The software authenticator against two verifiers: webauthn-rs, which we did not write, and our own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use serde_json::{Value, json};
use signum_gesture::options::{User, creation_options, request_options};
use signum_gesture::{Assertion, Registration, RelyingParty, assertion, registration};
use webauthn_rs::prelude::*;

use crate::{Algorithm, Error, SoftAuthenticator};

const ORIGIN: &str = "http://sign.localhost:8082";

fn rp() -> RelyingParty {
    RelyingParty {
        id: "sign.localhost".into(),
        origin: ORIGIN.into(),
    }
}

fn creation(challenge: &[u8]) -> Value {
    let user = User {
        handle: b"handle",
        name: "demo",
        display_name: "Demo",
    };
    creation_options(challenge, &rp(), "Signum", user, &[])
}

#[test]
fn webauthn_rs_takes_registration_and_login() {
    let origin = url::Url::parse(ORIGIN).unwrap();
    let webauthn = WebauthnBuilder::new("sign.localhost", &origin)
        .unwrap()
        .build()
        .unwrap();
    let mut device = SoftAuthenticator::new();
    let (options, state) = webauthn
        .start_passkey_registration(uuid::Uuid::from_u128(7), "demo", "Demo", None)
        .unwrap();
    let answer = device.create(&serde_json::to_value(&options).unwrap(), ORIGIN).unwrap();
    let passkey = webauthn
        .finish_passkey_registration(&serde_json::from_value(answer).unwrap(), &state)
        .unwrap();

    for _ in 0..2 {
        let (options, state) = webauthn
            .start_passkey_authentication(std::slice::from_ref(&passkey))
            .unwrap();
        let answer = device.get(&serde_json::to_value(&options).unwrap(), ORIGIN).unwrap();
        let result = webauthn
            .finish_passkey_authentication(&serde_json::from_value(answer).unwrap(), &state)
            .unwrap();
        assert!(result.user_verified());
    }
}

#[test]
fn our_verifier_takes_all_three_algorithms() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let mut device = SoftAuthenticator::new();
        device.behaviour.algorithm = Some(algorithm);
        let answer = device.create(&creation(b"register"), ORIGIN).unwrap();
        let registration = Registration::from_json(&answer).unwrap();
        let authenticator = registration::verify(&registration, &rp(), b"register").unwrap();
        let options = request_options(b"login", &rp(), std::slice::from_ref(&authenticator.credential_id));
        let answer = device.get(&options, ORIGIN).unwrap();
        let assertion = Assertion::from_json(&answer).unwrap();
        let verified = assertion::verify(&assertion, &authenticator, &rp(), b"login", 0).unwrap();
        assert_eq!(verified.counter, 1);
    }
}

#[test]
fn keys_and_counters_survive_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("device.json");
    let mut device = SoftAuthenticator::new();
    device.create(&creation(b"c"), ORIGIN).unwrap();
    device.get(&request_options(b"c", &rp(), &[]), ORIGIN).unwrap();
    device.to_file(&path).unwrap();
    let mut again = SoftAuthenticator::from_file(&path).unwrap();
    assert_eq!(again.credentials[0].id, device.credentials[0].id);
    again.get(&request_options(b"c", &rp(), &[]), ORIGIN).unwrap();
    assert_eq!(again.credentials[0].counter, 2);
}

#[test]
fn a_page_of_another_host_gets_a_security_error() {
    let mut device = SoftAuthenticator::new();
    device.create(&creation(b"c"), ORIGIN).unwrap();
    let elsewhere = device.get(&request_options(b"c", &rp(), &[]), "http://idp.localhost:8081");
    assert!(matches!(elsewhere, Err(Error::Security)));
}

#[test]
fn an_excluded_credential_and_an_unknown_one_are_refused() {
    let mut device = SoftAuthenticator::new();
    let answer = device.create(&creation(b"c"), ORIGIN).unwrap();
    let mut options = creation(b"c");
    options["publicKey"]["excludeCredentials"] = json!([{ "type": "public-key", "id": answer["id"] }]);
    assert!(matches!(device.create(&options, ORIGIN), Err(Error::InvalidState)));
    let options = request_options(b"c", &rp(), &[b"another".to_vec()]);
    assert!(matches!(device.get(&options, ORIGIN), Err(Error::NotAllowed(_))));
}
