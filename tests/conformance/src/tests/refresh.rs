//! `fapi2-security-profile-final-refresh-token` and `oidcc-refresh-token`: a refresh token is good for its client alone, with
//! a proof.

use std::time::Duration;

use super::party::Party;
use super::row::{CLIENT, GRANT, refused};
use super::stand::Stand;

const KEY: &[&str] = &["invalid_grant", "invalid_dpop_proof", "invalid_request"];

#[tokio::test]
async fn a_refresh_token_without_its_client_or_a_proof_is_refused() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    let tokens = party.tokens().await;
    let refresh = tokens["refresh_token"].as_str().expect("a refresh token");
    let mut alone = party.refreshing(refresh);
    alone.assertion = None;
    let said = party.insist(alone).await;
    assert!(refused(&said, CLIENT), "without the client: {said:?}");
    // Keycloak issue 36475.
    let mut keyless = party.refreshing(refresh);
    keyless.proofs.clear();
    let said = party.insist(keyless).await;
    assert!(refused(&said, KEY), "without a proof: {said:?}");
    // The suite makes a new DPoP key before it refreshes: the client's authentication is what holds the token (RFC 9449 section 5).
    let renewed = Party::new(&stand, "fapi2-1");
    let said = renewed.insist(renewed.refreshing(refresh)).await;
    assert_eq!(said.status, 200, "of the client with a new key: {said:?}");
    let other = Party::new(&stand, "fapi2-2");
    let said = other.insist(other.refreshing(refresh)).await;
    assert!(refused(&said, GRANT), "of another client: {said:?}");
    let said = party.insist(party.refreshing(refresh)).await;
    assert_eq!(said.status, 200, "after all that: {said:?}");
    stand.stop().await;
}

/// `oidcc-refresh-token`, whose second client must not be served; RFC 9700 section 4.14.2.
#[tokio::test]
async fn a_replaced_refresh_token_is_refused_and_ends_its_family() {
    let stand = Stand::start().await;
    let (party, other) = (Party::new(&stand, "basic-1"), Party::new(&stand, "basic-2"));
    let tokens = party.tokens().await;
    let first = tokens["refresh_token"].as_str().unwrap();
    let said = other.send(&other.refreshing(first)).await;
    assert!(refused(&said, GRANT), "of another client: {said:?}");
    let next = party.send(&party.refreshing(first)).await.json();
    let (second, access) = (
        next["refresh_token"].as_str().unwrap(),
        next["access_token"].as_str().unwrap(),
    );
    assert_ne!(first, second);
    assert_eq!(party.send(&party.asking_userinfo(access)).await.status, 200);
    stand.clock.advance(Duration::from_secs(60));
    let said = party.send(&party.refreshing(first)).await;
    assert!(refused(&said, GRANT), "the first again: {said:?}");
    let said = party.send(&party.refreshing(second)).await;
    assert!(refused(&said, GRANT), "then the second as well: {said:?}");
    assert_eq!(
        party.send(&party.asking_userinfo(access)).await.status,
        401,
        "and its access token"
    );
    stand.stop().await;
}

#[tokio::test]
async fn a_wider_scope_at_a_refresh_is_refused() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    let tokens = party.tokens().await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    // CVE-2024-52287: authentik gave more than the person had agreed to.
    for wider in ["openid profile address", "openid profile personal_number", "everything"] {
        let mut attempt = party.refreshing(refresh);
        attempt.set("scope", wider);
        let said = party.insist(attempt).await;
        assert!(refused(&said, &["invalid_scope"]), "{wider}: {said:?}");
    }
    stand.stop().await;
}
