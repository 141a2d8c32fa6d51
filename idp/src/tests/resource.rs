//! Resource indicators (RFC 8707): whom an access token is for is said at the authorization, and holds until the last refresh.

use serde_json::{Value, json};

use super::agency::agree;
use super::flow::{parameters, push, pushed, redeem, refresh};
use super::relying_party::{RelyingParty, another_key};
use super::world::{ISSUER, World, authorize_query};

const LAND: &str = "https://land.example.org/";
const TAX: &str = "https://tax.example.org/";

async fn world() -> (World, RelyingParty) {
    let world = World::new().await;
    for resource in [LAND, TAX] {
        crate::register_resource(&world.cx, resource, "demo-rp").await.unwrap();
    }
    let rp = RelyingParty::register(&world, |_| {}).await;
    (world, rp)
}

async fn code_for(world: &World, rp: &mut RelyingParty, changes: &[(&str, &str)]) -> String {
    let mut browser = world.enrolled().await;
    let address = pushed(rp, changes).await;
    agree(&mut browser, &address).await.redirected("code").unwrap()
}

fn audience(tokens: &Value) -> Value {
    super::tokens::claims(tokens["access_token"].as_str().unwrap())["aud"].clone()
}

#[tokio::test]
async fn a_token_is_for_the_resources_of_the_authorization_request_or_a_part_of_them() {
    let (world, mut rp) = world().await;
    let code = code_for(&world, &mut rp, &[("resource", LAND), ("resource", TAX)]).await;
    let tokens = redeem(&mut rp, &code, &[]).await.json();
    assert_eq!(audience(&tokens), json!([LAND, TAX]));
    let one = refresh(&mut rp, &tokens["refresh_token"], &[("resource", TAX)])
        .await
        .json();
    assert_eq!(audience(&one), json!(TAX));
    let ours = refresh(&mut rp, &tokens["refresh_token"], &[("resource", ISSUER)])
        .await
        .json();
    assert_eq!(audience(&ours), json!(ISSUER));
    let all = refresh(&mut rp, &tokens["refresh_token"], &[]).await.json();
    assert_eq!(audience(&all), json!([LAND, TAX]), "one token narrows no grant");
}

#[tokio::test]
async fn no_token_is_for_a_resource_that_the_authorization_request_did_not_name() {
    let (world, mut rp) = world().await;
    let code = code_for(&world, &mut rp, &[("resource", LAND)]).await;
    let tokens = redeem(&mut rp, &code, &[]).await.json();
    for other in [TAX, "https://unknown.example.org/", "https://land.example.org/x"] {
        let refused = refresh(&mut rp, &tokens["refresh_token"], &[("resource", other)]).await;
        assert_eq!(
            (refused.status, refused.json()["error"].as_str()),
            (400, Some("invalid_target")),
            "{other}"
        );
    }
    let (world, mut rp) = self::world().await;
    let code = code_for(&world, &mut rp, &[("resource", LAND)]).await;
    let refused = redeem(&mut rp, &code, &[("resource", TAX)]).await;
    assert_eq!(refused.json()["error"], "invalid_target");
}

#[tokio::test]
async fn unknown_and_too_many_resources_are_refused_before_anybody_is_asked() {
    let (world, mut rp) = world().await;
    for bad in ["https://unknown.example.org/", "land", "https://land.example.org/#x"] {
        let refused = push(&mut rp, &[("resource", bad)]).await;
        assert_eq!(refused.json()["error"], "invalid_target", "{bad}");
        let query = authorize_query(&[("resource", bad)]);
        let refused = world.browser().get(&format!("/authorize?{query}")).await;
        assert_eq!(refused.redirected("error").as_deref(), Some("invalid_target"), "{bad}");
    }
    let many = push(&mut rp, &[("resource", LAND); 6]).await;
    assert_eq!(many.json()["error"], "invalid_target");
    // Nothing else may be repeated.
    let mut twice = parameters(&[("resource", LAND)]);
    twice.push(("scope", "openid"));
    let refused = rp.authenticated("/par", &twice, &[]).await;
    assert_eq!(refused.json()["error"], "invalid_request");
}

#[tokio::test]
async fn a_resource_server_learns_nothing_of_the_person_with_a_token_that_is_for_it() {
    let (world, mut rp) = world().await;
    let code = code_for(&world, &mut rp, &[("resource", LAND)]).await;
    let tokens = redeem(&mut rp, &code, &[]).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let proof = rp.proof("GET", "/userinfo", Some(token), &json!({}));
    assert_eq!(rp.userinfo("DPoP", token, Some(&proof)).await.status, 401);
    let ours = refresh(&mut rp, &tokens["refresh_token"], &[("resource", ISSUER)])
        .await
        .json();
    let token = ours["access_token"].as_str().unwrap();
    let proof = rp.proof("GET", "/userinfo", Some(token), &json!({}));
    assert_eq!(rp.userinfo("DPoP", token, Some(&proof)).await.status, 200);
}

#[tokio::test]
async fn the_key_of_a_proof_at_the_push_alone_redeems_the_code() {
    let (world, mut rp) = world().await;
    rp.client_credentials().await;
    let proof = rp.proof("POST", "/par", None, &json!({}));
    let reply = rp.authenticated("/par", &parameters(&[]), &[("dpop", &proof)]).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert!(reply.headers.contains_key("dpop-nonce"));
    let uri = reply.json()["request_uri"].as_str().unwrap().to_owned();
    let query = super::world::encode(&[("client_id", super::relying_party::RP), ("request_uri", &uri)]);
    let mut browser = world.enrolled().await;
    let code = agree(&mut browser, &format!("/authorize?{query}"))
        .await
        .redirected("code")
        .unwrap();
    rp.dpop = another_key();
    let refused = redeem(&mut rp, &code, &[]).await;
    assert_eq!(refused.json()["error"], "invalid_grant");
    // The proof was spent with the push.
    let mut again = RelyingParty::register(&world, |_| {}).await;
    again.nonce = rp.nonce.clone();
    let replayed = again.authenticated("/par", &parameters(&[]), &[("dpop", &proof)]).await;
    assert_eq!(replayed.json()["error"], "invalid_dpop_proof", "{}", replayed.body);
}
