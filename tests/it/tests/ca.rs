//! An operator changes the status of certificates by command, beside a Signum that is stopped.

use std::path::Path;
use std::process::{Command, Output};

use signum::children::executable;
use signum_tests::app::{Stopped, TestApp};

fn signum(stopped: &Stopped, arguments: &[&str]) -> Output {
    command(stopped, arguments).output().unwrap()
}

/// `signum` with arguments, beside the stopped one.
pub fn command(stopped: &Stopped, arguments: &[&str]) -> Command {
    let addresses = &stopped.config.database;
    let mut command = Command::new(executable("signum").unwrap());
    command
        .arg("--var")
        .arg(stopped.layout.root())
        .args(arguments)
        .env("SOFTHSM2_CONF", stopped.layout.path("softhsm2.conf"))
        .env("SIGNUM__CA__PUBLIC_URL", &stopped.config.ca.public_url)
        .env("SIGNUM__DATABASE__CA", addresses.ca.expose())
        .env("SIGNUM__DATABASE__IDP", addresses.idp.expose())
        .env("SIGNUM__DATABASE__SIGNER", addresses.signer.expose());
    command
}

/// What it printed, when it succeeded.
fn done(stopped: &Stopped, arguments: &[&str]) -> String {
    let output = signum(stopped, arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// What it complained of.
fn refused(stopped: &Stopped, arguments: &[&str]) -> String {
    let output = signum(stopped, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn openssl(arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn serial(certificate: &Path, form: &str) -> String {
    let file = certificate.display().to_string();
    let line = openssl(&["x509", "-in", &file, "-inform", form, "-noout", "-serial"]);
    line.trim().trim_start_matches("serial=").to_owned()
}

/// The serial number of a certificate for a key that somebody else holds.
fn issued(stopped: &Stopped) -> String {
    let path = |name: &str| stopped.layout.path(name).display().to_string();
    let (key, request, certificate) = (path("card.key"), path("card.csr"), path("card.pem"));
    let new = [
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=x",
    ];
    openssl(&[&new[..], &["-keyout", &key, "-out", &request]].concat());
    let person = [
        "--given-name",
        "Test",
        "--family-name",
        "Shembulli",
        "--personal-number",
        "1234567892",
    ];
    let issue = [
        "ca",
        "issue",
        "--profile",
        "citizen-authentication",
        "--csr",
        &request,
        "--out",
        &certificate,
    ];
    done(stopped, &[&issue[..], &person[..]].concat());
    serial(Path::new(&certificate), "PEM")
}

#[tokio::test]
async fn an_operator_suspends_reinstates_and_revokes_by_command_and_reads_the_history() {
    let stopped = TestApp::start().await.stop_and_keep().await;
    let serial = issued(&stopped);
    assert!(done(&stopped, &["ca", "history", &serial]).contains(": good"));
    let suspended = done(&stopped, &["ca", "suspend", &serial, "--officer", "desk-7"]);
    assert!(suspended.starts_with("suspended since "), "{suspended}");
    assert_eq!(done(&stopped, &["ca", "reinstate", &serial]).trim(), "good");
    let revoke = [
        "ca",
        "revoke",
        &serial,
        "--reason",
        "4",
        "--invalid-since",
        "2026-01-01T00:00:00Z",
    ];
    assert!(done(&stopped, &revoke).contains("(reason 4)"));
    assert!(refused(&stopped, &["ca", "suspend", &serial]).contains("not possible"));
    assert!(refused(&stopped, &["ca", "suspend", "0102"]).contains("no such certificate"));

    let history = done(&stopped, &["ca", "history", &serial]);
    for said in [
        "suspended, asked by officer:desk-7",
        "reinstated, asked by operator",
        "revoked (reason 4), asked by operator, doubtful since 2026-01-01T00:00:00Z",
    ] {
        assert!(history.contains(said), "{history}");
    }
    let before = done(&stopped, &["ca", "history", &serial, "--at", "2026-01-01T00:00:00Z"]);
    assert!(before.contains("not issued"), "{before}");
    refused(&stopped, &["ca", "history", &serial, "--at", "2999-01-01T00:00:00Z"]);
}

#[tokio::test]
async fn a_bulk_action_and_an_authority_s_end_need_more_than_the_command_line() {
    let stopped = TestApp::start().await.stop_and_keep().await;
    issued(&stopped);
    let prepare = [
        "ca",
        "bulk",
        "prepare",
        "--suspend",
        "--issuer",
        "auth",
        "--key",
        "p256",
        "--pace",
        "1000",
    ];
    let prepared = done(&stopped, &prepare);
    assert!(
        prepared.contains("suspend 1 certificates: issuer auth, key p256, until "),
        "{prepared}"
    );
    let id = prepared.lines().next().unwrap();
    assert!(refused(&stopped, &["ca", "bulk", "run", id]).contains("while it is prepared"));
    assert!(refused(&stopped, &["ca", "bulk", "approve", id]).contains("officers"));
    assert!(done(&stopped, &["ca", "bulk", "status"]).contains("0 done"));
    refused(&stopped, &["ca", "bulk", "prepare", "--suspend", "--pace", "1000"]);

    let authority = serial(&stopped.layout.path("ceremony/auth.der"), "DER");
    let alone = refused(&stopped, &["ca", "revoke", &authority, "--reason", "2"]);
    assert!(alone.contains("officers"), "{alone}");
    assert!(done(&stopped, &["ca", "history", &authority]).contains(": good"));
}

#[tokio::test]
async fn a_certificate_by_command_settles_changed_settings_as_a_start_does() {
    let stopped = TestApp::start().await.stop_and_keep().await;
    let db = signum::app::Databases::one(&stopped.config, &stopped.layout, "ca")
        .await
        .unwrap();
    let settled = async || {
        db.all("SELECT sequence FROM profile_settings", vec![])
            .await
            .unwrap()
            .len()
    };
    issued(&stopped);
    assert_eq!(
        settled().await,
        1,
        "nothing changed: the command's own liberty is no setting"
    );
    // As if an operator had changed a setting since.
    let other = db.run("other", |tx| async move {
        tx.exec(
            "UPDATE profile_settings SET settings = REPLACE(settings, '\"signature_days\":1096', '\"signature_days\":1')",
            vec![],
        )
        .await
    });
    assert_eq!(other.await.unwrap(), 1);
    issued(&stopped);
    assert_eq!(settled().await, 2);
    db.close().await;
}
