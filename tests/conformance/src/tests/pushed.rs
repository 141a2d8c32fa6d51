//! Pushed authorization requests (RFC 9126): what is never taken, and what a `request_uri` is good for.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::jwt;
use super::party::{CHALLENGE, Party, query};
use super::row::{PROOF, REQUEST, Row, all_refused, row};
use super::stand::{CALLBACK, Stand};
use crate::keys;

const RESPONSE_TYPE: &[&str] = &["unsupported_response_type", "invalid_request", "unauthorized_client"];

const ROWS: &[Row] = &[
    row(
        "fapi2-security-profile-final-par-authorization-request-containing-request_uri-form-param",
        "a request_uri that is pushed",
        &["invalid_request", "invalid_request_object", "request_uri_not_supported"],
        |a, _| a.set("request_uri", "urn:ietf:params:oauth:request_uri:x"),
    ),
    row(
        "fapi2-security-profile-final-par-ensure-pkce-required",
        "a request without PKCE",
        REQUEST,
        |a, _| {
            a.set("code_challenge", "");
            a.set("code_challenge_method", "");
        },
    ),
    row(
        "fapi2-security-profile-final-par-plain-pkce-rejected",
        "the PKCE method plain",
        REQUEST,
        |a, _| a.set("code_challenge_method", "plain"),
    ),
    row(
        "CVE-2024-23647",
        "a challenge without a method, which would mean plain",
        REQUEST,
        |a, _| {
            a.set("code_challenge_method", "");
        },
    ),
    row("CVE-2023-48228", "a method without a challenge", REQUEST, |a, _| {
        a.set("code_challenge", "")
    }),
    row(
        "RFC 7636 section 4.2",
        "a challenge that is no SHA-256",
        REQUEST,
        |a, _| {
            a.set("code_challenge", &CHALLENGE[..42]);
        },
    ),
    row(
        "fapi2-security-profile-final-ensure-registered-redirect-uri",
        "a redirect URI that is not registered",
        REQUEST,
        |a, _| a.set("redirect_uri", "https://evil.example.org/callback"),
    ),
    row(
        "CVE-2026-18209",
        "a registered redirect URI with a query more",
        REQUEST,
        |a, _| {
            a.set("redirect_uri", &format!("{CALLBACK}?code=x"));
        },
    ),
    row(
        "fapi2-security-profile-final-ensure-redirect-uri-in-authorization-request",
        "a request without a redirect URI",
        REQUEST,
        |a, _| a.set("redirect_uri", ""),
    ),
    row(
        "fapi2-security-profile-final-ensure-response-type-code-idtoken-fails",
        "response_type=code id_token",
        RESPONSE_TYPE,
        |a, _| a.set("response_type", "code id_token"),
    ),
    row(
        "fapi2-security-profile-final-ensure-response-type-token-fails",
        "response_type=token",
        RESPONSE_TYPE,
        |a, _| a.set("response_type", "token"),
    ),
    row(
        "fapi2-security-profile-final-ensure-mismatched-dpop-jkt-fails",
        "a proof by another key than dpop_jkt names",
        &["invalid_request", "invalid_dpop_proof"],
        |a, p| {
            a.proofs.push(p.proof("POST", "/par", None));
            a.set("dpop_jkt", &jwt::thumbprint(&keys::p256("x").unwrap()));
        },
    ),
    row("RFC 9449 section 10.1", "two DPoP proofs", PROOF, |a, p| {
        a.proofs = vec![p.proof("POST", "/par", None), p.proof("POST", "/par", None)];
    }),
    row(
        "RFC 9449 section 10.1",
        "a DPoP proof for another endpoint",
        PROOF,
        |a, p| {
            a.proofs.push(p.proof("POST", "/token", None));
        },
    ),
    row("requirement 4", "an unknown scope", &["invalid_scope"], |a, _| {
        a.set("scope", "openid everything")
    }),
    row("RFC 6749 section 3.1", "a parameter twice", REQUEST, |a, _| {
        a.form.push(("scope".to_owned(), "openid".to_owned()));
    }),
    row("requirement 4", "a nonce of 1025 characters", REQUEST, |a, _| {
        a.set("nonce", &"n".repeat(1025))
    }),
    row(
        "RFC 8725 section 3.1",
        "a request object that is not signed",
        &["invalid_request_object", "invalid_request", "request_not_supported"],
        |a, p| {
            let claims = json!({"iss": "fapi2-1", "aud": p.issuer(), "client_id": "fapi2-1"});
            a.set("request", &jwt::sign(&json!({"alg": "none"}), &claims, &json!({})));
        },
    ),
];

#[tokio::test]
async fn a_wrong_pushed_request_is_refused() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    // It also tells the nonce.
    party.tokens().await;
    all_refused(&party, ROWS, || party.pushing()).await;
    stand.stop().await;
}

/// `fapi2-security-profile-final-par-attempt-invalid-http-method`.
#[tokio::test]
async fn pushing_with_another_method_than_post_is_refused() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        let mut attempt = party.pushing();
        attempt.method = method.clone();
        let said = party.send(&attempt).await;
        assert_eq!(said.status, 405, "{method}: {said:?}");
    }
    stand.stop().await;
}

/// `fapi2-security-profile-final-ensure-authorization-request-without-state-success`, `-without-nonce-success`,
/// `-with-64-char-nonce-success`, `-ensure-other-scope-order-succeeds`: not everything may be refused.
#[tokio::test]
async fn a_request_without_state_or_nonce_or_with_a_long_one_is_taken() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    for (name, value) in [
        ("state", ""),
        ("nonce", ""),
        ("nonce", &*"n".repeat(64)),
        ("scope", "profile openid"),
    ] {
        let mut attempt = party.pushing();
        attempt.set(name, value);
        let said = party.send(&attempt).await;
        assert_eq!(said.status, 201, "{name}={value}: {said:?}");
    }
    stand.stop().await;
}

fn shown_a_page(said: &super::attempt::Said) -> bool {
    said.status == 400 && said.location.is_empty()
}

/// `fapi2-security-profile-final-par-attempt-to-use-request_uri-for-different-client`.
#[tokio::test]
async fn a_request_uri_of_another_client_is_refused_and_goes_nowhere() {
    let stand = Stand::start().await;
    let (party, thief) = (Party::new(&stand, "fapi2-1"), Party::new(&stand, "fapi2-2"));
    let request_uri = party.pushed().await;
    let said = thief.browse(&thief.authorize(&request_uri)).await;
    assert!(shown_a_page(&said), "{said:?}");
    assert!(
        party
            .answered(&party.authorize(&request_uri))
            .await
            .sent("code")
            .is_some(),
        "it is still its client's"
    );
    stand.stop().await;
}

/// `fapi2-security-profile-final-par-attempt-reuse-request_uri`, and the other side,
/// `fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds`.
#[tokio::test]
async fn a_request_uri_that_was_answered_is_refused_but_may_be_looked_at_before() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    let path = party.authorize(&party.pushed().await);
    for _ in 0..2 {
        let visited = party.browse(&path).await;
        assert!(
            visited.location.contains("/login"),
            "before anyone logged in: {visited:?}"
        );
    }
    assert!(party.answered(&path).await.sent("code").is_some());
    let again = party.browse(&path).await;
    assert!(again.sent("code").is_none(), "{again:?}");
    assert!(
        shown_a_page(&again) || again.error == "invalid_request_uri",
        "{again:?}"
    );
    stand.stop().await;
}

/// `fapi2-security-profile-final-par-attempt-to-use-expired-request_uri`.
#[tokio::test]
async fn a_request_uri_past_its_time_is_refused() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    let said = party.insist(party.pushing()).await.json();
    let life = said["expires_in"].as_u64().unwrap();
    assert!((5..600).contains(&life), "{life}");
    let request_uri = said["request_uri"].as_str().unwrap();
    let reference = request_uri.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
    assert!(reference.len() >= 22, "128 bits at least: {reference}");
    stand.clock.advance(Duration::from_secs(life));
    let late = party.browse(&party.authorize(request_uri)).await;
    assert!(shown_a_page(&late), "{late:?}");
    stand.stop().await;
}

/// `fapi2-security-profile-final-ensure-unsigned-authorization-request-without-using-par-fails`.
#[tokio::test]
async fn a_request_that_was_not_pushed_is_refused() {
    let stand = Stand::start().await;
    for id in ["fapi2-1", "fapi2-ms-1"] {
        let party = Party::new(&stand, id);
        let said = party.browse(&query("/authorize", &party.wishes())).await;
        assert!(shown_a_page(&said) || said.error == "invalid_request", "{id}: {said:?}");
    }
    stand.stop().await;
}

/// `fapi2-security-profile-final-par-without-duplicate-parameters`: only what was pushed counts.
#[tokio::test]
async fn what_stands_beside_a_request_uri_changes_nothing() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    let mut path = party.authorize(&party.pushed().await);
    path.push_str(
        "&scope=openid&redirect_uri=https%3A%2F%2Fevil.example.org%2F&state=forged-0123&response_mode=fragment",
    );
    let back = party.answered(&path).await;
    assert!(back.location.starts_with(CALLBACK), "{back:?}");
    assert_eq!(back.sent("state").as_deref(), Some(super::party::STATE));
    stand.stop().await;
}

/// `fapi2-security-profile-final-user-rejects-authentication`.
#[tokio::test]
async fn who_cancels_is_sent_back_with_access_denied() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    let page = party.follow(&party.asking().await).await;
    let form = super::page::with_button(&page.body, "cancel").unwrap_or_else(|| panic!("{page:?}"));
    let said = party.submit(&form.action, &form.fields).await;
    let back = if said.location.starts_with(CALLBACK) {
        said
    } else {
        party.follow(&said.location).await
    };
    assert_eq!(
        (back.error.as_str(), back.sent("code")),
        ("access_denied", None),
        "{back:?}"
    );
    assert_eq!(back.sent("state").as_deref(), Some(super::party::STATE));
    assert_eq!(back.sent("iss").as_deref(), Some(party.issuer()));
    stand.stop().await;
}
