//! Tokens and challenges that are wrong.

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::nid::Nid;
use serde_json::json;

use super::authority::key;
use super::desk::{Desk, sign};
use crate::tests::world::ISSUER;

#[tokio::test]
async fn a_challenge_is_32_octets_and_another_each_time() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let (one, other) = (door.nonce().await, door.nonce().await);
    assert_ne!(one, other);
    assert_eq!((one.len(), STANDARD.decode(&one).unwrap().len()), (44, 32));
}

#[tokio::test]
async fn a_challenge_is_good_for_one_token() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let nonce = door.nonce().await;
    let token = desk.card.token(ISSUER, &nonce);
    assert_eq!(door.present(&token).await.status, 200);
    let again = door.present(&token).await;
    assert_eq!(again.problem(), "urn:signum:problem:card_again");
}

#[tokio::test]
async fn a_refused_token_takes_the_challenge_with_it() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let nonce = door.nonce().await;
    let mut wrong = desk.card.token(ISSUER, &nonce);
    wrong["signature"] = json!(STANDARD.encode([1; 96]));
    assert_eq!(door.present(&wrong).await.status, 403);
    let right = door.present(&desk.card.token(ISSUER, &nonce)).await;
    assert_eq!(right.problem(), "urn:signum:problem:card_again");
}

#[tokio::test]
async fn an_expired_challenge_is_refused() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let nonce = door.nonce().await;
    desk.world.advance(300);
    let reply = door.present(&desk.card.token(ISSUER, &nonce)).await;
    desk.assert_refused((door, reply), "card_again", "no_challenge").await;
}

#[tokio::test]
async fn a_token_without_any_challenge_is_refused() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let reply = door.present(&desk.card.token(ISSUER, &STANDARD.encode([1; 32]))).await;
    desk.assert_refused((door, reply), "card_again", "no_challenge").await;
}

#[tokio::test]
async fn a_token_over_another_sessions_challenge_is_refused() {
    let desk = Desk::open().await;
    let (mut mine, mut theirs) = (desk.at_the_door().await, desk.at_the_door().await);
    let (_, stolen) = (mine.nonce().await, theirs.nonce().await);
    let reply = mine.present(&desk.card.token(ISSUER, &stolen)).await;
    desk.assert_refused((mine, reply), "card_refused", "bad_signature")
        .await;
    let theirs = theirs.present(&desk.card.token(ISSUER, &stolen)).await;
    assert_eq!(theirs.status, 200, "theirs is untouched: {}", theirs.body);
}

#[tokio::test]
async fn another_browser_cannot_use_an_open_interaction() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let nonce = door.nonce().await;
    let mut stranger = desk.at_the_door().await;
    (stranger.i, stranger.csrf) = (door.i.clone(), door.csrf.clone());
    assert_eq!(stranger.challenge().await.status, 403);
    assert_eq!(stranger.present(&desk.card.token(ISSUER, &nonce)).await.status, 403);
    assert_eq!(door.present(&desk.card.token(ISSUER, &nonce)).await.status, 200);
}

#[tokio::test]
async fn without_the_pages_token_there_is_neither_challenge_nor_log_in() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let nonce = door.nonce().await;
    let right = std::mem::replace(&mut door.csrf, "00".to_owned());
    assert_eq!(door.challenge().await.status, 403);
    assert_eq!(door.present(&desk.card.token(ISSUER, &nonce)).await.status, 403);
    door.csrf = right;
    assert_eq!(door.present(&desk.card.token(ISSUER, &nonce)).await.status, 200);
}

/// The origin is that of the configuration, whatever the request says of itself.
#[tokio::test]
async fn a_signature_for_another_origin_is_refused() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let nonce = door.nonce().await;
    let mut token = desk.card.token("https://evil.example.org", &nonce);
    token["origin"] = json!("https://evil.example.org");
    let request = http::Request::post(format!("/eid/login?i={}", door.i))
        .header("host", "evil.example.org")
        .header("x-forwarded-host", "evil.example.org")
        .header("x-csrf-token", &door.csrf);
    let body = axum::body::Body::from(token.to_string());
    let reply = door.browser.send(request.body(body).unwrap()).await;
    desk.assert_refused((door, reply), "card_refused", "bad_signature")
        .await;
}

#[tokio::test]
async fn a_signature_for_our_origin_with_a_slash_is_refused() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let nonce = door.nonce().await;
    let reply = door.present(&desk.card.token(&format!("{ISSUER}/"), &nonce)).await;
    desk.assert_refused((door, reply), "card_refused", "bad_signature")
        .await;
}

#[tokio::test]
async fn a_signature_of_another_key_is_refused() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let nonce = door.nonce().await;
    let mut token = desk.card.token(ISSUER, &nonce);
    token["signature"] = json!(STANDARD.encode(sign(&key(Nid::SECP384R1), ISSUER, &nonce)));
    let reply = door.present(&token).await;
    desk.assert_refused((door, reply), "card_refused", "bad_signature")
        .await;
}

#[tokio::test]
async fn a_signature_of_the_cards_other_key_is_refused() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let nonce = door.nonce().await;
    let mut token = desk.card.token(ISSUER, &nonce);
    token["signature"] = json!(STANDARD.encode(sign(&desk.card.signing_key, ISSUER, &nonce)));
    let reply = door.present(&token).await;
    desk.assert_refused((door, reply), "card_refused", "bad_signature")
        .await;
}

#[tokio::test]
async fn a_signature_in_der_is_refused() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let nonce = door.nonce().await;
    let mut token = desk.card.token(ISSUER, &nonce);
    let raw = sign(&desk.card.key, ISSUER, &nonce);
    let number = |octets: &[u8]| openssl::bn::BigNum::from_slice(octets).unwrap();
    let der = openssl::ecdsa::EcdsaSig::from_private_components(number(&raw[..48]), number(&raw[48..])).unwrap();
    token["signature"] = json!(STANDARD.encode(der.to_der().unwrap()));
    let reply = door.present(&token).await;
    desk.assert_refused((door, reply), "card_refused", "bad_signature")
        .await;
}

#[tokio::test]
async fn an_algorithm_of_another_curve_is_refused() {
    let desk = Desk::open().await;
    let tried = desk
        .attempt(&desk.card, |token| token["algorithm"] = json!("ES256"))
        .await;
    desk.assert_refused(tried, "card_refused", "key_type").await;
}

#[tokio::test]
async fn an_algorithm_of_another_kind_of_key_is_refused() {
    let desk = Desk::open().await;
    let tried = desk
        .attempt(&desk.card, |token| token["algorithm"] = json!("RS256"))
        .await;
    desk.assert_refused(tried, "card_refused", "key_type").await;
}

#[tokio::test]
async fn no_algorithm_is_no_algorithm() {
    let desk = Desk::open().await;
    let tried = desk
        .attempt(&desk.card, |token| token["algorithm"] = json!("none"))
        .await;
    desk.assert_refused(tried, "card_refused", "algorithm").await;
}

#[tokio::test]
async fn a_symmetric_algorithm_is_refused() {
    let desk = Desk::open().await;
    let tried = desk
        .attempt(&desk.card, |token| token["algorithm"] = json!("HS256"))
        .await;
    desk.assert_refused(tried, "card_refused", "algorithm").await;
}

#[tokio::test]
async fn a_token_of_the_next_major_version_is_refused() {
    let desk = Desk::open().await;
    let tried = desk
        .attempt(&desk.card, |token| token["format"] = json!("web-eid:2.0"))
        .await;
    desk.assert_refused(tried, "card_refused", "token_format").await;
}

#[tokio::test]
async fn a_token_without_a_format_is_refused() {
    let desk = Desk::open().await;
    let tried = desk.attempt(&desk.card, |token| token["format"] = json!(null)).await;
    desk.assert_refused(tried, "card_refused", "token_malformed").await;
}

#[tokio::test]
async fn a_token_without_a_certificate_is_refused() {
    let desk = Desk::open().await;
    let remove = |token: &mut serde_json::Value| drop(token.as_object_mut().unwrap().remove("unverifiedCertificate"));
    let tried = desk.attempt(&desk.card, remove).await;
    desk.assert_refused(tried, "card_other", "certificate_malformed").await;
}

#[tokio::test]
async fn a_token_without_a_signature_is_refused() {
    let desk = Desk::open().await;
    let tried = desk.attempt(&desk.card, |token| token["signature"] = json!("")).await;
    desk.assert_refused(tried, "card_refused", "token_malformed").await;
}

#[tokio::test]
async fn a_token_longer_than_ten_thousand_octets_is_refused() {
    let desk = Desk::open().await;
    let tried = desk
        .attempt(&desk.card, |token| token["padding"] = json!("x".repeat(10_000)))
        .await;
    desk.assert_refused(tried, "card_refused", "token_length").await;
}

#[tokio::test]
async fn a_token_too_short_to_be_one_is_refused() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    door.nonce().await;
    let reply = door.present(&json!({"format": "web-eid:1.0"})).await;
    desk.assert_refused((door, reply), "card_refused", "token_length").await;
}

#[tokio::test]
async fn a_token_that_says_something_twice_is_refused() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let nonce = door.nonce().await;
    let token = desk.card.token(ISSUER, &nonce).to_string();
    let twice = token.replacen('{', "{\"algorithm\":\"ES384\",", 1);
    let reply = door.present_text(&twice).await;
    desk.assert_refused((door, reply), "card_refused", "token_malformed")
        .await;
}

#[tokio::test]
async fn a_token_that_is_no_json_is_refused() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    door.nonce().await;
    let reply = door.present_text(&"<token/>".repeat(20)).await;
    desk.assert_refused((door, reply), "card_refused", "token_malformed")
        .await;
}

#[tokio::test]
async fn a_token_in_a_list_is_refused() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door().await;
    let nonce = door.nonce().await;
    let reply = door.present(&json!([desk.card.token(ISSUER, &nonce)])).await;
    desk.assert_refused((door, reply), "card_refused", "token_malformed")
        .await;
}
