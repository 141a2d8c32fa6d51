//! Assertions: one field changed, everything signed as changed.

use serde_json::json;

use super::device::{CHALLENGE, Draft, authenticator, keys, rp};
use crate::assertion::verify;
use crate::encoding::base64url;
use crate::{Assertion, GestureError, RelyingParty};

type Change = fn(&mut Draft);

const MUTATIONS: &[(&str, Change, GestureError)] = &[
    (
        "type",
        |d| d.client_data["type"] = json!("webauthn.create"),
        GestureError::WrongType,
    ),
    (
        "challenge",
        |d| d.client_data["challenge"] = json!(base64url(&[8; 32])),
        GestureError::WrongChallenge,
    ),
    (
        "challenge as a prefix",
        |d| d.client_data["challenge"] = json!(base64url(&[7; 31])),
        GestureError::WrongChallenge,
    ),
    (
        "origin of the IdP",
        |d| d.client_data["origin"] = json!("http://idp.localhost:8081"),
        GestureError::WrongOrigin,
    ),
    (
        "origin, another port",
        |d| d.client_data["origin"] = json!("http://sign.localhost:8083"),
        GestureError::WrongOrigin,
    ),
    (
        "origin with a slash",
        |d| d.client_data["origin"] = json!("http://sign.localhost:8082/"),
        GestureError::WrongOrigin,
    ),
    (
        "cross origin",
        |d| d.client_data["crossOrigin"] = json!(true),
        GestureError::CrossOrigin,
    ),
    (
        "top origin",
        |d| d.client_data["topOrigin"] = json!("http://sign.localhost:8082"),
        GestureError::CrossOrigin,
    ),
    (
        "client data without type",
        |d| d.client_data = json!({"challenge": "x", "origin": "y"}),
        GestureError::Malformed,
    ),
    (
        "client data too long",
        |d| d.client_data["pad"] = json!("x".repeat(5000)),
        GestureError::Malformed,
    ),
    (
        "parent RP ID",
        |d| d.rp_id = "localhost".into(),
        GestureError::WrongRelyingParty,
    ),
    ("user not present", |d| d.flags = 0x04, GestureError::UserNotPresent),
    ("user not verified", |d| d.flags = 0x01, GestureError::UserNotVerified),
    ("BS without BE", |d| d.flags = 0x15, GestureError::Malformed),
    (
        "BE where none was registered",
        |d| d.flags = 0x0d,
        GestureError::BackupEligibilityChanged,
    ),
    (
        "octets after the counter",
        |d| d.tail = vec![0],
        GestureError::Malformed,
    ),
    (
        "extensions announced, none there",
        |d| d.flags = 0x85,
        GestureError::Malformed,
    ),
    (
        "extensions that are no map",
        |d| (d.flags, d.tail) = (0x85, vec![0x01]),
        GestureError::Malformed,
    ),
    (
        "octets after the extensions",
        |d| (d.flags, d.tail) = (0x85, vec![0xa0, 0]),
        GestureError::Malformed,
    ),
    (
        "attested data announced, none there",
        |d| d.flags = 0x45,
        GestureError::Malformed,
    ),
    ("same counter", |d| d.counter = 5, GestureError::CounterWentBackwards),
    ("counter reset", |d| d.counter = 0, GestureError::CounterWentBackwards),
];

#[test]
fn each_changed_field_has_its_own_error() {
    let [key, ..] = keys();
    for (name, change, error) in MUTATIONS {
        let mut draft = Draft::new("webauthn.get");
        change(&mut draft);
        let outcome = verify(&draft.sign(&key), &authenticator(&key), &rp(), CHALLENGE, 5);
        assert_eq!(outcome, Err(*error), "{name}");
    }
}

#[test]
fn a_good_assertion_of_each_algorithm_is_taken() {
    for key in keys() {
        let assertion = Draft::new("webauthn.get").sign(&key);
        let verified = verify(&assertion, &authenticator(&key), &rp(), CHALLENGE, 5).unwrap();
        assert_eq!(verified.counter, 6);
        assert!(!verified.backup_state);
    }
}

#[test]
fn extensions_and_two_zero_counters_are_fine() {
    let [key, ..] = keys();
    let mut draft = Draft::new("webauthn.get");
    (draft.flags, draft.tail, draft.counter) = (0x9d, vec![0xa0], 0);
    let mut synced = authenticator(&key);
    synced.backup_eligible = true;
    let verified = verify(&draft.sign(&key), &synced, &rp(), CHALLENGE, 0).unwrap();
    assert!(verified.backup_state);
}

#[test]
fn another_key_another_credential_or_another_relying_party_is_refused() {
    let [key, other, _] = keys();
    let assertion = Draft::new("webauthn.get").sign(&key);
    let outcome = verify(&assertion, &authenticator(&other), &rp(), CHALLENGE, 0);
    assert_eq!(outcome, Err(GestureError::BadSignature));
    let mut another = authenticator(&key);
    another.credential_id = vec![2; 16];
    let outcome = verify(&assertion, &another, &rp(), CHALLENGE, 0);
    assert_eq!(outcome, Err(GestureError::UnknownCredential));
    let idp = RelyingParty {
        id: "idp.localhost".into(),
        origin: "http://sign.localhost:8082".into(),
    };
    let outcome = verify(&assertion, &authenticator(&key), &idp, CHALLENGE, 0);
    assert_eq!(outcome, Err(GestureError::WrongRelyingParty));
}

#[test]
fn any_single_flipped_bit_is_refused() {
    for key in keys() {
        let authenticator = authenticator(&key);
        let good = Draft::new("webauthn.get").sign(&key);
        let parts: [fn(&mut Assertion) -> &mut Vec<u8>; 3] = [
            |a| &mut a.client_data_json,
            |a| &mut a.authenticator_data,
            |a| &mut a.signature,
        ];
        for part in parts {
            for bit in 0..part(&mut good.clone()).len() * 8 {
                let mut bad = good.clone();
                part(&mut bad)[bit / 8] ^= 1 << (bit % 8);
                assert!(verify(&bad, &authenticator, &rp(), CHALLENGE, 0).is_err(), "bit {bit}");
            }
        }
    }
}

#[test]
fn browser_json_is_read_with_members_we_do_not_know() {
    let [key, ..] = keys();
    let good = Draft::new("webauthn.get").sign(&key);
    let id = base64url(&good.credential_id);
    let mut json = json!({
        "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": base64url(&good.client_data_json),
            "authenticatorData": base64url(&good.authenticator_data),
            "signature": base64url(&good.signature),
            "userHandle": null,
        },
    });
    assert_eq!(Assertion::from_json(&json).unwrap(), good);
    json["rawId"] = json!(base64url(b"another"));
    assert_eq!(Assertion::from_json(&json), Err(GestureError::Malformed));
    json["rawId"] = json["id"].clone();
    json["response"]["signature"] = json!("A".repeat(4000));
    assert_eq!(Assertion::from_json(&json), Err(GestureError::Malformed));
}

#[test]
fn the_challenge_that_an_assertion_names_is_read_and_no_other_length() {
    let [key, ..] = keys();
    let mut draft = Draft::new("webauthn.get");
    assert_eq!(draft.sign(&key).challenge(), Ok([7; 32]));
    draft.client_data["challenge"] = json!(base64url(&[7; 31]));
    assert_eq!(draft.sign(&key).challenge(), Err(GestureError::WrongChallenge));
    draft.client_data["challenge"] = json!("not base64url!");
    assert_eq!(draft.sign(&key).challenge(), Err(GestureError::Malformed));
    draft.client_data = json!({});
    assert_eq!(draft.sign(&key).challenge(), Err(GestureError::Malformed));
}
