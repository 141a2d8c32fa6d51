//! Log-in with a card that our own CA issued, its status asked of our own responder over HTTP.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use openssl::x509::{X509NameBuilder, X509ReqBuilder};
use serde_json::{Value as Json, json};
use signum_core::contract::{
    CertificateAuthority, CertificateRequest, IssuedCertificate, KeyOrigin, LeafProfile, PersonName,
};
use signum_tests::app::TestApp;
use signum_tests::relying_party;
use signum_tests::visitor::{Answer, Visitor};
use signum_tests::workspace::root;

struct Card {
    key: PKey<Private>,
    authentication: IssuedCertificate,
    signing: IssuedCertificate,
}

fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::SECP384R1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn pkcs10(key: &PKey<Private>) -> Vec<u8> {
    let mut request = X509ReqBuilder::new().unwrap();
    let name = X509NameBuilder::new().unwrap().build();
    request.set_subject_name(&name).unwrap();
    request.set_pubkey(key).unwrap();
    request.sign(key, MessageDigest::sha384()).unwrap();
    request.build().to_der().unwrap()
}

async fn issued(app: &TestApp, number: &str, profile: LeafProfile, key: &PKey<Private>) -> IssuedCertificate {
    let mut idempotency_key = [0; 16];
    openssl::rand::rand_bytes(&mut idempotency_key).unwrap();
    let person = PersonName {
        given_name: "Arta".to_owned(),
        surname: "Shembulli".to_owned(),
        personal_number: number.to_owned(),
    };
    let request = CertificateRequest {
        idempotency_key,
        profile,
        person,
        pkcs10: pkcs10(key),
        key_origin: KeyOrigin::Card,
    };
    app.parts().ca.issue(request).await.expect("a certificate")
}

/// Of the person with this number.
async fn card(app: &TestApp, number: &str) -> Card {
    let (key, signing_key) = (key(), key());
    Card {
        authentication: issued(app, number, LeafProfile::CitizenAuthentication, &key).await,
        signing: issued(app, number, LeafProfile::CitizenSignature, &signing_key).await,
        key,
    }
}

fn token(key: &PKey<Private>, certificate: &[u8], origin: &str, nonce: &str) -> Json {
    let digest = MessageDigest::sha384();
    let mut message = hash(digest, origin.as_bytes()).unwrap().to_vec();
    message.extend_from_slice(&hash(digest, nonce.as_bytes()).unwrap());
    let signed = Signer::new(digest, key).unwrap().sign_oneshot_to_vec(&message).unwrap();
    let signed = EcdsaSig::from_der(&signed).unwrap();
    let mut raw = signed.r().to_vec_padded(48).unwrap();
    raw.extend(signed.s().to_vec_padded(48).unwrap());
    json!({
        "unverifiedCertificate": STANDARD.encode(certificate),
        "algorithm": "ES384",
        "signature": STANDARD.encode(raw),
        "format": "web-eid:1.0",
        "appVersion": "https://example.org/card/1.0.0",
    })
}

/// A fresh browser at the door with this card; what the log-in was answered.
async fn attempt(app: &TestApp, change: impl FnOnce(&str) -> Json) -> (Visitor, Answer) {
    let visitor = Visitor::new();
    let request = relying_party::request(app);
    let page = visitor.follow(&request.url, &app.redirect_uri).await.expect(200);
    let challenge = page.url.join(&page.attribute("data-challenge")).unwrap();
    let asked = visitor
        .request(reqwest::Method::GET, challenge.as_str())
        .header("x-csrf-token", page.csrf());
    let nonce = visitor.send(asked).await.expect(200).json()["nonce"]
        .as_str()
        .unwrap()
        .to_owned();
    let token = change(&nonce);
    let answer = visitor.post_json(&page, &page.attribute("data-login"), &token).await;
    (visitor, answer)
}

async fn log_in(app: &TestApp, card: &Card) -> (Visitor, Answer) {
    attempt(app, |nonce| {
        token(&card.key, &card.authentication.certificate, &app.idp, nonce)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_of_our_own_authority_logs_in_until_it_is_suspended_and_again_when_it_is_reinstated() {
    // Nothing proves yet where a card's signature key was made.
    let app = TestApp::start_with(|config| config.ca.signature_keys_of_unknown_origin = true).await;
    // As the harness numbers its people.
    let number = format!("9{:09}", app.parts().people.count().await.unwrap());
    app.new_person().await;
    let card = card(&app, &number).await;
    let (visitor, answer) = log_in(&app, &card).await;
    let next = answer.expect(200).json()["next"].as_str().unwrap().to_owned();
    let consent = visitor.follow(format!("{}{next}", app.idp), &app.redirect_uri).await;
    consent.expect(200);

    let serial = serial(&card.authentication.certificate);
    let ca = app.parts().ca.clone();
    // Longer than a good answer is remembered.
    app.clock.advance(std::time::Duration::from_secs(21));
    ca.suspend(&serial).await.unwrap();
    let (_, refused) = log_in(&app, &card).await;
    assert_eq!(refused.problem(), "card_revoked");
    ca.reinstate(&serial).await.unwrap();
    log_in(&app, &card).await.1.expect(200);

    let stranger = crate::card::card(&app, "1000000009").await;
    assert_eq!(log_in(&app, &stranger).await.1.problem(), "card_refused");
    let (_, wrong) = attempt(&app, |nonce| {
        token(&card.key, &card.signing.certificate, &app.idp, nonce)
    })
    .await;
    assert_eq!(
        wrong.problem(),
        "card_other",
        "the certificate for signatures is for no log-in"
    );
    let (_, complete) = attempt(&app, |nonce| {
        let mut token = token(&card.key, &card.authentication.certificate, &app.idp, nonce);
        token["format"] = json!("web-eid:1.1");
        token["unverifiedSigningCertificates"] = json!([{
            "certificate": STANDARD.encode(&card.signing.certificate),
            "supportedSignatureAlgorithms": [
                {"cryptoAlgorithm": "ECC", "hashFunction": "SHA-384", "paddingScheme": "NONE"},
            ],
        }]);
        token
    })
    .await;
    complete.expect(200);
    app.stop().await;
}

fn serial(certificate: &[u8]) -> Vec<u8> {
    let certificate = openssl::x509::X509::from_der(certificate).unwrap();
    certificate.serial_number().to_bn().unwrap().to_vec()
}

/// Challenge, extension, answer, and every failure in the page's words; messages of anybody else are not heard.
#[test]
fn the_cards_script_speaks_with_the_extension_as_web_eid_does() {
    judged("tests/peers/web_eid_script.mjs", "core/assets/web-eid.js");
}

/// A second window could take a PIN that was meant for the first.
#[test]
fn the_extension_starts_one_agent_at_a_time_and_for_the_tab_in_front_alone() {
    judged(
        "tests/peers/extension_background.mjs",
        "clients/extension/src/background.js",
    );
}

fn judged(judge: &str, script: &str) {
    let run = Command::new("node").args([judge, script]).current_dir(root()).output();
    let Ok(output) = run else {
        assert!(std::env::var_os("CI").is_none(), "node is missing");
        return eprintln!("skipped: node is not installed");
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && output.stdout == b"ok\n", "{errors}");
}
