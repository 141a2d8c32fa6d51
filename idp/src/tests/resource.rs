//! Resource indicators (RFC 8707): whom an access token is for is said at the authorization, and holds until the last refresh.

use serde_json::{Value, json};

use super::agency::{agree, decide};
use super::browser::{Browser, Reply};
use super::flow::{parameters, push, pushed, redeem, refresh};
use super::registration::{basic, registered};
use super::relying_party::{RelyingParty, another_key};
use super::world::{ISSUER, World, authorize_query};
use crate::clients::{self, Registration};
use crate::consent;

const LAND: &str = "https://land.example.org/";
const TAX: &str = "https://tax.example.org/";

async fn world() -> (World, RelyingParty) {
    let world = World::new().await;
    for resource in [LAND, TAX] {
        crate::register_resource(&world.cx, resource, "demo-rp").await.unwrap();
    }
    let rp = RelyingParty::register(&world, |registration| may_ask(registration, &[LAND, TAX])).await;
    (world, rp)
}

fn may_ask(registration: &mut Registration, resources: &[&str]) {
    registration.metadata.resources = resources.iter().map(|resource| (*resource).to_owned()).collect();
}

fn error(reply: &Reply) -> String {
    reply.json()["error"].as_str().unwrap_or_default().to_owned()
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
    let many = ["1", "2", "3", "4", "5", "6"].map(|n| format!("https://{n}.example.org/"));
    for resource in &many {
        crate::register_resource(&world.cx, resource, "demo-rp").await.unwrap();
    }
    let mut all = RelyingParty::register(&world, |registration| {
        let many = ["1", "2", "3", "4", "5", "6"].map(|n| format!("https://{n}.example.org/"));
        registration.metadata.resources = many.to_vec();
    })
    .await;
    let many: Vec<_> = many.iter().map(|resource| ("resource", resource.as_str())).collect();
    assert_eq!(push(&mut all, &many[..5]).await.status, 201);
    let many = push(&mut all, &many).await;
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
async fn a_client_gets_no_token_for_a_server_that_its_registration_does_not_list() {
    let (world, _) = world().await;
    let mut rp = RelyingParty::register(&world, |registration| may_ask(registration, &[TAX])).await;
    assert_eq!(error(&push(&mut rp, &[("resource", LAND)]).await), "invalid_target");
    let query = authorize_query(&[("resource", LAND)]);
    let refused = world.browser().get(&format!("/authorize?{query}")).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("invalid_target"));
    let own = |resource: &'static str| [("grant_type", "client_credentials"), ("resource", resource)];
    assert_eq!(error(&rp.bound("/token", &own(LAND)).await), "invalid_target");
    let taxes = rp.bound("/token", &own(TAX)).await.json();
    assert_eq!(audience(&taxes), json!(TAX));
    let both = [
        ("grant_type", "client_credentials"),
        ("resource", TAX),
        ("resource", ISSUER),
    ];
    assert_eq!(
        error(&rp.bound("/token", &both).await),
        "invalid_target",
        "the issuer's are for it alone"
    );
    assert_eq!(audience(&rp.client_credentials().await), json!(ISSUER));
}

#[tokio::test]
async fn a_request_without_resource_leads_to_tokens_for_the_issuer_alone() {
    let (world, mut rp) = world().await;
    let code = code_for(&world, &mut rp, &[]).await;
    assert_eq!(
        error(&redeem(&mut rp, &code, &[("resource", LAND)]).await),
        "invalid_target"
    );
    let mut browser = world.enrolled().await;
    let code = again(&mut browser, &mut rp).await;
    let tokens = redeem(&mut rp, &code, &[]).await.json();
    assert_eq!(audience(&tokens), json!(ISSUER));
    let wider = refresh(&mut rp, &tokens["refresh_token"], &[("resource", LAND)]).await;
    assert_eq!(error(&wider), "invalid_target");
}

/// A log-in of somebody who has agreed before.
async fn again(browser: &mut Browser, rp: &mut RelyingParty) -> String {
    let login = browser.get(&pushed(rp, &[]).await).await.location();
    let done = browser.use_passkey(&login).await;
    let back = browser.get(done.json()["next"].as_str().unwrap()).await;
    back.redirected("code").unwrap()
}

#[tokio::test]
async fn the_person_sees_by_name_where_a_service_may_act_and_a_wider_set_is_asked_for_anew() {
    let (world, mut rp) = world().await;
    let mut browser = world.enrolled().await;
    let login = browser
        .get(&pushed(&mut rp, &[("resource", LAND)]).await)
        .await
        .location();
    let done = browser.use_passkey(&login).await.json();
    let consent = browser.get(done["next"].as_str().unwrap()).await.location();
    for (tag, name, text) in [
        ("sq", "demo-rp sq", "mund të veprojë në emrin tuaj edhe te"),
        ("sr-Latn", "demo-rp sr-Latn", "može da postupa u Vaše ime i kod"),
        ("sr-Cyrl", "демо", "може да поступа у Ваше име и код"),
        ("en", "demo-rp en", "may also act in your name at"),
    ] {
        browser.cookies.insert("lang".into(), tag.into());
        let page = browser.get(&consent).await.body;
        for text in [name, text, LAND] {
            assert!(page.contains(text), "{tag} {text}: {page}");
        }
    }
    let code = decide(&mut browser, &consent, "allow")
        .await
        .redirected("code")
        .unwrap();
    let tokens = redeem(&mut rp, &code, &[]).await.json();
    assert_eq!(audience(&tokens), json!(LAND));
    assert!(world.audit("consent.given").await.1.contains(LAND));
    let listed = consent::list(&world.cx, world.person.id).await.unwrap();
    assert!(listed[0].agreed.resources.iter().eq([LAND]));
    assert!(browser.get("/account").await.body.contains(LAND));
    let silent = [("prompt", "none"), ("resource", LAND)];
    let same = browser.get(&pushed(&mut rp, &silent).await).await;
    assert!(same.redirected("code").is_some());
    let wider = [("prompt", "none"), ("resource", LAND), ("resource", TAX)];
    let refused = browser.get(&pushed(&mut rp, &wider).await).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("consent_required"));
    let wider = pushed(&mut rp, &[("resource", LAND), ("resource", TAX)]).await;
    let asked = browser.get(&wider).await.location();
    assert!(asked.starts_with("/consent"), "{asked}");
    decide(&mut browser, &asked, "allow").await;
    let listed = consent::list(&world.cx, world.person.id).await.unwrap();
    assert!(listed[0].agreed.resources.iter().eq([LAND, TAX]));
}

#[tokio::test]
async fn a_resource_that_the_registration_lost_is_in_no_token_from_then_on() {
    let (world, mut rp) = world().await;
    let code = code_for(&world, &mut rp, &[("resource", LAND), ("resource", TAX)]).await;
    let tokens = redeem(&mut rp, &code, &[]).await.json();
    let mut narrower = RelyingParty::register(&world, |registration| may_ask(registration, &[TAX])).await;
    (narrower.dpop, narrower.nonce) = (rp.dpop, rp.nonce);
    let left = refresh(&mut narrower, &tokens["refresh_token"], &[]).await.json();
    assert_eq!(audience(&left), json!(TAX));
    let lost = refresh(&mut narrower, &tokens["refresh_token"], &[("resource", LAND)]).await;
    assert_eq!(error(&lost), "invalid_target");
}

#[tokio::test]
async fn a_client_of_the_sandbox_reaches_servers_of_the_sandbox_alone() {
    let (world, _) = world().await;
    let server = registered(&world, &basic()).await;
    let test = "https://test.land.example.org/";
    crate::register_resource(&world.cx, test, server["client_id"].as_str().unwrap())
        .await
        .unwrap();
    let mut document = basic();
    document["resources"] = json!([LAND, test]);
    let told = registered(&world, &document).await;
    assert_eq!(told["resources"], json!([LAND, test]), "officers see what it wants");
    clients::let_into_sandbox(&world.cx, world.person.id).await.unwrap();
    let mut browser = world.enrolled().await;
    let query = |resource: &str| {
        let id = told["client_id"].as_str().unwrap();
        let callback = ("redirect_uri", "https://new.example.org/cb");
        authorize_query(&[("client_id", id), callback, ("resource", resource)])
    };
    let refused = browser.get(&format!("/authorize?{}", query(LAND))).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("invalid_target"));
    let code = browser.sign_in(&query(test)).await.redirected("code");
    assert!(code.is_some());
    // And nobody of production reaches those.
    let change = |registration: &mut Registration| may_ask(registration, &["https://test.land.example.org/"]);
    let mut rp = RelyingParty::register(&world, change).await;
    assert_eq!(error(&push(&mut rp, &[("resource", test)]).await), "invalid_target");
}

#[tokio::test]
async fn a_bearer_token_is_for_one_server_alone() {
    let (world, _) = world().await;
    let mut document = basic();
    document["resources"] = json!([LAND, TAX]);
    let document = document.as_object().unwrap();
    let document = clients::Document::parse(document).unwrap();
    let named = clients::Document {
        name: super::world::words("Taxes"),
        purpose: super::world::words("To show your taxes"),
        ..document
    };
    let secret = clients::by_operator(&world.cx, "bearer", named, None)
        .await
        .unwrap()
        .unwrap();
    let secret = secrecy::ExposeSecret::expose_secret(&secret).to_owned();
    let mut browser = world.enrolled().await;
    let callback = ("redirect_uri", "https://new.example.org/cb");
    let both = [("client_id", "bearer"), callback, ("resource", LAND)];
    let query = format!("{}&resource={TAX}", authorize_query(&both));
    let back = browser.sign_in(&query).await;
    let code = back.redirected("code").unwrap();
    let refused = browser.redeem_as("bearer", &secret, &[("code", &code), callback]).await;
    assert_eq!(error(&refused), "invalid_target");
    let silent = format!("/authorize?{query}&prompt=none");
    let code = browser.get(&silent).await.redirected("code").unwrap();
    let fields = [("code", code.as_str()), callback, ("resource", TAX)];
    let one = browser.redeem_as("bearer", &secret, &fields).await;
    assert_eq!(one.status, 200, "{}", one.body);
}

#[tokio::test]
async fn what_is_no_identifier_of_a_server_is_not_registered() {
    let world = World::new().await;
    for bad in ["land", "https://land.example.org/#x", "https://land.example.org/ x"] {
        let mut document = basic();
        document["resources"] = json!([bad]);
        let body = Some(&document);
        let refused = super::registration::ask(&world, "POST", "/register", None, body).await;
        assert_eq!(error(&refused), "invalid_client_metadata", "{bad}");
    }
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
