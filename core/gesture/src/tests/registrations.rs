//! Registrations: one field changed.

use ciborium::Value as Cbor;
use serde_json::json;

use super::device::{CHALLENGE, Draft, cbor, cose, encode, keys, rp};
use crate::registration::verify;
use crate::{GestureError, Registration};

fn attestation_object(authenticator_data: Vec<u8>, statement: Cbor) -> Vec<u8> {
    cbor(&Cbor::Map(vec![
        (Cbor::Text("fmt".into()), Cbor::Text("none".into())),
        (Cbor::Text("attStmt".into()), statement),
        (Cbor::Text("authData".into()), Cbor::Bytes(authenticator_data)),
    ]))
}

fn draft(cose_key: &[u8]) -> Draft {
    let mut draft = Draft::new("webauthn.create");
    draft.flags = 0x45;
    draft.tail = [[9; 16].as_slice(), &[0, 16], &[1; 16], cose_key].concat();
    draft
}

fn registration(draft: &Draft) -> Registration {
    Registration {
        credential_id: vec![1; 16],
        client_data_json: draft.client_data.to_string().into_bytes(),
        attestation_object: attestation_object(draft.authenticator_data(), Cbor::Map(Vec::new())),
    }
}

#[test]
fn a_good_registration_gives_the_authenticator_as_sent() {
    for key in keys() {
        let cose_key = encode(&cose(&key));
        let authenticator = verify(&registration(&draft(&cose_key)), &rp(), CHALLENGE).unwrap();
        assert_eq!(authenticator.cose_key, cose_key);
        assert_eq!(authenticator.credential_id, vec![1; 16]);
        assert_eq!(authenticator.aaguid, [9; 16]);
        assert_eq!((authenticator.backup_eligible, authenticator.counter), (false, 6));
    }
}

#[test]
fn each_changed_field_of_a_registration_has_its_own_error() {
    type Change = fn(&mut Draft);
    let table: &[(&str, Change, GestureError)] = &[
        (
            "type",
            |d| d.client_data["type"] = json!("webauthn.get"),
            GestureError::WrongType,
        ),
        (
            "challenge",
            |d| d.client_data["challenge"] = json!("AAAA"),
            GestureError::WrongChallenge,
        ),
        (
            "origin",
            |d| d.client_data["origin"] = json!("http://localhost"),
            GestureError::WrongOrigin,
        ),
        (
            "frame",
            |d| d.client_data["crossOrigin"] = json!(true),
            GestureError::CrossOrigin,
        ),
        (
            "RP ID",
            |d| d.rp_id = "idp.localhost".into(),
            GestureError::WrongRelyingParty,
        ),
        ("UP", |d| d.flags = 0x44, GestureError::UserNotPresent),
        ("UV", |d| d.flags = 0x41, GestureError::UserNotVerified),
        ("BS without BE", |d| d.flags = 0x55, GestureError::Malformed),
        (
            "no attested data",
            |d| (d.flags, d.tail) = (0x05, Vec::new()),
            GestureError::Malformed,
        ),
        (
            "another credential id",
            |d| d.tail[20] ^= 1,
            GestureError::UnknownCredential,
        ),
        ("cut short", |d| d.tail.truncate(60), GestureError::Malformed),
        ("trailing octet", |d| d.tail.push(0), GestureError::Malformed),
    ];
    let [key, ..] = keys();
    for (name, change, error) in table {
        let mut changed = draft(&encode(&cose(&key)));
        change(&mut changed);
        assert_eq!(verify(&registration(&changed), &rp(), CHALLENGE), Err(*error), "{name}");
    }
}

#[test]
fn an_algorithm_we_do_not_take_is_named() {
    let [key, ..] = keys();
    let mut entries = cose(&key);
    entries[1].1 = Cbor::Integer((-48).into());
    let outcome = verify(&registration(&draft(&encode(&entries))), &rp(), CHALLENGE);
    assert_eq!(outcome, Err(GestureError::UnsupportedAlgorithm));
}
