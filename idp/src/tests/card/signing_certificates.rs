//! web-eid:1.1: the signing certificates that come along are those of the same card.

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::nid::Nid;
use openssl::x509::extension::KeyUsage;
use serde_json::{Value, json};

use super::authority::{Authority, Shape, key};
use super::desk::{AtTheDoor, Card, Desk, NUMBER};
use crate::tests::browser::Reply;
use crate::tests::certificate::NOW;
use crate::tests::world::ISSUER;

async fn attempt(desk: &Desk, card: &Card, change: impl FnOnce(&mut Value)) -> (AtTheDoor, Reply) {
    let mut door = desk.at_the_door().await;
    let nonce = door.nonce().await;
    let mut token = card.token_with_signing(ISSUER, &nonce);
    change(&mut token);
    let reply = door.present(&token).await;
    (door, reply)
}

/// With this signing certificate beside the right authentication certificate.
async fn beside(desk: &Desk, name: &str, authority: &Authority, shape: &Shape) -> (AtTheDoor, Reply) {
    let certificate = authority.issue(name, &key(Nid::SECP384R1), shape);
    attempt(desk, &desk.card, |token| {
        token["unverifiedSigningCertificates"][0]["certificate"] = json!(STANDARD.encode(&certificate));
    })
    .await
}

const NAME: &str = "Testa Shembulli";

#[tokio::test]
async fn a_token_with_the_same_cards_signing_certificate_logs_in() {
    let desk = Desk::open().await;
    let (_, reply) = attempt(&desk, &desk.card, |_| ()).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[tokio::test]
async fn a_token_of_version_1_1_without_a_signing_certificate_is_refused() {
    let desk = Desk::open().await;
    let tried = attempt(&desk, &desk.card, |token| {
        token["unverifiedSigningCertificates"] = json!([])
    })
    .await;
    desk.assert_refused(tried, "card_refused", "signing_missing").await;
}

#[tokio::test]
async fn a_signing_certificate_that_is_none_is_refused() {
    let desk = Desk::open().await;
    let tried = attempt(&desk, &desk.card, |token| {
        token["unverifiedSigningCertificates"][0]["certificate"] = json!(STANDARD.encode("none"));
    })
    .await;
    desk.assert_refused(tried, "card_refused", "signing_malformed").await;
}

#[tokio::test]
async fn a_signing_certificate_of_another_person_is_refused() {
    let desk = Desk::open().await;
    let tried = beside(&desk, NAME, &desk.authority, &Shape::signing("1000000009")).await;
    desk.assert_refused(tried, "card_refused", "signing_subject").await;
}

#[tokio::test]
async fn a_signing_certificate_of_another_authority_is_refused() {
    let desk = Desk::open().await;
    let tried = beside(&desk, NAME, &Authority::new("Cards"), &Shape::signing(NUMBER)).await;
    desk.assert_refused(tried, "card_refused", "signing_issuer").await;
}

#[tokio::test]
async fn an_expired_signing_certificate_is_refused() {
    let desk = Desk::open().await;
    let shape = Shape {
        to: NOW - 1,
        ..Shape::signing(NUMBER)
    };
    let tried = beside(&desk, NAME, &desk.authority, &shape).await;
    desk.assert_refused(tried, "card_refused", "signing_validity").await;
}

#[tokio::test]
async fn an_authentication_certificate_in_the_place_of_the_signing_certificate_is_refused() {
    let desk = Desk::open().await;
    let shape = Shape {
        key_usage: Some(KeyUsage::digital_signature),
        ..Shape::signing(NUMBER)
    };
    let tried = beside(&desk, NAME, &desk.authority, &shape).await;
    desk.assert_refused(tried, "card_refused", "signing_key_usage").await;
}

#[tokio::test]
async fn a_signing_certificate_changed_in_one_octet_is_refused() {
    let desk = Desk::open().await;
    let mut changed = desk.card.signing_certificate.clone();
    *changed.last_mut().unwrap() ^= 1;
    let tried = attempt(&desk, &desk.card, |token| {
        token["unverifiedSigningCertificates"][0]["certificate"] = json!(STANDARD.encode(&changed));
    })
    .await;
    desk.assert_refused(tried, "card_refused", "signing_untrusted").await;
}

#[tokio::test]
async fn an_unknown_hash_among_the_signature_algorithms_is_refused() {
    let desk = Desk::open().await;
    let tried = attempt(&desk, &desk.card, |token| {
        let algorithms = &mut token["unverifiedSigningCertificates"][0]["supportedSignatureAlgorithms"];
        algorithms[0]["hashFunction"] = json!("SHA-1");
    })
    .await;
    desk.assert_refused(tried, "card_refused", "signing_algorithms").await;
}

#[tokio::test]
async fn a_padding_of_another_kind_of_key_is_refused() {
    let desk = Desk::open().await;
    let tried = attempt(&desk, &desk.card, |token| {
        let algorithms = &mut token["unverifiedSigningCertificates"][0]["supportedSignatureAlgorithms"];
        algorithms[0]["paddingScheme"] = json!("PSS");
    })
    .await;
    desk.assert_refused(tried, "card_refused", "signing_algorithms").await;
}

#[tokio::test]
async fn a_signing_certificate_without_algorithms_is_refused() {
    let desk = Desk::open().await;
    let tried = attempt(&desk, &desk.card, |token| {
        token["unverifiedSigningCertificates"][0]["supportedSignatureAlgorithms"] = json!([]);
    })
    .await;
    desk.assert_refused(tried, "card_refused", "signing_algorithms").await;
}

/// As our own authorities issue: one for log-in, another for qualified signatures.
#[tokio::test]
async fn an_authority_that_is_configured_for_signing_certificates_may_have_issued_them() {
    let qualified = Authority::new("Qualified signatures");
    let der = qualified.der();
    let desk = Desk::with(|config, folder| {
        let file = folder.join("qualified.der");
        std::fs::write(&file, der).unwrap();
        config.card.signing_issuers = vec![file.display().to_string()];
    })
    .await;
    let (_, reply) = beside(&desk, NAME, &qualified, &Shape::signing(NUMBER)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let stranger = Authority::new("Qualified signatures");
    let tried = beside(&desk, NAME, &stranger, &Shape::signing(NUMBER)).await;
    assert_eq!(tried.1.problem(), "urn:signum:problem:card_refused");
}
