//! What the person sees and what their answers come to.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use signum_card::{Key, Secret};

use super::{Answer, ORIGIN, Virtual, authenticate, code, run, sign};
use crate::eid::Eid;
use crate::prompt::PromptError;

#[test]
fn log_in_shows_origin_name_and_tries_and_gives_a_token() {
    let card = Virtual::new();
    let run = run(vec![vec![card]], [Answer::Pin("1234")], &authenticate());
    assert_eq!(run.response["format"], "web-eid:1.0");
    assert_eq!(run.response["algorithm"], "ES384");
    let fields: Vec<_> = run.response.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        fields,
        [
            "algorithm",
            "appVersion",
            "format",
            "signature",
            "unverifiedCertificate"
        ]
    );
    let shown = &run.shown[0];
    assert!(shown.contains(ORIGIN) && shown.contains("TEST,VCARD"), "{shown}");
    assert!(
        shown.contains("Tries left: 3") && shown.contains("PIN1 (4 to 12 digits)"),
        "{shown}"
    );
}

#[test]
fn each_wrong_pin_was_typed_by_the_person_and_the_last_try_is_asked_for() {
    let mut card = Virtual::new();
    let answers = [Answer::Pin("9999"), Answer::Pin("8888"), Answer::No];
    let first = run(vec![vec![card.clone()]], answers, &authenticate());
    assert_eq!(code(&first), "ERR_WEBEID_USER_CANCELLED");
    assert!(first.shown[1].starts_with("PIN1 was wrong") && first.shown[1].contains("Tries left: 2"));
    assert!(first.shown[2].contains("One try is left for PIN1"));
    // Declining spent nothing.
    assert_eq!(card.tries(Secret::Pin1).unwrap().left, 1);
    let second = run(
        vec![vec![card.clone()]],
        [Answer::Yes, Answer::Pin("1234")],
        &authenticate(),
    );
    assert_eq!(second.response["algorithm"], "ES384");
    assert_eq!(card.tries(Secret::Pin1).unwrap().left, 3);
}

#[test]
fn a_card_that_gets_blocked_or_is_blocked_says_so() {
    let card = Virtual::new();
    let answers = [
        Answer::Pin("9999"),
        Answer::Pin("8888"),
        Answer::Yes,
        Answer::Pin("7777"),
        Answer::Yes,
    ];
    let first = run(vec![vec![card.clone()]], answers, &authenticate());
    assert_eq!(code(&first), "ERR_WEBEID_NATIVE_FATAL");
    assert_eq!(first.response["error"]["message"], "PIN1 is blocked");
    let second = run(vec![vec![card]], [Answer::No], &authenticate());
    assert_eq!(second.response["error"]["message"], "PIN1 is blocked");
    assert!(second.shown[0].contains("PUK"));
}

#[test]
fn what_cannot_be_a_pin_spends_no_try() {
    let mut card = Virtual::new();
    let answers = [Answer::Pin("12"), Answer::Pin("abcd"), Answer::Pin("1234")];
    let run = run(vec![vec![card.clone()]], answers, &authenticate());
    assert!(
        run.shown[2].starts_with("PIN1 has 4 to 12 digits. No try was spent.|"),
        "{}",
        run.shown[2]
    );
    assert!(run.shown[2].contains("Tries left: 3"));
    assert_eq!(card.tries(Secret::Pin1).unwrap().left, 3);
}

#[test]
fn a_signature_shows_the_fingerprint_and_takes_pin2() {
    let mut card = Virtual::new();
    let message = sign(&mut card);
    let run = run(vec![vec![card]], [Answer::Pin("12345")], &message);
    assert_eq!(
        run.response["signatureAlgorithm"],
        json!({ "cryptoAlgorithm": "ECC", "hashFunction": "SHA-384", "paddingScheme": "NONE" })
    );
    let digest = ["ABAB"; 24].join(" ");
    assert!(
        run.shown[0].contains(&digest) && run.shown[0].contains("SHA-384"),
        "{}",
        run.shown[0]
    );
    assert!(run.shown[0].contains("PIN2 (5 to 12 digits)"));
}

#[test]
fn only_the_certificate_that_was_shown_signs() {
    let mut other = Virtual::new();
    let message = sign(&mut other);
    let run = run(vec![vec![Virtual::new()]], [], &message);
    assert_eq!(code(&run), "ERR_WEBEID_NATIVE_INVALID_ARGUMENT");
}

#[test]
fn the_signing_certificate_is_shown_when_the_person_agrees() {
    let mut card = Virtual::new();
    let message = json!({ "command": "get-signing-certificate", "arguments": { "origin": ORIGIN, "lang": "en" } });
    let agreed = run(vec![vec![card.clone()]], [Answer::Yes], &message);
    let certificate = STANDARD
        .decode(agreed.response["certificate"].as_str().unwrap())
        .unwrap();
    assert_eq!(certificate, Eid::certificate(&mut card, Key::Signature).unwrap());
    let algorithms = agreed.response["supportedSignatureAlgorithms"].as_array().unwrap();
    assert!(algorithms.contains(&json!({
        "cryptoAlgorithm": "ECC", "hashFunction": "SHA-256", "paddingScheme": "NONE"
    })));
    assert!(agreed.shown[0].contains("personal number"));
    let declined = run(vec![vec![card]], [Answer::No], &message);
    assert_eq!(code(&declined), "ERR_WEBEID_USER_CANCELLED");
}

#[test]
fn a_person_who_declines_or_goes_away_has_spent_nothing() {
    let mut card = Virtual::new();
    for (error, told) in [
        (PromptError::Cancelled, "ERR_WEBEID_USER_CANCELLED"),
        (PromptError::TimedOut, "ERR_WEBEID_USER_TIMEOUT"),
        (PromptError::Unavailable("none".to_owned()), "ERR_WEBEID_NATIVE_FATAL"),
    ] {
        let run = run(vec![vec![card.clone()]], [Answer::Gone(error)], &authenticate());
        assert_eq!(code(&run), told);
    }
    assert_eq!(card.tries(Secret::Pin1).unwrap().left, 3);
}

#[test]
fn a_missing_card_is_waited_for_and_several_are_asked_about() {
    let card = Virtual::new();
    let come = run(
        vec![vec![], vec![], vec![card.clone()]],
        [Answer::Yes, Answer::Yes, Answer::Pin("1234")],
        &authenticate(),
    );
    assert_eq!(come.response["algorithm"], "ES384");
    let gone = run(vec![vec![]], [Answer::No], &authenticate());
    assert_eq!(code(&gone), "ERR_WEBEID_USER_CANCELLED");
    let second = run(
        vec![vec![Virtual::new(), card]],
        [Answer::No, Answer::Yes, Answer::Pin("1234")],
        &authenticate(),
    );
    assert_eq!(second.response["algorithm"], "ES384");
    assert!(second.shown[0].contains("XK0000001"));
}

#[test]
fn a_try_that_another_program_spends_while_the_person_types_is_shown_before_the_pin_is_used() {
    let mut card = Virtual::new();
    let answers = [
        Answer::PinMeanwhile("9999", card.clone()),
        Answer::PinMeanwhile("9999", card.clone()),
        // One is left now: asked for by itself, and declined.
        Answer::No,
    ];
    let declined = run(vec![vec![card.clone()]], answers, &authenticate());
    assert_eq!(code(&declined), "ERR_WEBEID_USER_CANCELLED");
    assert!(declined.shown[1].starts_with('|') && declined.shown[1].contains("Tries left: 2"));
    assert!(declined.shown[2].contains("One try is left for PIN1"));
    assert_eq!(
        card.tries(Secret::Pin1).unwrap().left,
        1,
        "the other program's two tries, none of the person's"
    );
}

#[test]
fn a_pin_typed_after_the_browser_closed_never_reaches_the_card() {
    let mut card = Virtual::new();
    let late = run(vec![vec![card.clone()]], [Answer::PinTooLate("9999")], &authenticate());
    assert_eq!(late.response["error"]["message"], "the browser closed meanwhile");
    assert_eq!(card.tries(Secret::Pin1).unwrap().left, 3);
}
