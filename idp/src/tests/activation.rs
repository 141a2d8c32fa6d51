//! Activation codes: once, within seven days, and spent only by a stored credential.

use serde_json::Value;

use super::world::{ISSUER, World};
use crate::people;

#[tokio::test]
async fn the_page_shows_the_given_name_alone() {
    let world = World::new().await;
    let code = people::activation_code(&world.cx, world.person.id).await.unwrap();
    let page = world.browser().get(&format!("/activate/{code}")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Testa"));
    assert!(!page.body.contains("Shembulli") && !page.body.contains("1234567892"));
}

#[tokio::test]
async fn a_code_makes_one_passkey_and_then_is_gone() {
    let world = World::new().await;
    let code = people::activation_code(&world.cx, world.person.id).await.unwrap();
    let mut browser = world.browser();
    let done = browser.activate(&code).await;
    assert_eq!(done.json()["next"], "/activated");
    assert_eq!(browser.get("/activated").await.status, 200);
    assert_eq!(browser.activate(&code).await.status, 410);
    assert_eq!(world.audit("passkey.registered").await.0, 1);
}

#[tokio::test]
async fn an_unknown_or_expired_code_is_refused() {
    let world = World::new().await;
    let code = people::activation_code(&world.cx, world.person.id).await.unwrap();
    assert_eq!(world.browser().get("/activate/nonsense").await.status, 410);
    world.advance(7 * 24 * 60 * 60);
    assert_eq!(world.browser().get(&format!("/activate/{code}")).await.status, 410);
}

#[tokio::test]
async fn a_refused_credential_does_not_spend_the_code() {
    let world = World::new().await;
    let code = people::activation_code(&world.cx, world.person.id).await.unwrap();
    let mut browser = world.browser();
    browser.authenticator.behaviour.skip_uv = true;
    assert_eq!(browser.activate(&code).await.status, 403);
    browser.authenticator.behaviour = Default::default();
    browser.authenticator.behaviour.origin = Some("http://evil.localhost".into());
    assert_eq!(browser.activate(&code).await.status, 403);
    browser.authenticator = Default::default();
    assert_eq!(browser.activate(&code).await.status, 200);
    assert_eq!(world.audit("activation.refused").await.0, 2);
}

#[tokio::test]
async fn a_discoverable_passkey_with_user_verification_is_asked_for() {
    let world = World::new().await;
    let code = people::activation_code(&world.cx, world.person.id).await.unwrap();
    let mut browser = world.browser();
    let path = format!("/activate/{code}");
    let csrf = browser.get(&path).await.csrf();
    let options = browser
        .post_json(&format!("{path}/options"), &csrf, &Value::Null)
        .await
        .json();
    let selection = &options["publicKey"]["authenticatorSelection"];
    assert_eq!(selection["residentKey"], "required");
    assert_eq!(selection["userVerification"], "required");
    assert_eq!(options["publicKey"]["rp"]["id"], "idp.localhost");
    let credential = browser.authenticator.create(&options, ISSUER).unwrap();
    assert_eq!(browser.post_json(&path, "", &credential).await.status, 403, "no token");
    assert_eq!(browser.post_json(&path, &csrf, &credential).await.status, 200);
}
