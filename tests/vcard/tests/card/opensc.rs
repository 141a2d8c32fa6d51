//! Stock OpenSC: two tokens, signatures with both keys, PINs changed, blocked and unblocked.

use crate::bench::{Bench, MODULE, heard};
use std::process::Command;

/// Signs with the token of `slot` and lets OpenSSL verify with the certificate that OpenSC reads from it.
fn signs(bench: &Bench, slot: &str, id: &str, pin: &str) {
    let (digest, signature) = (bench.file("digest"), bench.file("signature"));
    let (certificate, key, data) = (bench.file("certificate"), bench.file("key"), bench.file("data"));
    std::fs::write(&data, "a document").unwrap();
    let paths = [&digest, &signature, &certificate, &key, &data].map(|path| path.to_str().unwrap().to_owned());
    let [digest, signature, certificate, key, data] = paths.each_ref().map(String::as_str);
    let openssl = |arguments: &[&str]| {
        let (succeeded, text) = heard(Command::new("openssl").args(arguments));
        assert!(succeeded, "openssl {arguments:?}:\n{text}");
        text
    };
    openssl(&["dgst", "-sha384", "-binary", "-out", digest, data]);
    let sign = [
        "--slot",
        slot,
        "--login",
        "--pin",
        pin,
        "--id",
        id,
        "-m",
        "ECDSA",
        "--signature-format",
        "openssl",
    ];
    let mut arguments = vec!["--module", MODULE, "--sign", "-i", digest, "-o", signature];
    arguments.extend(sign);
    bench.ok("pkcs11-tool", &arguments);
    bench.ok("pkcs15-tool", &["--read-certificate", id, "-o", certificate]);
    openssl(&["x509", "-in", certificate, "-pubkey", "-noout", "-out", key]);
    let verified = openssl(&["dgst", "-sha384", "-verify", key, "-signature", signature, data]);
    assert!(verified.contains("Verified OK"), "{verified}");
}

fn login(bench: &Bench, slot: &str, pin: &str) -> (bool, String) {
    bench.run(
        "pkcs11-tool",
        &[
            "--module",
            MODULE,
            "--slot",
            slot,
            "--login",
            "--pin",
            pin,
            "--list-objects",
        ],
    )
}

#[test]
fn opensc_sees_two_tokens_and_signs_with_both_keys() {
    let Some(bench) = Bench::with_card() else { return };
    let slots = bench.ok("pkcs11-tool", &["--module", MODULE, "--list-token-slots"]);
    assert!(
        slots.contains("TEST,VCARD (PIN1)") && slots.contains("TEST,VCARD (PIN2)"),
        "{slots}"
    );
    assert!(slots.contains("XK0000001"), "{slots}");
    signs(&bench, "0", "01", "1234");
    signs(&bench, "1", "02", "12345");
    // The card was talked to, and no PIN is in the trace.
    let trace = bench.trace();
    assert!(trace.contains("> 002000010c (12 octets not shown)"), "{trace}");
    assert!(!trace.contains("31323334ff") && !trace.contains("3132333435ff"));
}

#[test]
fn opensc_changes_blocks_and_unblocks_both_pins() {
    let Some(bench) = Bench::with_card() else { return };
    for (slot, id, old, new, third) in [
        ("0", "01", "1234", "4321", "2468"),
        ("1", "02", "12345", "54321", "24680"),
    ] {
        bench.ok(
            "pkcs15-tool",
            &["--change-pin", "--auth-id", id, "--pin", old, "--new-pin", new],
        );
        assert!(login(&bench, slot, new).0);
        for _ in 0..3 {
            assert!(!login(&bench, slot, old).0);
        }
        let (succeeded, text) = login(&bench, slot, new);
        assert!(!succeeded && text.contains("CKR_PIN_LOCKED"), "{text}");
        let slots = bench.ok("pkcs11-tool", &["--module", MODULE, "--list-token-slots"]);
        assert!(slots.contains("user PIN locked"), "{slots}");
        bench.ok(
            "pkcs15-tool",
            &[
                "--unblock-pin",
                "--auth-id",
                id,
                "--puk",
                "12345678",
                "--new-pin",
                third,
            ],
        );
        assert!(!login(&bench, slot, new).0);
        signs(&bench, slot, id, third);
    }
}

#[test]
fn a_card_that_was_taken_out_comes_back_with_its_counters() {
    let Some(mut bench) = Bench::with_card() else { return };
    assert!(!login(&bench, "0", "9999").0);
    bench.take_out();
    let slots = bench.ok("pkcs11-tool", &["--module", MODULE, "--list-slots"]);
    assert!(!slots.contains("TEST,VCARD"), "{slots}");
    bench.insert();
    let pins = bench.ok("pkcs15-tool", &["--list-pins"]);
    assert!(pins.contains("Tries left     : 2"), "{pins}");
    signs(&bench, "0", "01", "1234");
}
