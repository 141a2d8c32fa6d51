//! Messages that are no commands, and the contract's frame.

use serde_json::{Value, json};

use super::{CHALLENGE, ORIGIN, code, raw, run};

fn refused(message: Value) {
    let run = run(vec![vec![]], [], &message);
    assert_eq!(
        code(&run),
        "ERR_WEBEID_NATIVE_INVALID_ARGUMENT",
        "{message}: {}",
        run.response
    );
    assert!(run.shown.is_empty());
}

#[test]
fn quit_is_answered_with_nothing() {
    let run = run(vec![vec![]], [], &json!({ "command": "quit", "arguments": {} }));
    assert_eq!(run.response, json!({}));
}

#[test]
fn a_browser_that_closes_after_the_version_is_no_failure() {
    for input in [&[][..], &[5, 0], &5u32.to_ne_bytes(), &[7, 0, 0, 0, b'{']] {
        assert_eq!(raw(vec![vec![]], [], input).0.len(), 1);
    }
}

#[test]
fn only_the_first_command_is_served() {
    let quit = br#"{"command":"quit"}"#;
    let frame = [&u32::try_from(quit.len()).unwrap().to_ne_bytes()[..], quit].concat();
    assert_eq!(raw(vec![vec![]], [], &frame.repeat(2)).0.len(), 2);
}

#[test]
fn a_message_of_more_than_8192_octets_is_refused() {
    let (messages, _) = raw(vec![vec![]], [], &8193u32.to_ne_bytes());
    assert_eq!(messages[1]["error"]["code"], "ERR_WEBEID_NATIVE_INVALID_ARGUMENT");
    let (messages, _) = raw(vec![vec![]], [], &u32::MAX.to_ne_bytes());
    assert_eq!(messages[1]["error"]["code"], "ERR_WEBEID_NATIVE_INVALID_ARGUMENT");
}

#[test]
fn what_is_no_command_is_refused() {
    refused(json!([]));
    refused(json!({}));
    refused(json!({ "command": "format", "arguments": {} }));
    refused(json!({ "command": 1 }));
    refused(json!({ "command": "authenticate", "arguments": [] }));
}

#[test]
fn commands_take_exactly_their_arguments() {
    let good = json!({ "challengeNonce": CHALLENGE, "origin": ORIGIN });
    for (name, value) in [
        ("challengeNonce", json!("short")),
        ("challengeNonce", json!("x".repeat(129))),
        ("challengeNonce", json!("é".repeat(44))),
        ("challengeNonce", json!("x\n".repeat(22))),
        ("challengeNonce", Value::Null),
        ("origin", json!("http://idp.example")),
        ("origin", json!(7)),
        ("pin", json!("1234")),
        ("hash", json!("AA==")),
    ] {
        let mut arguments = good.clone();
        arguments[name] = value;
        refused(json!({ "command": "authenticate", "arguments": arguments }));
    }
    refused(json!({ "command": "get-signing-certificate", "arguments": {} }));
    refused(json!({ "command": "get-signing-certificate", "arguments": { "origin": ORIGIN, "type": "sign" } }));
}

#[test]
fn digests_must_be_as_long_as_their_function_says() {
    let good = json!({ "certificate": "MIIB", "hash": "", "hashFunction": "SHA-256", "origin": ORIGIN });
    for (name, value) in [
        ("hash", "AAAA"),
        ("hash", "not base64"),
        ("hashFunction", "SHA-1"),
        ("hashFunction", "sha-256"),
        ("certificate", "*"),
    ] {
        let mut arguments = good.clone();
        arguments[name] = json!(value);
        refused(json!({ "command": "sign", "arguments": arguments }));
    }
}
