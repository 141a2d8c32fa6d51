//! Consent: shown with values, remembered, asked again when wider, refusable.

use super::world::{OTHER_CALLBACK, World, add_person, authorize_query};

#[tokio::test]
async fn the_page_shows_each_datum_with_its_value() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let query = authorize_query(&[
        ("client_id", "signer"),
        ("redirect_uri", OTHER_CALLBACK),
        ("scope", "openid profile personal_number"),
    ]);
    let consent = browser.reach_consent(&query).await;
    let page = browser.get(&consent).await;
    for value in [
        "signer",
        "Testa",
        "Shembulli",
        "28 shkurt 1990",
        "1234567892",
        "sign.localhost",
    ] {
        assert!(page.body.contains(value), "{value}");
    }
}

#[tokio::test]
async fn denying_tells_the_service_and_gives_nothing() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let consent = browser.reach_consent(&authorize_query(&[])).await;
    let csrf = browser.get(&consent).await.csrf();
    let reply = browser
        .post_form(&consent, &[("csrf", &csrf), ("decision", "deny")])
        .await;
    assert_eq!(reply.redirected("error").as_deref(), Some("access_denied"));
    assert_eq!(reply.redirected("state").as_deref(), Some("state-0123456789"));
    assert_eq!(reply.redirected("code"), None);
    assert_eq!(world.audit("consent.denied").await.0, 1);
    assert_eq!(world.audit("code.issued").await.0, 0);
}

#[tokio::test]
async fn a_decision_without_the_pages_token_is_refused() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let consent = browser.reach_consent(&authorize_query(&[])).await;
    for pairs in [&[("decision", "allow")][..], &[("decision", "allow"), ("csrf", "00")]] {
        assert_eq!(browser.post_form(&consent, pairs).await.status, 403);
    }
    assert_eq!(world.audit("code.issued").await.0, 0);
}

#[tokio::test]
async fn consent_is_remembered_until_the_service_wants_more_or_asks_again() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    browser.sign_in(&authorize_query(&[("scope", "openid")])).await;
    let same = browser
        .get(&format!("/authorize?{}", authorize_query(&[("scope", "openid")])))
        .await;
    assert!(same.redirected("code").is_some());
    for query in [
        authorize_query(&[]),
        authorize_query(&[("scope", "openid"), ("prompt", "consent")]),
    ] {
        let reply = browser.get(&format!("/authorize?{query}")).await;
        assert!(reply.location().starts_with("/consent?i="), "{query}");
    }
    let silent = authorize_query(&[("prompt", "none")]);
    let reply = browser.get(&format!("/authorize?{silent}")).await;
    assert_eq!(reply.redirected("error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn an_interaction_is_answered_once() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let consent = browser.reach_consent(&authorize_query(&[])).await;
    let cookies = browser.cookies.clone();
    let csrf = browser.get(&consent).await.csrf();
    let pairs = [("csrf", csrf.as_str()), ("decision", "allow")];
    assert!(browser.post_form(&consent, &pairs).await.redirected("code").is_some());
    browser.cookies = cookies;
    assert_eq!(browser.post_form(&consent, &pairs).await.status, 410);
    assert_eq!(world.audit("code.issued").await.0, 1);
}

#[tokio::test]
async fn a_session_swapped_under_an_interaction_cannot_consent_for_it() {
    let world = World::new().await;
    let second = add_person(&world.cx, "Provo", "1234567893").await;
    let mut browser = world.enrolled().await;
    let consent = browser.reach_consent(&authorize_query(&[])).await;
    let csrf = browser.get(&consent).await.csrf();
    let mut other = world.enrolled_as(&second).await;
    other.reach_consent(&authorize_query(&[])).await;
    browser
        .cookies
        .insert("idp_sid".into(), other.cookies["idp_sid"].clone());
    let reply = browser
        .post_form(&consent, &[("csrf", &csrf), ("decision", "allow")])
        .await;
    assert_eq!(reply.status, 403);
    assert_eq!(world.audit("code.issued").await.0, 0);
}
