//! `card-agent` as a browser starts it, over pcscd and vpcd, with the virtual card; what it signs is judged by OpenSSL.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use openssl::base64::{decode_block, encode_block};
use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::x509::X509;
use serde_json::{Value, json};
use signum_vcard::person::Person;

use crate::bench::{Bench, heard};

const ORIGIN: &str = "https://idp.example";
const CHALLENGE: &str = "12345678123456781234567812345678912356789123";

struct Desk {
    bench: Bench,
    person: Person,
}

impl Desk {
    fn with_card() -> Option<Self> {
        let bench = Bench::with_card()?;
        let person = Person::new(&bench.file("person")).unwrap();
        Some(Self { bench, person })
    }

    fn agent(&self) -> Command {
        let mut command = self.bench.stack.client(agent());
        command
            .env("PATH", self.person.path())
            .env("HOME", self.bench.file("home"))
            .env("SIGNUM_CARD_LOG", self.bench.file("log"))
            .env_remove("SIGNUM_CARD_DEVELOPMENT");
        command
    }

    /// One process, one command: what a browser's extension does. Gives the response.
    fn ask(&self, answers: &[&str], message: &Value) -> Value {
        self.person.answers(answers).unwrap();
        let mut process = self
            .agent()
            .arg("chrome-extension://nohildncbpgcoloidkeekkmkigigbdik/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = process.stdout.take().unwrap();
        let version = receive(&mut output);
        assert!(version["version"].as_str().unwrap().starts_with("2."), "{version}");
        let text = serde_json::to_vec(message).unwrap();
        let mut input = process.stdin.take().unwrap();
        input
            .write_all(&u32::try_from(text.len()).unwrap().to_ne_bytes())
            .unwrap();
        input.write_all(&text).unwrap();
        let response = receive(&mut output);
        assert!(process.wait().unwrap().success());
        assert_eq!(output.read(&mut [0]).unwrap(), 0, "one response alone");
        assert!(
            self.person.asked_everything().unwrap(),
            "{}",
            self.person.shown().unwrap()
        );
        response
    }

    fn authenticate(&self, answers: &[&str]) -> Value {
        let arguments = json!({ "challengeNonce": CHALLENGE, "origin": ORIGIN, "lang": "en" });
        self.ask(answers, &json!({ "command": "authenticate", "arguments": arguments }))
    }

    fn doctor(&self, lang: &str) -> (bool, String) {
        heard(self.agent().args(["doctor", "--lang", lang]))
    }
}

/// Beside the executables of this crate: `./test` builds the whole workspace before.
fn agent() -> PathBuf {
    let agent = Path::new(env!("CARGO_BIN_EXE_vcard")).with_file_name("card-agent");
    assert!(agent.exists(), "first: cargo build -p signum-card-agent");
    agent
}

fn receive(output: &mut impl Read) -> Value {
    let mut length = [0; 4];
    output.read_exact(&mut length).unwrap();
    let mut text = vec![0; u32::from_ne_bytes(length) as usize];
    output.read_exact(&mut text).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn sha384(octets: &[u8]) -> Vec<u8> {
    hash(MessageDigest::sha384(), octets).unwrap().to_vec()
}

fn verifies(certificate: &str, digest: &[u8], signature: &Value) -> bool {
    let certificate = X509::from_der(&decode_block(certificate).unwrap()).unwrap();
    let signature = decode_block(signature.as_str().unwrap()).unwrap();
    assert_eq!(signature.len(), 96);
    let (r, s) = signature.split_at(48);
    let (r, s) = (BigNum::from_slice(r).unwrap(), BigNum::from_slice(s).unwrap());
    let key = certificate.public_key().unwrap().ec_key().unwrap();
    EcdsaSig::from_private_components(r, s)
        .unwrap()
        .verify(digest, &key)
        .unwrap()
}

#[test]
fn a_log_in_token_holds_for_its_origin_and_challenge_alone() {
    let Some(desk) = Desk::with_card() else { return };
    let token = desk.authenticate(&["1234"]);
    assert_eq!(
        (&token["format"], &token["algorithm"]),
        (&json!("web-eid:1.0"), &json!("ES384"))
    );
    let certificate = token["unverifiedCertificate"].as_str().unwrap();
    let signed = |origin: &str, challenge: &str| {
        let both = [sha384(origin.as_bytes()), sha384(challenge.as_bytes())].concat();
        verifies(certificate, &sha384(&both), &token["signature"])
    };
    assert!(signed(ORIGIN, CHALLENGE));
    assert!(!signed("https://idp.example.evil", CHALLENGE));
    assert!(!signed(ORIGIN, &CHALLENGE.replace('9', "8")));
    let shown = desk.person.shown().unwrap();
    assert!(
        shown.contains("SETDESC https://idp.example%0A") && shown.contains("TEST,VCARD"),
        "{shown}"
    );
    assert!(shown.contains("Tries left: 3"), "{shown}");
    // Nobody else finds PIN1 verified: the card was reset.
    let mut scriptor = desk
        .bench
        .stack
        .client("scriptor")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    scriptor.stdin.take().unwrap().write_all(b"00 20 00 01\n").unwrap();
    let said = String::from_utf8(scriptor.wait_with_output().unwrap().stdout).unwrap();
    assert!(said.contains("< 63 C3"), "{said}");
}

#[test]
fn a_signature_takes_the_certificate_that_was_shown_and_pin2() {
    let Some(desk) = Desk::with_card() else { return };
    let arguments = json!({ "origin": ORIGIN, "lang": "en" });
    let shown = desk.ask(
        &["yes"],
        &json!({ "command": "get-signing-certificate", "arguments": arguments }),
    );
    let certificate = shown["certificate"].as_str().unwrap().to_owned();
    let algorithm = json!({ "cryptoAlgorithm": "ECC", "hashFunction": "SHA-256", "paddingScheme": "NONE" });
    assert!(
        shown["supportedSignatureAlgorithms"]
            .as_array()
            .unwrap()
            .contains(&algorithm)
    );
    let digest = hash(MessageDigest::sha256(), b"a document").unwrap();
    let sign = |certificate: &str, origin: &str| {
        json!({ "command": "sign", "arguments": {
            "certificate": certificate, "hash": encode_block(&digest), "hashFunction": "SHA-256",
            "origin": origin, "lang": "en",
        }})
    };
    let signed = desk.ask(&["12345"], &sign(&certificate, ORIGIN));
    assert_eq!(signed["signatureAlgorithm"], algorithm);
    assert!(verifies(&certificate, &digest, &signed["signature"]));
    let first_groups = hex::encode_upper(&digest[..4]);
    let grouped = format!("{} {}", &first_groups[..4], &first_groups[4..]);
    assert!(desk.person.shown().unwrap().contains(&grouped));
    // PIN1 is not PIN2, another certificate is not this one, and a page over plain http gets nothing.
    let refused = desk.ask(&["1234", "cancel"], &sign(&certificate, ORIGIN));
    assert_eq!(refused["error"]["code"], "ERR_WEBEID_USER_CANCELLED");
    let refused = desk.ask(&[], &sign("MIIB", ORIGIN));
    assert_eq!(refused["error"]["code"], "ERR_WEBEID_NATIVE_INVALID_ARGUMENT");
    let refused = desk.ask(&[], &sign(&certificate, "http://idp.example"));
    assert_eq!(refused["error"]["code"], "ERR_WEBEID_NATIVE_INVALID_ARGUMENT");
}

#[test]
fn wrong_pins_count_down_one_for_each_that_was_typed_and_a_blocked_card_is_told() {
    let Some(desk) = Desk::with_card() else { return };
    let declined = desk.authenticate(&["9999", "8888", "cancel"]);
    assert_eq!(declined["error"]["code"], "ERR_WEBEID_USER_CANCELLED");
    assert!(
        desk.person.shown().unwrap().contains("One try is left for PIN1"),
        "{}",
        desk.person.shown().unwrap()
    );
    assert!(desk.doctor("en").1.contains("PIN1: tries left 1"));
    let blocked = desk.authenticate(&["yes", "7777", "yes"]);
    assert_eq!(blocked["error"]["message"], "PIN1 is blocked");
    let verifications = desk.bench.trace().matches("> 002000010c").count();
    assert_eq!(verifications, 3);
    let still = desk.authenticate(&["yes"]);
    assert_eq!(still["error"]["message"], "PIN1 is blocked");
    assert_eq!(desk.bench.trace().matches("> 002000010c").count(), 3);
    let (fine, report) = desk.doctor("en");
    assert!(!fine && report.contains("[missing] PIN1 is blocked."), "{report}");
    // With the PUK it works again.
    desk.bench.ok(
        "pkcs15-tool",
        &[
            "--unblock-pin",
            "--auth-id",
            "01",
            "--puk",
            "12345678",
            "--new-pin",
            "2468",
        ],
    );
    assert_eq!(desk.authenticate(&["2468"])["algorithm"], "ES384");
    let log = std::fs::read_to_string(desk.bench.file("log")).unwrap();
    assert!(log.contains("> 002000010c (12 octets not shown)"));
    for digits in ["39393939", "37373737", "32343638"] {
        assert!(!log.contains(digits) && !desk.bench.trace().contains(digits));
    }
}

#[test]
fn the_doctor_names_what_is_missing_in_order() {
    let Some(mut desk) = Desk::with_card() else { return };
    let (fine, report) = desk.doctor("en");
    assert!(
        !fine && report.contains("[missing] No browser knows this program."),
        "{report}"
    );
    let (installed, text) = heard(desk.agent().arg("install"));
    assert!(installed, "{text}");
    let (fine, report) = desk.doctor("en");
    assert!(fine, "{report}");
    assert!(
        report.contains("[ok]      eID card: TEST,VCARD, number XK0000001"),
        "{report}"
    );
    assert!(
        report.contains("[ok]      PIN2: tries left 3") && report.contains("[ok]      Firefox knows"),
        "{report}"
    );
    desk.bench.take_out();
    let (fine, report) = desk.doctor("sq");
    assert!(
        !fine && report.contains("[missing] Nuk ka kartë në lexues."),
        "{report}"
    );
    // A missing card is asked for, and cancelling is no error of the machine.
    assert_eq!(
        desk.authenticate(&["cancel"])["error"]["code"],
        "ERR_WEBEID_USER_CANCELLED"
    );
    let nowhere = desk.bench.file("nowhere");
    let (fine, report) = heard(
        desk.agent()
            .arg("doctor")
            .env("PCSCLITE_CSOCK_NAME", nowhere)
            .env("LANG", "en"),
    );
    assert!(
        !fine && report.contains("[missing] The smart card service does not run."),
        "{report}"
    );
}

#[test]
fn what_ends_a_status_needs_no_card() {
    let Some(mut desk) = Desk::with_card() else { return };
    desk.bench.take_out();
    assert_eq!(desk.ask(&[], &json!({ "command": "quit", "arguments": {} })), json!({}));
}

#[test]
fn a_browser_that_closes_takes_its_pin_window_along_and_spends_no_try() {
    let Some(desk) = Desk::with_card() else { return };
    desk.person.answers(&["hang"]).unwrap();
    let mut process = desk
        .agent()
        .arg("chrome-extension://nohildncbpgcoloidkeekkmkigigbdik/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = process.stdout.take().unwrap();
    receive(&mut output);
    let arguments = json!({ "challengeNonce": CHALLENGE, "origin": ORIGIN, "lang": "en" });
    let text = serde_json::to_vec(&json!({ "command": "authenticate", "arguments": arguments })).unwrap();
    let mut input = process.stdin.take().unwrap();
    input
        .write_all(&u32::try_from(text.len()).unwrap().to_ne_bytes())
        .unwrap();
    input.write_all(&text).unwrap();
    drop(input);
    assert_eq!(receive(&mut output)["error"]["code"], "ERR_WEBEID_USER_TIMEOUT");
    assert!(process.wait().unwrap().success());
    let (_, told) = desk.doctor("en");
    assert!(told.contains("PIN1: tries left 3"), "{told}");
}
