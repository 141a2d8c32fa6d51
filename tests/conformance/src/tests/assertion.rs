//! The client's proof of itself by private_key_jwt, at /par and at /token.

use serde_json::json;

use super::party::Party;
use super::row::{CLIENT, Row, all_refused, refused, row};
use super::stand::Stand;
use crate::keys;

const ROWS: &[Row] = &[
    row(
        "fapi2-security-profile-final-par-test-array-as-audience-fails",
        "an audience that is a list",
        CLIENT,
        |a, p| a.assertion().claim("aud", json!([p.issuer()])),
    ),
    row(
        "fapi2-security-profile-final-par-test-par-endpoint-url-as-audience-fails",
        "the address of /par as audience",
        CLIENT,
        |a, p| a.assertion().claim("aud", json!(p.url("/par"))),
    ),
    row(
        "fapi2-security-profile-final-par-test-token-endpoint-url-as-audience-fails",
        "the address of /token as audience",
        CLIENT,
        |a, p| a.assertion().claim("aud", json!(p.url("/token"))),
    ),
    row(
        "fapi2-security-profile-final-ensure-client-assertion-with-wrong-aud-fails",
        "another issuer as audience",
        CLIENT,
        |a, _| a.assertion().claim("aud", json!("https://other.example.org")),
    ),
    row(
        "fapi2-security-profile-final-ensure-client-assertion-with-exp-is-5-minutes-in-past-fails",
        "an assertion that expired five minutes ago",
        CLIENT,
        |a, p| a.assertion().claim("exp", json!(p.now() - 300)),
    ),
    row(
        "fapi2-security-profile-final-ensure-client-assertion-with-no-sub-fails",
        "an assertion without a subject",
        CLIENT,
        |a, _| a.assertion().without("sub"),
    ),
    row(
        "fapi2-security-profile-final-ensure-signed-client-assertion-with-RS256-fails",
        "a signature with RS256",
        CLIENT,
        |a, _| a.assertion().header("alg", json!("RS256")),
    ),
    row(
        "fapi2-security-profile-final-ensure-client-assertion-in-token-endpoint",
        "no assertion at all",
        CLIENT,
        |a, _| a.assertion = None,
    ),
    row(
        "fapi2-security-profile-final-ensure-client-id-in-token-endpoint",
        "the identifier of another client beside the assertion",
        CLIENT,
        |a, _| a.set("client_id", "fapi2-2"),
    ),
    row(
        "fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails",
        "an assertion from more than a minute ahead",
        CLIENT,
        |a, p| {
            for name in ["iat", "nbf"] {
                a.assertion().claim(name, json!(p.now() + 65));
            }
            a.assertion().claim("exp", json!(p.now() + 125));
        },
    ),
    row("RFC 7523 section 3", "an assertion without an end", CLIENT, |a, _| {
        a.assertion().without("exp");
    }),
    row(
        "requirement 8",
        "an assertion that is good for an hour",
        CLIENT,
        |a, p| {
            a.assertion().claim("exp", json!(p.now() + 3600));
        },
    ),
    row("RFC 7523 section 3", "another client as issuer", CLIENT, |a, _| {
        a.assertion().claim("iss", json!("fapi2-2"));
    }),
    row("RFC 7523 section 3", "another client as subject", CLIENT, |a, _| {
        a.assertion().claim("sub", json!("fapi2-2"));
    }),
    row("CVE-2020-5300", "an assertion without a jti", CLIENT, |a, _| {
        a.assertion().without("jti")
    }),
    row("RFC 7515 section 5.2", "a signature by another key", CLIENT, |a, _| {
        a.assertion().key = keys::p256("fapi2-1").unwrap();
    }),
    row(
        "RFC 7515 section 5.2",
        "the signature of another client",
        CLIENT,
        |a, p| {
            a.assertion().key = Party::new(p.stand, "fapi2-2").assertion().key;
        },
    ),
    row("RFC 8725 section 3.1", "alg=none", CLIENT, |a, _| {
        a.assertion().header("alg", json!("none"))
    }),
    row(
        "RFC 7515 section 4.1.4",
        "a key that is not registered",
        CLIENT,
        |a, _| {
            a.assertion().header("kid", json!("another"));
        },
    ),
    row(
        "RFC 8725 section 3.11",
        "a DPoP proof in place of an assertion",
        CLIENT,
        |a, _| {
            a.assertion().header("typ", json!("dpop+jwt"));
        },
    ),
];

#[tokio::test]
async fn a_wrong_client_assertion_is_refused_at_par_and_at_token_and_spends_nothing() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    party.tokens().await;
    all_refused(&party, ROWS, || party.pushing()).await;
    let code = party.code().await;
    all_refused(&party, ROWS, || party.redeeming(&code)).await;
    let said = party.send(&party.redeeming(&code)).await;
    assert_eq!(said.status, 200, "the same code, asked for rightly: {said:?}");
    stand.stop().await;
}

/// CVE-2020-5300, CVE-2020-15222: ORY Hydra and fosite took a `jti` twice.
#[tokio::test]
async fn a_used_client_assertion_is_refused_at_every_endpoint() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    let used = party.pushing();
    assert_eq!(party.send(&used).await.status, 201);
    let replayed = party.send(&used).await;
    assert!(refused(&replayed, CLIENT), "{replayed:?}");
    let mut elsewhere = party.insist(party.redeeming("none")).await;
    assert_eq!(elsewhere.error, "invalid_grant", "a fresh one: {elsewhere:?}");
    let mut redeeming = party.redeeming("none");
    redeeming.assertion = used.assertion;
    elsewhere = party.send(&redeeming).await;
    assert!(refused(&elsewhere, CLIENT), "{elsewhere:?}");
    stand.stop().await;
}

/// `fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted`: the other side of the
/// rule, without which refusing would be too easy.
#[tokio::test]
async fn a_client_whose_clock_is_eight_seconds_ahead_is_admitted() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    let mut early = party.pushing();
    for name in ["iat", "nbf"] {
        early.assertion().claim(name, json!(party.now() + 8));
    }
    let said = party.send(&early).await;
    assert_eq!(said.status, 201, "{said:?}");
    stand.stop().await;
}
