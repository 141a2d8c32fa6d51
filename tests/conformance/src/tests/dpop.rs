//! `fapi2-security-profile-final-dpop-negative-tests`: what its blocks try at a protected resource, here at /userinfo, and the same
//! proofs at /token.

use reqwest::Method;
use serde_json::json;

use super::jwt;
use super::party::Party;
use super::row::{PROOF, Row, TOKEN, all_refused, refused, row};
use super::stand::Stand;
use crate::keys;

const MODULE: &str = "fapi2-security-profile-final-dpop-negative-tests";

/// At any endpoint.
const PROOFS: &[Row] = &[
    row(MODULE, "more than one DPoP header", PROOF, |a, _| {
        let another = a.proofs[0].clone();
        a.proofs.push(another);
    }),
    row(MODULE, "a proof that is no JWT", PROOF, |a, _| {
        a.proof().after = Some(|jwt| jwt.replace('.', ""));
    }),
    row(MODULE, "a proof without typ", PROOF, |a, _| {
        a.proof().without_header("typ")
    }),
    row(MODULE, "a proof without alg", PROOF, |a, _| {
        a.proof().without_header("alg")
    }),
    row(MODULE, "a proof without jwk", PROOF, |a, _| {
        a.proof().without_header("jwk")
    }),
    row(MODULE, "a proof without jti", PROOF, |a, _| a.proof().without("jti")),
    row(MODULE, "a proof without htm", PROOF, |a, _| a.proof().without("htm")),
    row(MODULE, "a proof without htu", PROOF, |a, _| a.proof().without("htu")),
    row(MODULE, "a proof without iat", PROOF, |a, _| a.proof().without("iat")),
    row(MODULE, "a proof with another typ", PROOF, |a, _| {
        a.proof().header("typ", json!("jwt"))
    }),
    row(MODULE, "a proof with RS256", PROOF, |a, _| {
        a.proof().header("alg", json!("RS256"))
    }),
    row(MODULE, "a proof with alg=none", PROOF, |a, _| {
        a.proof().header("alg", json!("none"))
    }),
    row(MODULE, "a proof with another signature", PROOF, |a, _| {
        a.proof().after = Some(jwt::with_another_signature);
    }),
    row(MODULE, "a proof with a private key in it", PROOF, |a, p| {
        a.proof().header("jwk", p.dpop.clone())
    }),
    row(MODULE, "a proof for another method", PROOF, |a, _| {
        a.proof().claim("htm", json!("PUT"))
    }),
    row(MODULE, "a proof for another host", PROOF, |a, _| {
        a.proof().claim("htu", json!("https://other.example.org/userinfo"));
    }),
    row(MODULE, "a proof for another path", PROOF, |a, p| {
        a.proof().claim("htu", json!(p.url("/other")))
    }),
    row(MODULE, "a proof from an hour ahead", PROOF, |a, p| {
        a.proof().claim("iat", json!(p.now() + 3600))
    }),
    row(MODULE, "a proof from an hour ago", PROOF, |a, p| {
        a.proof().claim("iat", json!(p.now() - 3600))
    }),
    row("RFC 9449 section 4.2", "an empty jti", PROOF, |a, _| {
        a.proof().claim("jti", json!(""))
    }),
    row("RFC 9449 section 8", "a made-up nonce", &["use_dpop_nonce"], |a, _| {
        a.proof().claim("nonce", json!("made-up"));
    }),
    row("RFC 9449 section 8", "no nonce", &["use_dpop_nonce"], |a, _| {
        a.proof().without("nonce")
    }),
    row(
        "RFC 7515 section 4.1.11",
        "a critical header that nobody knows",
        PROOF,
        |a, _| {
            a.proof().header("crit", json!(["exp"]));
        },
    ),
];

/// With an access token.
const RESOURCE: &[Row] = &[
    row(MODULE, "a proof without ath", PROOF, |a, _| a.proof().without("ath")),
    row(MODULE, "a proof for another access token", PROOF, |a, _| {
        a.proof().claim("ath", json!(jwt::hash("another")));
    }),
    row(MODULE, "a proof by another key than the token's", TOKEN, |a, _| {
        let key = keys::p256("x").unwrap();
        a.proof().header("jwk", jwt::public(&key));
        a.proof().key = key;
    }),
    row(MODULE, "a bound token without a proof", TOKEN, |a, _| a.proofs.clear()),
    row(
        MODULE,
        "a bound token without a proof as bearer token",
        TOKEN,
        |a, _| {
            a.proofs.clear();
            a.authorization = a.authorization.take().map(|value| value.replace("DPoP ", "Bearer "));
        },
    ),
    row(
        "RFC 9449 section 7.2",
        "a bound token with its proof as bearer token",
        TOKEN,
        |a, _| {
            a.authorization = a.authorization.take().map(|value| value.replace("DPoP ", "Bearer "));
        },
    ),
    row("CVE-2026-27840", "a truncated access token", TOKEN, |a, _| {
        a.authorization = a.authorization.take().map(|value| value[..value.len() - 2].to_owned());
    }),
];

#[tokio::test]
async fn a_wrong_proof_is_refused_at_userinfo() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    let tokens = party.tokens().await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(party.insist(party.asking_userinfo(token)).await.status, 200);
    all_refused(&party, PROOFS, || party.asking_userinfo(token)).await;
    all_refused(&party, RESOURCE, || party.asking_userinfo(token)).await;
    let still = party.send(&party.asking_userinfo(token)).await;
    assert_eq!(still.status, 200, "the token works still: {still:?}");
    stand.stop().await;
}

#[tokio::test]
async fn a_wrong_proof_is_refused_at_token_and_spends_no_code() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    party.tokens().await;
    let code = party.code().await;
    all_refused(&party, PROOFS, || party.redeeming(&code)).await;
    let said = party.send(&party.redeeming(&code)).await;
    assert_eq!(said.status, 200, "{said:?}");
    stand.stop().await;
}

#[tokio::test]
async fn a_used_proof_is_refused() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    let tokens = party.tokens().await;
    let asking = party.asking_userinfo(tokens["access_token"].as_str().unwrap());
    let first = party.send(&asking).await;
    assert_eq!(first.status, 200, "{first:?}");
    let again = party.send(&asking).await;
    assert!(refused(&again, PROOF), "{again:?}");
    stand.stop().await;
}

/// The blocks of the module that must succeed, `fapi2-security-profile-final-check-dpop-proof-nbf-exp`,
/// `-ensure-dpopproof-with-iat-10seconds-before-succeeds`, `-after-succeeds` and `-access-token-type-header-case-sensitivity`.
#[tokio::test]
async fn a_proof_that_is_right_in_another_shape_is_taken() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    let tokens = party.tokens().await;
    let token = tokens["access_token"].as_str().unwrap();
    let shapes: &[(&str, super::row::Spoil)] = &[
        ("a query in htu", |a, p| {
            a.proof().claim("htu", json!(p.url("/userinfo?a=b")))
        }),
        ("a fragment in htu", |a, p| {
            a.proof().claim("htu", json!(p.url("/userinfo#c")))
        }),
        ("a query in the address alone", |a, _| {
            a.path = "/userinfo?a=b".to_owned()
        }),
        ("scheme and host in capitals", |a, p| {
            let htu = p.url("/userinfo").replace("http://localhost", "HTTP://LOCALHOST");
            a.proof().claim("htu", json!(htu));
        }),
        ("claims and headers nobody knows", |a, _| {
            a.proof().claim("x", json!("y"));
            a.proof().header("x", json!("y"));
        }),
        ("nbf and exp", |a, p| {
            let now = p.now();
            a.proof().claim("nbf", json!(now));
            a.proof().claim("exp", json!(now + 60));
        }),
        ("ten seconds ago", |a, p| a.proof().claim("iat", json!(p.now() - 10))),
        ("ten seconds ahead", |a, p| a.proof().claim("iat", json!(p.now() + 10))),
        ("the scheme in other letters", |a, _| {
            a.authorization = a.authorization.take().map(|value| value.replace("DPoP ", "dPoP "));
        }),
        ("by POST", |a, _| {
            a.method = Method::POST;
            a.proof().claim("htm", json!("POST"));
        }),
    ];
    party.insist(party.asking_userinfo(token)).await;
    for (name, shape) in shapes {
        let mut asking = party.asking_userinfo(token);
        shape(&mut asking, &party);
        let said = party.send(&asking).await;
        assert_eq!(said.status, 200, "{name}: {said:?}");
    }
    stand.stop().await;
}
