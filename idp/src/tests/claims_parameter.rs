//! Claims asked for one by one (OpenID Connect Core section 5.5).

use super::world::{OTHER_CALLBACK, SECRET, World, authorize_query};

const NAME: &str = r#"{"userinfo":{"name":{"essential":true}}}"#;

#[tokio::test]
async fn one_claim_is_shown_agreed_to_and_released_alone() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let query = authorize_query(&[("scope", "openid"), ("claims", NAME)]);
    let consent = browser.reach_consent(&query).await;
    let page = browser.get(&consent).await.body;
    assert!(page.contains("Testa Shembulli") && !page.contains("1990"), "{page}");
    let back = super::agency::decide(&mut browser, &consent, "allow").await;
    let tokens = browser.redeem(&back.redirected("code").unwrap()).await.json();
    let userinfo = browser.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    let members: Vec<_> = userinfo.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["name", "sub"]);
    let id_token = super::tokens::claims(tokens["id_token"].as_str().unwrap());
    assert!(id_token.get("name").is_none(), "an ID token travels in addresses");
}

#[tokio::test]
async fn a_claim_that_was_not_agreed_to_is_asked_about_and_the_known_ones_are_told_apart() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let first = authorize_query(&[("scope", "openid"), ("claims", NAME), ("ui_locales", "en")]);
    browser.sign_in(&first).await;
    assert!(
        browser
            .get(&format!("/authorize?{first}"))
            .await
            .redirected("code")
            .is_some()
    );
    let more = r#"{"userinfo":{"name":null,"birthdate":null}}"#;
    let query = authorize_query(&[("scope", "openid"), ("claims", more), ("ui_locales", "en")]);
    let consent = browser.get(&format!("/authorize?{query}")).await.location();
    assert!(consent.starts_with("/consent?i="), "{consent}");
    let page = browser.get(&consent).await.body;
    let new = page.find("New: this will be sent from now on").unwrap();
    let known = page.find("You agreed to this before").unwrap();
    let (birthdate, name) = (
        page.find("28 February 1990").unwrap(),
        page.rfind("Testa Shembulli").unwrap(),
    );
    assert!(new < birthdate && birthdate < known && known < name, "{page}");
}

#[tokio::test]
async fn authentik_cve_2024_52287_claims_are_no_way_round_the_legal_basis() {
    let world = World::new().await;
    let mut browser = world.browser();
    let claims = r#"{"userinfo":{"personal_number":{"essential":true}}}"#;
    let refused = browser
        .get(&format!("/authorize?{}", authorize_query(&[("claims", claims)])))
        .await;
    assert_eq!(refused.redirected("error").as_deref(), Some("invalid_request"));
    let with_basis = authorize_query(&[
        ("client_id", "signer"),
        ("redirect_uri", OTHER_CALLBACK),
        ("scope", "openid"),
        ("claims", claims),
    ]);
    let mut browser = world.enrolled().await;
    let back = browser.sign_in(&with_basis).await;
    let code = back.redirected("code").unwrap();
    let tokens = browser
        .redeem_as("signer", SECRET, &[("code", &code), ("redirect_uri", OTHER_CALLBACK)])
        .await
        .json();
    let userinfo = browser.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(userinfo["personal_number"], "1234567892");
    assert!(userinfo.get("name").is_none());
}

#[tokio::test]
async fn a_sub_of_the_claims_parameter_is_answered_about_that_person_alone() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let query = authorize_query(&[
        ("claims", r#"{"id_token":{"sub":{"value":"somebody-else"}}}"#),
        ("prompt", "none"),
    ]);
    let reply = browser.get(&format!("/authorize?{query}")).await;
    assert_eq!(reply.redirected("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn malformed_claims_are_an_invalid_request() {
    let world = World::new().await;
    let mut browser = world.browser();
    for bad in [
        "{",
        "[]",
        r#"{"userinfo":1}"#,
        r#"{"userinfo":{"name":null,"name":null}}"#,
    ] {
        let reply = browser
            .get(&format!("/authorize?{}", authorize_query(&[("claims", bad)])))
            .await;
        assert_eq!(reply.redirected("error").as_deref(), Some("invalid_request"), "{bad}");
    }
}
