//! A machine that is lost and made again out of its backup: of every certificate it says what it said before, its audit logs
//! hold, people sign on (reference/ca.md D-02).

use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::{X509, X509ReqBuilder};
use signum::app::Databases;
use signum::layout::Layout;
use signum_core::config::Secret;
use signum_core::contract::{
    CertificateAuthority, CertificateRequest, CertificateStatus, IssuedCertificate, KeyOrigin, LeafProfile, PersonName,
    StatusAt,
};
use signum_core::{Clock, SystemClock, Timestamp};
use signum_pki::{CertStatus, verify_ocsp};
use signum_tests::app::{Said, Stopped, TestApp};
use signum_tests::{database, trip};

async fn issued(app: &TestApp, number: u8) -> IssuedCertificate {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut request = X509ReqBuilder::new().unwrap();
    request.set_pubkey(&key).unwrap();
    request.sign(&key, MessageDigest::sha256()).unwrap();
    let request = CertificateRequest {
        idempotency_key: [number; 16],
        profile: LeafProfile::CitizenAuthentication,
        person: PersonName {
            given_name: "Ylbërë".to_owned(),
            surname: "Shembulli".to_owned(),
            personal_number: format!("123456780{number}"),
        },
        pkcs10: request.build().to_der().unwrap(),
        key_origin: KeyOrigin::Unknown,
    };
    app.parts().ca.issue(request).await.unwrap()
}

fn serial(issued: &IssuedCertificate) -> Vec<u8> {
    let certificate = X509::from_der(&issued.certificate).unwrap();
    certificate.serial_number().to_bn().unwrap().to_vec()
}

/// By OCSP now, and by history at a moment that has passed.
async fn told(app: &TestApp, issued: &IssuedCertificate, at: Timestamp) -> (CertStatus, StatusAt) {
    let (ca, issuer) = (&app.parts().ca, &issued.chain[0]);
    let answer = ca.ocsp(&issued.certificate, issuer).await.unwrap();
    let now = app.clock.now().seconds();
    let status = verify_ocsp(&answer, &issued.certificate, issuer, now, 86_400).unwrap();
    let contract: &dyn CertificateStatus = &**ca;
    (status, contract.status_at(&serial(issued), at).await.unwrap())
}

async fn all_told(app: &TestApp, all: &[IssuedCertificate], at: Timestamp) -> Vec<(CertStatus, StatusAt)> {
    let mut said = Vec::new();
    for one in all {
        said.push(told(app, one, at).await);
    }
    said
}

/// The newest signed checkpoint of each log.
async fn heads(stopped: &Stopped) -> Vec<String> {
    let mut heads = Vec::new();
    for service in ["ca", "idp", "signer"] {
        let db = Databases::one(&stopped.config, &stopped.layout, service).await.unwrap();
        let sql = "SELECT note FROM audit_checkpoint ORDER BY tree_size DESC LIMIT 1";
        heads.push(db.opt(sql, vec![]).await.unwrap().unwrap().get("note").unwrap());
        db.close().await;
    }
    heads
}

/// Another machine: nothing of the first one's is on it, and its databases are empty.
async fn another_machine(lost: &Stopped, folder: &std::path::Path) -> Stopped {
    let mut other = lost.clone();
    other.layout = Layout::create(folder).unwrap();
    let address = async |service| Secret::new(database::fresh(service, &other.layout.path("db")).await);
    let addresses = [address("ca").await, address("idp").await, address("signer").await];
    let [ca, idp, signer] = addresses;
    let database = &mut other.config.database;
    (database.ca, database.idp, database.signer) = (ca, idp, signer);
    other
}

#[track_caller]
fn good(said: Said) -> String {
    assert!(said.good, "{}", said.text);
    said.text
}

#[track_caller]
fn refused(said: Said, why: &str) {
    assert!(!said.good && said.text.contains(why), "{}", said.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_made_again_from_its_backup_says_and_does_what_the_lost_one_did() {
    let elsewhere = tempfile::tempdir().unwrap();
    let out = elsewhere.path().join("backup").display().to_string();
    let mut app = TestApp::start().await;
    let mut person = trip::signatory(&mut app).await;
    let certificates = [issued(&app, 1).await, issued(&app, 2).await, issued(&app, 3).await];
    let ca = &app.parts().ca;
    CertificateAuthority::suspend(&**ca, &serial(&certificates[1]))
        .await
        .unwrap();
    CertificateAuthority::revoke(&**ca, &serial(&certificates[2]), 4)
        .await
        .unwrap();
    let at = SystemClock.now();
    let before = all_told(&app, &certificates, at).await;
    assert!(matches!(before[0].0, CertStatus::Good), "{before:?}");
    assert!(
        matches!(before[1].0, CertStatus::Revoked { reason: 6, .. }),
        "{before:?}"
    );
    assert!(
        matches!(before[2].0, CertStatus::Revoked { reason: 4, .. }),
        "{before:?}"
    );
    for log in app.logs() {
        log.close().await.unwrap();
    }

    let said = good(app.signum(&["backup", "--out", &out]));
    assert!(said.contains("PINs"), "{said}");
    refused(app.signum(&["backup", "--out", &out]), "is there already");
    let inside = app.layout.path("backup").display().to_string();
    refused(app.signum(&["backup", "--out", &inside]), "outside the data folder");
    // What happens after a backup is not in it.
    let later = issued(&app, 4).await;
    let lost = app.stop_and_keep().await;

    let other = another_machine(&lost, &elsewhere.path().join("var")).await;
    let said = good(other.signum(&["restore", "--from", &out]));
    assert!(said.contains("checkpoints hold"), "{said}");
    refused(other.signum(&["restore", "--from", &out]), "has files in it");
    for head in heads(&other).await {
        let kept = elsewhere.path().join("kept");
        std::fs::write(&kept, &head).unwrap();
        let service = head.lines().next().unwrap().rsplit('/').next().unwrap().to_owned();
        // The lost machine's log goes on from there: it is the same one.
        let verify = ["audit", "verify", "--kept", &kept.display().to_string()].map(str::to_owned);
        let verify: Vec<&str> = verify.iter().map(String::as_str).collect();
        assert!(lost.signum(&verify).good, "{service}");
        assert!(other.signum(&verify).good, "{service}");
    }

    let app = other.start().await.unwrap();
    assert_eq!(all_told(&app, &certificates, at).await, before);
    let unknown = CertificateStatus::status_at(&*app.parts().ca, &serial(&later), at).await;
    assert!(unknown.is_ok_and(|status| format!("{status:?}").contains("NotIssued")));
    // The person's key is in the new machine's module, and so is the CA's in its token.
    trip::log_in_at_signer(&app, &mut person).await;
    let confirm = trip::upload(&app, &person, trip::decision()).await;
    let signed = trip::sign(&mut person, &confirm).await;
    assert!(signed.starts_with(&trip::decision()));
    issued(&app, 5).await;
    let other = app.stop_and_keep().await;
    good(other.signum(&["audit", "verify"]));

    // A backup that somebody changed makes no machine.
    let third = another_machine(&lost, &elsewhere.path().join("third")).await;
    let pin = elsewhere.path().join("backup/files/secrets/ca.pin");
    std::fs::write(&pin, "000000").unwrap();
    refused(
        third.signum(&["restore", "--from", &out]),
        "ca.pin is not what was written",
    );
    assert!(!third.layout.pin("ca").exists());
}
