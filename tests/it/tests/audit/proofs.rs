//! Proofs, witnesses and bundles of a whole platform, over HTTP and by command.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use signum::app::Databases;
use signum_core::audit::{Checkpoint, Log, VerifierKey};
use signum_tests::app::{Stopped, TestApp};
use signum_tests::witness::Witness;

fn key(app: &TestApp, service: &str) -> VerifierKey {
    std::fs::read_to_string(app.layout.audit_key(service))
        .unwrap()
        .parse()
        .unwrap()
}

fn log<'a>(app: &'a TestApp, service: &str) -> &'a Log {
    app.logs().iter().find(|log| log.service() == service).unwrap()
}

async fn get(address: &str) -> (u16, Vec<u8>) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(address).send().await.unwrap();
    (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
}

async fn text(address: &str) -> String {
    let (status, body) = get(address).await;
    assert_eq!(status, 200, "{address}");
    String::from_utf8(body).unwrap()
}

#[tokio::test]
async fn a_witness_signs_beside_the_log_and_sees_that_it_was_rolled_back() {
    let witness = Witness::start().await;
    let setting = witness.setting();
    let app = TestApp::start_with(|config| config.audit.witnesses = vec![setting]).await;
    witness.watch(&key(&app, "idp"));
    let idp = log(&app, "idp");
    idp.close().await.unwrap();
    let older = idp.signed_size().await.unwrap();
    app.new_person().await;
    idp.close().await.unwrap();
    // The job may have been there first.
    idp.ask_witnesses().await.unwrap();
    let note = text(&format!("{}/audit/idp/checkpoint", app.pki)).await;
    let own = Checkpoint::open(&note, &key(&app, "idp")).unwrap();
    let seen = Checkpoint::signed_by(&note, &witness.key).unwrap().unwrap();
    assert_eq!(own.head, seen.head);
    assert!(own.head.size > older);
    // Logs that nobody told the witness about go on all the same.
    log(&app, "ca").close().await.unwrap();
    assert_eq!(log(&app, "ca").ask_witnesses().await.unwrap(), 0);
    let problem = log(&app, "ca")
        .witness_states()
        .await
        .unwrap()
        .remove(0)
        .problem
        .unwrap();
    assert!(problem.contains("does not know this log"), "{problem}");

    let stopped = app.stop_and_keep().await;
    roll_back(&stopped, older).await;
    let verified = stopped.signum(&["audit", "verify", "--service", "idp"]);
    assert!(verified.good, "the database alone cannot tell: {verified:?}");
    let app = stopped.start().await.unwrap();
    let idp = log(&app, "idp");
    idp.close().await.unwrap();
    assert_eq!(idp.ask_witnesses().await.unwrap(), 0);
    let problem = idp.witness_states().await.unwrap().remove(0).problem.unwrap();
    assert!(
        problem.contains("rolled back") || problem.contains("no consistency"),
        "{problem}"
    );
    app.stop().await;
}

/// A backup of an older day is put back.
async fn roll_back(stopped: &Stopped, size: u64) {
    let db = Databases::one(&stopped.config, &stopped.layout, "idp").await.unwrap();
    let size = i64::try_from(size).unwrap();
    let cut = db.run("cut", |tx| async move {
        for sql in [
            "DELETE FROM audit_event WHERE leaf_index >= $1 OR leaf_index IS NULL",
            "DELETE FROM audit_checkpoint WHERE tree_size > $1",
            "DELETE FROM audit_cosignature WHERE tree_size > $1",
        ] {
            tx.exec(sql, signum_core::params![size]).await?;
        }
        Ok::<_, signum_core::DbError>(())
    });
    cut.await.unwrap();
    db.close().await;
}

#[tokio::test]
async fn strangers_fetch_hashes_and_proofs_and_no_entries() {
    let app = TestApp::start().await;
    log(&app, "ca").close().await.unwrap();
    let at = |path: &str| format!("{}/audit/ca/{path}", app.pki);
    let note = text(&at("checkpoint")).await;
    let size = Checkpoint::open(&note, &key(&app, "ca")).unwrap().head.size;
    let (status, tile) = get(&at(&format!("tile/0/000.p/{size}"))).await;
    assert_eq!((status, tile.len() as u64), (200, 32 * size));
    assert_eq!(get(&at(&format!("tile/entries/000.p/{size}"))).await.0, 404);
    let proof: serde_json::Value = serde_json::from_str(&text(&at("proof/inclusion/0")).await).unwrap();
    assert_eq!(
        STANDARD.decode(proof["leaf_hash"].as_str().unwrap()).unwrap(),
        tile[..32]
    );
    app.stop().await;
}

#[tokio::test]
async fn each_log_says_which_configuration_was_started() {
    let app = TestApp::start().await;
    let stopped = app.stop_and_keep().await;
    let expected = hex::encode(Sha256::digest(signum_core::config::show(&stopped.config)));
    for service in ["ca", "idp", "signer"] {
        let db = Databases::one(&stopped.config, &stopped.layout, service).await.unwrap();
        let sql = "SELECT detail FROM audit_event WHERE kind = 'configuration.loaded'";
        let detail: String = db.opt(sql, vec![]).await.unwrap().unwrap().get("detail").unwrap();
        assert!(detail.contains(&expected), "{detail}");
        assert!(!detail.contains("postgres"), "{detail}");
        db.close().await;
    }
}

#[tokio::test]
async fn a_bundle_is_verified_without_the_platform_and_its_first_odd_entry_is_named() {
    let app = TestApp::start().await;
    app.new_person().await;
    let stopped = app.stop_and_keep().await;
    let folder = stopped.layout.path("bundle");
    let out = folder.display().to_string();
    let exported = stopped.signum(&["audit", "export", "--out", &out]);
    assert!(exported.good, "{exported:?}");
    let verified = stopped.signum(&["audit", "verify", "--bundle", &out]);
    assert!(verified.good, "{verified:?}");
    assert!(
        !stopped.signum(&["audit", "export", "--out", &out]).good,
        "nothing is written over"
    );

    let entries = std::fs::read_dir(folder.join("ca/tile/entries/000.p"));
    let file = entries.unwrap().next().unwrap().unwrap().path();
    let mut octets = std::fs::read(&file).unwrap();
    let last = octets.len() - 1;
    octets[last] ^= 1;
    std::fs::write(&file, &octets).unwrap();
    let count: u64 = file.file_name().unwrap().to_str().unwrap().parse().unwrap();
    let verified = stopped.signum(&["audit", "verify", "--bundle", &out, "--service", "ca"]);
    assert!(!verified.good);
    let expected = format!("event {}: it is not the entry that was signed", count - 1);
    assert!(verified.text.contains(&expected), "{verified:?}");
    assert!(
        stopped
            .signum(&["audit", "verify", "--bundle", &out, "--service", "idp"])
            .good
    );
}

#[tokio::test]
async fn a_subscriber_gets_a_receipt_for_their_certificate_and_for_no_other() {
    let app = TestApp::start().await;
    let stopped = app.stop_and_keep().await;
    let of = |name: &str| {
        stopped
            .layout
            .path(&format!("ceremony/{name}.der"))
            .display()
            .to_string()
    };
    let receipt = stopped.signum(&["audit", "receipt", "--certificate", &of("qsig")]);
    assert!(receipt.good, "{receipt:?}");
    let file = stopped.layout.path("receipt.json").display().to_string();
    std::fs::write(&file, &receipt.text).unwrap();
    let check = |certificate: &str| {
        stopped.signum(&[
            "audit",
            "check-receipt",
            "--receipt",
            &file,
            "--certificate",
            certificate,
        ])
    };
    assert!(
        check(&of("qsig")).text.contains("Issued at"),
        "{:?}",
        check(&of("qsig"))
    );
    let other = check(&of("auth"));
    assert!(!other.good && other.text.contains("another certificate"), "{other:?}");
    std::fs::write(&file, receipt.text.replace("root:", "auth:")).unwrap();
    assert!(!check(&of("qsig")).good);
}

#[tokio::test]
async fn a_record_is_forgotten_by_command_and_the_log_still_holds() {
    let app = TestApp::start().await;
    app.new_person().await;
    log(&app, "idp").close().await.unwrap();
    let stopped = app.stop_and_keep().await;
    let db = Databases::one(&stopped.config, &stopped.layout, "idp").await.unwrap();
    let sql = "SELECT subject FROM audit_event WHERE kind = 'person.added' ORDER BY leaf_index DESC LIMIT 1";
    let subject: String = db.opt(sql, vec![]).await.unwrap().unwrap().get("subject").unwrap();
    let forget = ["audit", "erase", "--service", "idp", "--subject", &subject];
    let said = stopped.signum(&forget);
    assert!(said.good && said.text.contains("events forgotten"), "{said:?}");
    assert!(said.text.contains("had their texts erased"), "{said:?}");
    let left = "SELECT id FROM audit_event WHERE subject = $1";
    assert!(db.all(left, signum_core::params![&subject]).await.unwrap().is_empty());
    db.close().await;
    let verified = stopped.signum(&["audit", "verify"]);
    assert!(verified.good, "{verified:?}");
    let nobody = stopped.signum(&forget);
    assert!(
        !nobody.good && nobody.text.contains("no event of this log"),
        "{nobody:?}"
    );
}
