//! What a code is good for: its own client, its own key and verifier, once, for a short time.

use std::time::Duration;

use super::attempt::Attempt;
use super::party::Party;
use super::row::{CLIENT, GRANT, Row, refused, row};
use super::stand::Stand;
use crate::keys;

const ROWS: &[Row] = &[
    row(
        "fapi2-security-profile-final-ensure-pkce-code-verifier-required",
        "a code without its verifier",
        GRANT,
        |a, _| a.set("code_verifier", ""),
    ),
    row(
        "fapi2-security-profile-final-incorrect-pkce-code-verifier-rejected",
        "a code with another verifier",
        GRANT,
        |a, _| a.set("code_verifier", &"x".repeat(43)),
    ),
    row("RFC 7636 section 4.1", "a verifier that is too short", GRANT, |a, _| {
        a.set("code_verifier", "short")
    }),
    row(
        "fapi2-security-profile-final-ensure-holder-of-key-required",
        "a code without a key to bind the tokens to",
        &["invalid_dpop_proof", "invalid_request", "invalid_grant"],
        |a, _| a.proofs.clear(),
    ),
    row(
        "RFC 6749 section 4.1.3",
        "a code with another redirect URI",
        GRANT,
        |a, _| {
            a.set("redirect_uri", "https://evil.example.org/callback");
        },
    ),
    row(
        "RFC 6749 section 4.1.3",
        "a code without its redirect URI",
        &["invalid_grant", "invalid_request"],
        |a, _| a.set("redirect_uri", ""),
    ),
    row(
        "RFC 6749 section 5.2",
        "a grant that is not offered",
        &["unsupported_grant_type"],
        |a, _| {
            a.set("grant_type", "password");
        },
    ),
    row(
        "RFC 6749 section 5.2",
        "no grant",
        &["invalid_request", "unsupported_grant_type"],
        |a, _| {
            a.set("grant_type", "");
        },
    ),
    row(
        "RFC 6749 section 3.2",
        "a code twice in one request",
        &["invalid_request"],
        |a, _| {
            let code = a.form.iter().find(|(name, _)| name == "code").unwrap().clone();
            a.form.push(code);
        },
    ),
    row("RFC 6749 section 5.2", "a made-up code", GRANT, |a, _| {
        a.set("code", "made-up")
    }),
    row(
        "RFC 6749 section 2.3",
        "two ways to prove the client",
        CLIENT,
        |a, p| {
            a.authorization = Some(super::jwt::basic(p.id(), "secret"));
        },
    ),
];

/// Each row has a code of its own: one that reached its client is spent by whatever else is wrong.
#[tokio::test]
async fn a_wrong_token_request_is_refused() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    party.tokens().await;
    let mut wrong = Vec::new();
    for row in ROWS {
        let mut attempt = party.redeeming(&party.code().await);
        (row.spoil)(&mut attempt, &party);
        let said = party.send(&attempt).await;
        if !refused(&said, row.errors) {
            wrong.push(format!("{} ({}): {said:?}", row.refuses, row.source));
        }
    }
    assert!(wrong.is_empty(), "not refused as they should be:\n{}", wrong.join("\n"));
    stand.stop().await;
}

/// `fapi2-security-profile-final-ensure-authorization-code-is-bound-to-client`; CVE-2026-16089: Keycloak gave a code to another.
#[tokio::test]
async fn another_clients_code_is_refused_and_stays_good_for_its_own() {
    let stand = Stand::start().await;
    let (party, thief) = (Party::new(&stand, "fapi2-1"), Party::new(&stand, "fapi2-2"));
    let code = party.code().await;
    let stolen = thief.insist(thief.redeeming(&code)).await;
    assert!(refused(&stolen, GRANT), "{stolen:?}");
    let said = party.insist(party.redeeming(&code)).await;
    assert_eq!(said.status, 200, "{said:?}");
    stand.stop().await;
}

async fn spent(stand: &Stand, client_id: &str, wait: Duration) {
    let party = Party::new(stand, client_id);
    let code = party.code().await;
    let tokens = party.insist(party.redeeming(&code)).await.json();
    let (token, refresh) = (
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
    );
    assert_eq!(party.insist(party.asking_userinfo(token)).await.status, 200);
    stand.clock.advance(wait);
    let again = party.insist(party.redeeming(&code)).await;
    assert!(refused(&again, GRANT), "{client_id}: {again:?}");
    assert_eq!(
        party.insist(party.asking_userinfo(token)).await.status,
        401,
        "{client_id}: its access token"
    );
    let said = party.insist(party.refreshing(refresh)).await;
    assert!(refused(&said, GRANT), "{client_id}: its refresh token: {said:?}");
}

/// `fapi2-security-profile-final-attempt-reuse-authorization-code-after-one-second`, `oidcc-codereuse`.
#[tokio::test]
async fn a_used_code_is_refused_and_takes_back_what_it_gave() {
    let stand = Stand::start().await;
    for id in ["fapi2-1", "fapi2-ms-1", "basic-1"] {
        spent(&stand, id, Duration::from_secs(1)).await;
    }
    stand.stop().await;
}

/// `oidcc-codereuse-30seconds`: the same when the code would have ended by itself.
#[tokio::test]
async fn a_used_code_is_refused_half_a_minute_later_as_well() {
    let stand = Stand::start().await;
    spent(&stand, "basic-1", Duration::from_secs(30)).await;
    stand.stop().await;
}

/// `fapi2-security-profile-final-ensure-token-endpoint-fails-with-expired-auth-code`.
#[tokio::test]
async fn a_code_past_its_time_is_refused() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    let code = party.code().await;
    assert!(code.len() >= 43, "256 bits: {code}");
    stand.clock.advance(Duration::from_secs(61));
    let late = party.insist(party.redeeming(&code)).await;
    assert!(refused(&late, GRANT), "{late:?}");
    stand.stop().await;
}

/// The client names its key when it asks, one way or the other; the code is then no use to another key.
async fn bound(spoil: fn(&mut Attempt, &Party<'_>)) {
    let stand = Stand::start().await;
    let mut party = Party::new(&stand, "fapi2-1");
    party.tokens().await;
    for mine in [true, false] {
        let mut pushing = party.pushing();
        spoil(&mut pushing, &party);
        let pushed = party.insist(pushing).await;
        assert_eq!(pushed.status, 201, "{pushed:?}");
        let path = party.authorize(pushed.json()["request_uri"].as_str().unwrap());
        let code = party.answered(&path).await.sent("code").unwrap();
        if !mine {
            party.dpop = keys::p256("dpop").unwrap();
        }
        let said = party.insist(party.redeeming(&code)).await;
        let refusal = refused(&said, &["invalid_grant", "invalid_dpop_proof", "invalid_request"]);
        assert_eq!((said.status == 200, refusal), (mine, !mine), "{said:?}");
    }
    stand.stop().await;
}

/// `fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-jkt`, and
/// `fapi2-security-profile-final-ensure-dpop-auth-code-binding-success`.
#[tokio::test]
async fn a_code_asked_for_with_dpop_jkt_is_refused_to_another_key() {
    bound(|a, p| a.set("dpop_jkt", &super::jwt::thumbprint(&p.dpop))).await;
}

/// `fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt`, and
/// `fapi2-security-profile-final-ensure-dpopproof-at-par-endpoint-binding-success`.
#[tokio::test]
async fn a_code_pushed_for_with_a_proof_is_refused_to_another_key() {
    bound(|a, p| a.proofs.push(p.proof("POST", "/par", None))).await;
}
