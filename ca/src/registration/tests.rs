//! `openapi.json` says what the code does: addresses, words, members.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use signum_core::Timestamp;

use super::http::{OPENAPI, routes};
use super::record::{Record, State};
use super::request::RegistrationRequest;
use super::status_change::StatusRequest;
use super::view::{Summary, Whole};
use crate::officer::test_people::People;

fn document() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

fn words(of: &Value) -> BTreeSet<String> {
    let words = of.as_array().unwrap().iter();
    words.map(|word| word.as_str().unwrap().to_owned()).collect()
}

fn members(of: &Value) -> BTreeSet<String> {
    of.as_object().unwrap().keys().cloned().collect()
}

fn schema(name: &str) -> Value {
    document()["components"]["schemas"][name].clone()
}

#[test]
fn every_address_is_in_the_document_and_no_other() {
    let served: BTreeSet<String> = routes().iter().map(|(path, _)| (*path).to_owned()).collect();
    let mut said = members(&document()["paths"]);
    said.insert("/openapi.json".to_owned());
    assert_eq!(served, said);
}

#[test]
fn states_are_the_documents() {
    let states: BTreeSet<String> = State::ALL.iter().map(|state| state.word().to_owned()).collect();
    assert_eq!(words(&schema("State")["enum"]), states);
}

fn person() -> Value {
    json!({ "given_name": "Testa", "surname": "Shembulli", "personal_number": "1234567892" })
}

fn with(mut subject: Value, more: Value) -> Value {
    subject
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    subject
}

fn subjects() -> Vec<(&'static str, Value)> {
    let organization = json!({ "organization": "Ministria Shembull", "organization_number": "810000001" });
    vec![
        (
            "CitizenAuthentication",
            with(person(), json!({ "profile": "citizen-authentication" })),
        ),
        (
            "CitizenSignature",
            with(person(), json!({ "profile": "citizen-signature" })),
        ),
        (
            "OfficialSignature",
            with(
                with(person(), organization.clone()),
                json!({ "profile": "official-signature", "title": "Drejtor" }),
            ),
        ),
        (
            "OrganizationSeal",
            with(
                organization,
                json!({ "profile": "organization-seal", "common_name": "Vula" }),
            ),
        ),
        (
            "AgencyTls",
            json!({ "profile": "agency-tls", "organization": "Agency", "locality": "Prishtinë", "names": ["a.example.org"] }),
        ),
    ]
}

#[test]
fn requests_have_the_documents_members_and_no_others() {
    for (name, subject) in subjects() {
        assert_eq!(members(&schema(name)["properties"]), members(&subject), "{name}");
        let kinds = words(&schema("EvidenceKind")["enum"]);
        let evidence: Vec<Value> = kinds
            .iter()
            .map(|kind| json!({ "kind": kind, "sha256": "00".repeat(32) }))
            .collect();
        let request = json!({ "desk": "desk-a", "officer": "desk-1", "subject": subject, "pkcs10": "AA", "evidence": evidence,
            "ends_by": 2, "made_at": 1, "nonce": "00".repeat(16) });
        assert_eq!(members(&schema("Registration")["properties"]), members(&request));
        let read: RegistrationRequest = serde_json::from_value(request.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), request);
        let profile = &subject["profile"];
        assert_eq!(read.subject.subject().profile().id, profile.as_str().unwrap());
        assert!(words(&schema("Profile")["enum"]).contains(profile.as_str().unwrap()));
        // What nobody asked for stands in no signed request.
        for place in ["", "/subject", "/evidence/0"] {
            let mut more = request.clone();
            let at = more.pointer_mut(place).unwrap().as_object_mut().unwrap();
            at.insert("address".to_owned(), json!("somewhere"));
            assert!(serde_json::from_value::<RegistrationRequest>(more).is_err(), "{place}");
        }
    }
    assert_eq!(words(&schema("Profile")["enum"]).len(), subjects().len());
}

#[test]
fn changes_of_status_have_the_documents_members() {
    for action in words(&schema("Action")["enum"]) {
        let request = json!({ "desk": "desk-a", "officer": "desk-1", "serial": "01", "action": action, "reason": 1,
            "invalid_since": 1, "made_at": 1, "nonce": "00".repeat(16) });
        assert_eq!(members(&schema("StatusChange")["properties"]), members(&request));
        let read: StatusRequest = serde_json::from_value(request.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), request);
    }
}

#[test]
fn answers_have_the_documents_members() {
    let record = Record {
        id: [1; 32],
        officer: "desk-1".to_owned(),
        idempotency_key: String::new(),
        desk: "desk-a".to_owned(),
        profile: "agency-tls".to_owned(),
        octets: vec![1],
        gesture: String::new(),
        four_eyes: true,
        state: State::Waiting,
        created_at: Timestamp(0),
        expires_at: Timestamp(0),
        approver: Some("desk-2".to_owned()),
        approval: None,
        rejected_by: Some("desk-2".to_owned()),
        reason: Some("-".to_owned()),
        serial: Some(vec![1]),
        chain: None,
    };
    let list = People::default().first_list();
    let summary = serde_json::to_value(Summary::of(&record)).unwrap();
    assert_eq!(members(&schema("Request")["properties"]), members(&summary));
    let whole = serde_json::to_value(Whole::of(&record, &list.officers[3])).unwrap();
    assert_eq!(members(&schema("WholeRequest")["properties"]), members(&whole));
    // Who made it is offered no approval.
    assert!(Whole::of(&record, &list.officers[2]).options.is_none());
}
