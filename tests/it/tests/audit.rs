//! The audit logs of a whole platform under the eyes of an auditor: `signum audit`, and OpenSSL as outside judge.

mod proofs;

use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use signum::app::Databases;
use signum::children::executable;
use signum_tests::app::{Stopped, TestApp};

/// Somebody activates their account; then the platform is stopped as by Ctrl-C.
async fn a_day_in_the_life() -> Stopped {
    let app = TestApp::start().await;
    for _ in 0..3 {
        app.new_person().await;
    }
    app.stop_and_keep().await
}

fn signum(stopped: &Stopped, arguments: &[&str]) -> Output {
    let addresses = &stopped.config.database;
    Command::new(executable("signum").unwrap())
        .arg("--var")
        .arg(stopped.layout.root())
        .args(arguments)
        .env("SIGNUM__DATABASE__CA", addresses.ca.expose())
        .env("SIGNUM__DATABASE__IDP", addresses.idp.expose())
        .env("SIGNUM__DATABASE__SIGNER", addresses.signer.expose())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

async fn tamper(stopped: &Stopped, sql: &'static str) {
    let db = Databases::one(&stopped.config, &stopped.layout, "idp").await.unwrap();
    let changed = db.run("tamper", |tx| async move { tx.exec(sql, vec![]).await });
    assert!(changed.await.unwrap() > 0, "{sql}");
    db.close().await;
}

#[tokio::test]
async fn an_auditor_sees_that_everything_holds_and_then_what_does_not() {
    let stopped = a_day_in_the_life().await;
    let verified = signum(&stopped, &["audit", "verify"]);
    assert!(verified.status.success(), "{}", said(&verified));
    assert!(said(&verified).contains("ca: "), "{}", said(&verified));
    let newest = signum(&stopped, &["audit", "checkpoint", "--service", "idp"]);
    assert!(newest.status.success(), "{}", said(&newest));
    let kept = stopped.layout.path("kept.txt");
    std::fs::write(&kept, &newest.stdout).unwrap();

    tamper(
        &stopped,
        "UPDATE audit_event SET subject = 'somebody else' WHERE leaf_index = 1",
    )
    .await;
    let verified = signum(&stopped, &["audit", "verify", "--service", "idp"]);
    assert!(!verified.status.success());
    assert!(
        said(&verified).contains("event 1: its subject was changed"),
        "{}",
        said(&verified)
    );
    let others = signum(&stopped, &["audit", "verify", "--service", "ca"]);
    assert!(others.status.success(), "{}", said(&others));

    // The careful intruder leaves an empty log behind; who kept a checkpoint still knows.
    tamper(&stopped, "DELETE FROM audit_event").await;
    tamper(&stopped, "DELETE FROM audit_checkpoint").await;
    let kept = kept.display().to_string();
    let verified = signum(&stopped, &["audit", "verify", "--kept", &kept]);
    assert!(!verified.status.success());
    assert!(said(&verified).contains("only 0 are there"), "{}", said(&verified));
}

#[tokio::test]
async fn openssl_verifies_a_checkpoint_with_nothing_of_ours() {
    let stopped = a_day_in_the_life().await;
    let note = signum(&stopped, &["audit", "checkpoint", "--service", "idp"]).stdout;
    let note = String::from_utf8(note).unwrap();
    let vkey = std::fs::read_to_string(stopped.layout.audit_key("idp")).unwrap();
    // As C2SP tlog-cosignature says: key id (4), time (8), signature (64) in base64 behind the key's name.
    let (text, lines) = note.split_once("\n\n").unwrap();
    // The timestamped one; the plain one follows.
    let line = lines.lines().next().unwrap();
    let name = text.lines().next().unwrap();
    let blob = STANDARD
        .decode(line.trim_end().strip_prefix(&format!("— {name} ")).unwrap())
        .unwrap();
    let time = u64::from_be_bytes(blob[4..12].try_into().unwrap());
    let key = STANDARD.decode(vkey.trim_end().splitn(3, '+').last().unwrap()).unwrap();
    // SubjectPublicKeyInfo of RFC 8410 section 4.
    let spki = [&hex::decode("302a300506032b6570032100").unwrap(), &key[1..]].concat();

    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, octets: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, octets).unwrap();
        path
    };
    let key = file("key.der", &spki);
    let signature = file("signature", &blob[12..]);
    let verifies = |message: &str| {
        let message = file("message", message.as_bytes());
        Command::new("openssl")
            .args(["pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey"])
            .arg(&key)
            .arg("-in")
            .arg(message)
            .arg("-sigfile")
            .arg(&signature)
            .output()
            .unwrap()
            .status
            .success()
    };
    let message = format!("cosignature/v1\ntime {time}\n{text}\n");
    assert!(verifies(&message), "{message}");
    assert!(!verifies(
        &message.replace(&format!("time {time}"), &format!("time {}", time + 1))
    ));
}
