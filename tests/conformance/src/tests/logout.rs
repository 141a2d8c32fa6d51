//! The plan of RP-initiated logout: nobody is sent anywhere on the word of somebody unknown.

use super::party::{Party, query};
use super::stand::{LOGGED_OUT, Stand};
use super::{jwt, page};
use crate::keys;

async fn left_logged_in(party: &Party<'_>) -> bool {
    let mut wishes = party.wishes().to_vec();
    wishes.push(("prompt", "none"));
    party.browse(&query("/authorize", &wishes)).await.sent("code").is_some()
}

#[tokio::test]
async fn a_log_out_that_cannot_be_trusted_leads_nowhere() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    let tokens = party.tokens().await;
    let hint = tokens["id_token"].as_str().unwrap();
    let modified = jwt::with_another_signature(hint);
    let own = keys::p256("own").unwrap();
    let forged = jwt::sign(
        &serde_json::json!({"alg": "ES256", "kid": "own"}),
        &jwt::claims(hint),
        &own,
    );
    let unsigned = jwt::sign(&serde_json::json!({"alg": "none"}), &jwt::claims(hint), &own);
    let added = format!("{LOGGED_OUT}?foo=bar");
    let cases: &[(&str, &str, &str, &str)] = &[
        (
            "oidcc-rp-initiated-logout-bad-id-token-hint",
            "a hint of another issuer's key",
            &forged,
            LOGGED_OUT,
        ),
        (
            "oidcc-rp-initiated-logout-modified-id-token-hint",
            "a hint with a changed signature",
            &modified,
            LOGGED_OUT,
        ),
        (
            "RFC 8725 section 3.1",
            "a hint without a signature",
            &unsigned,
            LOGGED_OUT,
        ),
        (
            "OpenID Connect RP-Initiated Logout section 2",
            "a hint that is no JWT",
            "not-a-token",
            LOGGED_OUT,
        ),
        ("oidcc-rp-initiated-logout-no-id-token-hint", "no hint", "", LOGGED_OUT),
        (
            "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
            "a query more",
            hint,
            &added,
        ),
        (
            "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
            "an address that is not registered",
            hint,
            "https://evil.example.org/",
        ),
        (
            "CVE-2022-23527",
            "an address with a tab",
            hint,
            "https://localhost:8765/\tlogged-out",
        ),
        (
            "CVE-2019-20479",
            "an address with a backslash",
            hint,
            "https://localhost:8765\\@evil.example.org/logged-out",
        ),
    ];
    for (source, name, hint, uri) in cases {
        let mut parameters = vec![("state", "state-0123456789"), ("post_logout_redirect_uri", uri)];
        parameters.extend((!hint.is_empty()).then_some(("id_token_hint", *hint)));
        let said = party.browse(&query("/logout", &parameters)).await;
        assert!(
            said.location.is_empty() && matches!(said.status, 200 | 400),
            "{name} ({source}): {said:?}"
        );
        assert!(left_logged_in(&party).await, "{name} ({source}) ends nothing");
    }
    let good = [
        ("id_token_hint", hint),
        ("post_logout_redirect_uri", LOGGED_OUT),
        ("state", "s-1"),
    ];
    let said = party.browse(&query("/logout", &good)).await;
    assert_eq!(
        (said.location.split('?').next(), said.sent("state")),
        (Some(LOGGED_OUT), Some("s-1".to_owned())),
        "{said:?}"
    );
    assert!(!left_logged_in(&party).await);
    stand.stop().await;
}

/// `oidcc-rp-initiated-logout-only-state`, `oidcc-rp-initiated-logout-no-params`: the person is asked, and stays here.
#[tokio::test]
async fn a_log_out_without_an_address_sends_nobody_away() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    for parameters in [&[("state", "state-0123456789")][..], &[]] {
        party.tokens().await;
        let asked = party.browse(&query("/logout", parameters)).await;
        assert!(
            asked.status == 200 && left_logged_in(&party).await,
            "a question first: {asked:?}"
        );
        let form = page::with_action(&asked.body, "/logout/confirm").unwrap_or_else(|| panic!("{}", asked.body));
        let ended = party.submit(&form.action, &form.fields).await;
        assert!(!ended.location.starts_with("https://localhost:8765"), "{ended:?}");
        assert!(!left_logged_in(&party).await);
    }
    stand.stop().await;
}

/// `oidcc-rp-initiated-logout-no-state`, `oidcc-rp-initiated-logout-no-post-logout-redirect-uri`.
#[tokio::test]
async fn after_a_log_out_without_a_state_none_is_told() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    let hint = party.tokens().await["id_token"].as_str().unwrap().to_owned();
    let said = party
        .browse(&query(
            "/logout",
            &[("id_token_hint", &hint), ("post_logout_redirect_uri", LOGGED_OUT)],
        ))
        .await;
    assert_eq!(said.location, LOGGED_OUT);
    let hint = party.tokens().await["id_token"].as_str().unwrap().to_owned();
    let said = party.browse(&query("/logout", &[("id_token_hint", &hint)])).await;
    assert!(!said.location.starts_with("https://localhost:8765"), "{said:?}");
    assert!(!left_logged_in(&party).await);
    stand.stop().await;
}
