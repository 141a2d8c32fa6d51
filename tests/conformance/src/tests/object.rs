//! Signed request objects of `fapi2-ms` (RFC 9101; FAPI 2.0 Message Signing section 5.3), pushed.

use serde_json::json;

use super::party::{Party, STATE};
use super::row::{REQUEST, Row, all_refused, row};
use super::stand::{CALLBACK, Stand};
use super::{jwt, party};
use crate::keys;

const OBJECT: &[&str] = &["invalid_request_object"];

const ROWS: &[Row] = &[
    row(
        "fapi2-security-profile-final-ensure-request-object-without-exp-fails",
        "a request object without an end",
        OBJECT,
        |a, _| a.object().without("exp"),
    ),
    row(
        "fapi2-security-profile-final-ensure-request-object-without-nbf-fails",
        "a request object without a beginning",
        OBJECT,
        |a, _| a.object().without("nbf"),
    ),
    row(
        "fapi2-security-profile-final-ensure-request-object-without-redirect-uri-fails",
        "a request object without a redirect URI",
        &["invalid_request", "invalid_request_object"],
        |a, _| a.object().without("redirect_uri"),
    ),
    row(
        "fapi2-security-profile-final-ensure-expired-request-object-fails",
        "an expired request object",
        OBJECT,
        |a, p| a.object().claim("exp", json!(p.now() - 300)),
    ),
    row(
        "fapi2-security-profile-final-ensure-request-object-with-bad-aud-fails",
        "a request object for another server",
        OBJECT,
        |a, _| a.object().claim("aud", json!("https://other.example.org")),
    ),
    row(
        "fapi2-security-profile-final-ensure-request-object-with-exp-over-60-fails",
        "a request object that is good for more than an hour",
        OBJECT,
        |a, p| a.object().claim("exp", json!(p.now() + 70 * 60)),
    ),
    row(
        "fapi2-security-profile-final-ensure-request-object-with-nbf-over-60-fails",
        "a request object that began more than an hour ago",
        OBJECT,
        |a, p| a.object().claim("nbf", json!(p.now() - 70 * 60)),
    ),
    row(
        "fapi2-security-profile-final-ensure-signed-request-object-with-RS256-fails",
        "a request object signed with RS256",
        OBJECT,
        |a, _| a.object().header("alg", json!("RS256")),
    ),
    row(
        "fapi2-security-profile-final-ensure-request-object-signature-algorithm-is-not-none",
        "a request object with alg=none",
        OBJECT,
        |a, _| a.object().header("alg", json!("none")),
    ),
    row(
        "fapi2-security-profile-final-ensure-request-object-with-invalid-signature-fails",
        "a request object with a changed signature",
        OBJECT,
        |a, _| a.object().after = Some(jwt::with_another_signature),
    ),
    row(
        "fapi2-security-profile-final-ensure-matching-key-in-authorization-request",
        "a request object signed by another client",
        OBJECT,
        |a, p| {
            let other = Party::new(p.stand, "fapi2-ms-2").assertion();
            a.object().key = other.key;
            a.object().header("kid", other.header["kid"].clone());
        },
    ),
    row(
        "fapi2-security-profile-final-ensure-unsigned-request-at-par-endpoint-fails",
        "parameters that are not signed",
        REQUEST,
        |a, p| {
            a.object = None;
            for (name, value) in p.wishes() {
                a.set(name, value);
            }
        },
    ),
    row(
        "fapi2-security-profile-final-par-authorization-request-containing-request_uri",
        "a request_uri in the request object",
        &["invalid_request", "invalid_request_object", "request_uri_not_supported"],
        |a, _| {
            a.object()
                .claim("request_uri", json!("urn:ietf:params:oauth:request_uri:x"))
        },
    ),
    row(
        "RFC 9101 section 4",
        "a request object in the request object",
        OBJECT,
        |a, _| {
            a.object().claim("request", json!("x.y.z"));
        },
    ),
    row(
        "RFC 9101 section 10.8",
        "a client assertion in place of a request object",
        OBJECT,
        |a, p| {
            let mut assertion = p.assertion();
            assertion.claim("client_id", json!(p.id()));
            a.object = Some(assertion);
        },
    ),
    row(
        "RFC 9101 section 5",
        "a request object that another client issued",
        OBJECT,
        |a, _| {
            a.object().claim("iss", json!("fapi2-ms-2"));
        },
    ),
    row(
        "RFC 9101 section 5",
        "another client in the request object than beside it",
        OBJECT,
        |a, _| {
            a.object().claim("client_id", json!("fapi2-ms-2"));
        },
    ),
    row(
        "RFC 9101 section 4",
        "a signature by a key nobody registered",
        OBJECT,
        |a, _| {
            a.object().key = keys::p256("fapi2-ms-1").unwrap();
        },
    ),
    row(
        "fapi2-security-profile-final-ensure-registered-redirect-uri",
        "a redirect URI that is signed but not registered",
        REQUEST,
        |a, _| {
            a.object()
                .claim("redirect_uri", json!("https://evil.example.org/callback"))
        },
    ),
    row(
        "fapi2-security-profile-final-par-ensure-pkce-required",
        "no PKCE in the request object",
        REQUEST,
        |a, _| {
            a.object().without("code_challenge");
            a.object().without("code_challenge_method");
        },
    ),
];

#[tokio::test]
async fn a_wrong_request_object_is_refused() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-ms-1");
    party.pushed().await;
    all_refused(&party, ROWS, || party.pushing()).await;
    stand.stop().await;
}

/// `fapi2-security-profile-final-ensure-request-object-with-multiple-aud-succeeds` and
/// `-with-nbf-8-seconds-in-the-future-is-accepted`.
#[tokio::test]
async fn a_request_object_for_several_servers_or_from_a_clock_slightly_ahead_is_taken() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-ms-1");
    let mut several = party.pushing();
    several
        .object()
        .claim("aud", json!(["https://other.example.org", party.issuer()]));
    assert_eq!(party.send(&several).await.status, 201);
    let mut early = party.pushing();
    early.object().claim("nbf", json!(party.now() + 8));
    assert_eq!(party.send(&early).await.status, 201);
    stand.stop().await;
}

/// `fapi2-security-profile-final-state-only-outside-request-object-not-used`,
/// `-ensure-different-state-inside-and-outside-request-object`, `-ensure-different-nonce-inside-and-outside-request-object`:
/// refused, or only the signed values count.
#[tokio::test]
async fn a_state_or_nonce_outside_the_request_object_is_never_believed() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-ms-1");
    for inside in [true, false] {
        let mut attempt = party.pushing();
        if !inside {
            attempt.object().without("state");
        }
        attempt.set("state", "outside-0123456789");
        attempt.set("nonce", "outside-0123456789");
        let said = party.insist(attempt).await;
        if said.status == 400 {
            assert!(
                ["invalid_request", "invalid_request_object"].contains(&said.error.as_str()),
                "{said:?}"
            );
            continue;
        }
        let request_uri = said.json()["request_uri"].as_str().unwrap().to_owned();
        let path = party.authorize(&request_uri) + "&state=outside-0123456789&nonce=outside-0123456789";
        let back = party.answered(&path).await;
        assert_eq!(back.sent("state").as_deref(), inside.then_some(STATE), "{back:?}");
        let tokens = party.insist(party.redeeming(&back.sent("code").unwrap())).await.json();
        assert_eq!(
            jwt::claims(tokens["id_token"].as_str().unwrap())["nonce"],
            "nonce-0123456789"
        );
    }
    stand.stop().await;
}

/// FAPI 2.0 Message Signing section 5.4: the answer is a JWT for this client alone, and its parameters never stand outside.
#[tokio::test]
async fn an_answer_to_a_client_of_signed_messages_is_never_unsigned() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-ms-1");
    let back = party.answered(&party.asking().await).await;
    let url = reqwest::Url::parse(&back.location).unwrap();
    let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["response"], "{back:?}");
    assert_eq!(back.sent("aud").as_deref(), Some(party.id()));
    assert_eq!(back.sent("iss").as_deref(), Some(party.issuer()));
    // The person's refusal as well.
    let other = Party::new(&stand, "fapi2-ms-2");
    let page = other.follow(&other.asking().await).await;
    let form = super::page::with_button(&page.body, "cancel").unwrap();
    let refused = other.submit(&form.action, &form.fields).await;
    assert!(
        refused
            .location
            .starts_with(&party::query(CALLBACK, &[("response", "")])),
        "{refused:?}"
    );
    assert_eq!(refused.error, "access_denied");
    stand.stop().await;
}
