//! What is released about a person: by name in the ID token, and the personal number only while its legal basis is on record.

use signum_core::params;

use super::agency::agree;
use super::world::{CALLBACK, OTHER_CALLBACK, SECRET, World, authorize_query};

const IN_THE_TOKEN: &str = r#"{"id_token":{"given_name":{"essential":true},"birthdate":null,"shoe_size":null}}"#;

#[tokio::test]
async fn claims_asked_for_in_the_id_token_are_agreed_to_and_stand_there_alone() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let query = authorize_query(&[("scope", "openid"), ("claims", IN_THE_TOKEN)]);
    let consent = browser.reach_consent(&query).await;
    let page = browser.get(&consent).await.body;
    assert!(page.contains("Testa") && page.contains("1990"), "{page}");
    let back = super::agency::decide(&mut browser, &consent, "allow").await;
    let tokens = browser.redeem(&back.redirected("code").unwrap()).await.json();
    let claims = super::tokens::claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(
        (claims["given_name"].as_str(), claims["birthdate"].as_str()),
        (Some("Testa"), Some("1990-02-28"))
    );
    assert!(claims.get("family_name").is_none() && claims.get("shoe_size").is_none());
    let userinfo = browser.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(userinfo.as_object().unwrap().len(), 1, "sub alone: {userinfo}");
    let again = browser.get(&format!("/authorize?{query}")).await;
    assert!(again.redirected("code").is_some(), "it is remembered");
    let wider = IN_THE_TOKEN.replace("shoe_size", "family_name");
    let query = authorize_query(&[("scope", "openid"), ("claims", &wider)]);
    let asked = browser.get(&format!("/authorize?{query}")).await;
    assert!(asked.location().starts_with("/consent?i="), "{}", asked.location());
}

#[tokio::test]
async fn a_scope_puts_no_personal_data_into_the_id_token() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let code = browser.get(&format!("/authorize?{}", authorize_query(&[]))).await;
    let tokens = browser.redeem(&code.redirected("code").unwrap()).await.json();
    let claims = super::tokens::claims(tokens["id_token"].as_str().unwrap());
    for claim in ["given_name", "family_name", "name", "birthdate", "personal_number"] {
        assert!(claims.get(claim).is_none(), "{claim}");
    }
}

#[tokio::test]
async fn after_the_legal_basis_is_taken_back_no_token_of_before_gives_the_personal_number() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let claims = r#"{"id_token":{"personal_number":null}}"#;
    let query = authorize_query(&[
        ("client_id", "signer"),
        ("redirect_uri", OTHER_CALLBACK),
        ("scope", "openid profile personal_number"),
        ("claims", claims),
    ]);
    let back = agree(&mut browser, &format!("/authorize?{query}")).await;
    let changes = [
        ("code", back.redirected("code").unwrap()),
        ("redirect_uri", OTHER_CALLBACK.to_owned()),
    ];
    let changes = changes.each_ref().map(|(name, value)| (*name, value.as_str()));
    let tokens = browser.redeem_as("signer", SECRET, &changes).await.json();
    let id_token = super::tokens::claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(id_token["personal_number"], "1234567892");
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(browser.userinfo(token).await.json()["personal_number"], "1234567892");
    let second = browser
        .get(&format!("/authorize?{query}"))
        .await
        .redirected("code")
        .unwrap();
    let sql = "UPDATE client SET legal_basis_personal_number = FALSE WHERE client_id = $1";
    let cx = &world.cx;
    cx.db
        .run::<_, signum_core::DbError, _, _>(
            "test",
            |tx| async move { tx.exec(sql, params!["signer"]).await.map(drop) },
        )
        .await
        .unwrap();
    let now = browser.userinfo(token).await.json();
    assert!(
        now.get("personal_number").is_none() && now["given_name"] == "Testa",
        "{now}"
    );
    let changes = [("code", second.as_str()), ("redirect_uri", OTHER_CALLBACK)];
    let tokens = browser.redeem_as("signer", SECRET, &changes).await.json();
    let id_token = super::tokens::claims(tokens["id_token"].as_str().unwrap());
    assert!(id_token.get("personal_number").is_none());
    let refused = browser.get(&format!("/authorize?{query}")).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("invalid_scope"));
}

#[tokio::test]
async fn a_narrower_request_after_a_wider_consent_is_answered_at_once_and_gives_the_narrower() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let query = authorize_query(&[("scope", "openid")]);
    let back = browser.get(&format!("/authorize?{query}")).await;
    assert!(back.location().starts_with(CALLBACK), "{}", back.location());
    let tokens = browser.redeem(&back.redirected("code").unwrap()).await.json();
    assert_eq!(tokens["scope"], "openid");
    let userinfo = browser.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(userinfo.as_object().unwrap().len(), 1, "{userinfo}");
}
