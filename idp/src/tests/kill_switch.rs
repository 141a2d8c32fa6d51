//! A client that is stopped: at once, at every endpoint, with everything that was issued to it, and for good.

use serde_json::{Value, json};

use super::agency::{Agency, agree};
use super::browser::Browser;
use super::relying_party::{RP, RelyingParty};
use super::world::{CALLBACK, SECRET, World, authorize_query, encode, words};
use crate::client_auth::AuthMethod;
use crate::clients::{self, GrantType, Metadata, Profile, Realm, Registration};
use crate::jose::test_keys::TestKey;

async fn stop(world: &World, id: &str) {
    assert!(clients::stop(&world.cx, id, "operator-1", "it leaks").await.unwrap());
}

/// The demo client that may refresh, a browser that is logged in there, and its tokens.
async fn with_tokens(world: &World) -> (Browser, Value) {
    let registration = Registration {
        client_id: "demo-rp".to_owned(),
        profile: Profile::GovBasic,
        realm: Realm::Production,
        name: words("demo-rp"),
        purpose: words("To show the demonstration"),
        metadata: Metadata {
            redirect_uris: vec![CALLBACK.to_owned()],
            token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            ..Metadata::default()
        },
        secret: Some(SECRET.to_owned().into()),
        legal_basis_personal_number: false,
    };
    clients::put(&world.cx, registration).await.unwrap();
    let mut browser = world.enrolled().await;
    let back = browser.sign_in(&authorize_query(&[])).await;
    let tokens = browser.redeem(&back.redirected("code").unwrap()).await;
    (browser, tokens.json())
}

async fn refresh(browser: &mut Browser, tokens: &Value) -> (u16, Value) {
    let token = tokens["refresh_token"].as_str().unwrap();
    let fields = encode(&[("grant_type", "refresh_token"), ("refresh_token", token)]);
    let reply = browser.form_as("/token", "demo-rp", SECRET, fields).await;
    (reply.status, reply.json())
}

#[tokio::test]
async fn a_stopped_client_gets_nothing_anywhere_and_its_tokens_are_worth_nothing() {
    let world = World::new().await;
    let (mut browser, tokens) = with_tokens(&world).await;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let back = browser.get(&format!("/authorize?{}", authorize_query(&[]))).await;
    let code = back.redirected("code").unwrap();
    stop(&world, "demo-rp").await;
    let invalid = (401, json!("invalid_client"));
    let answered = |reply: super::browser::Reply| (reply.status, reply.json()["error"].clone());
    assert_eq!(answered(browser.redeem(&code).await), invalid);
    let (status, told) = refresh(&mut browser, &tokens).await;
    assert_eq!((status, told["error"].clone()), invalid);
    for path in ["/introspect", "/revoke", "/par"] {
        let body = format!("token={token}");
        assert_eq!(
            answered(browser.form_as(path, "demo-rp", SECRET, body).await),
            invalid,
            "{path}"
        );
    }
    assert_eq!(browser.userinfo(&token).await.status, 401);
    for prompt in ["", "none", "login"] {
        let asked = browser
            .get(&format!("/authorize?{}", authorize_query(&[("prompt", prompt)])))
            .await;
        assert_eq!(asked.status, 400, "a page, no redirect: {prompt}");
        assert!(asked.headers.get("location").is_none());
    }
    assert_eq!(world.audit("client.stopped").await.0, 1);
    assert!(world.audit("client.stopped").await.1.contains("it leaks"));
}

#[tokio::test]
async fn what_was_issued_before_stays_dead_when_the_client_is_started_again() {
    let world = World::new().await;
    let (mut browser, tokens) = with_tokens(&world).await;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let code = browser
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .redirected("code")
        .unwrap();
    stop(&world, "demo-rp").await;
    assert!(
        !clients::stop(&world.cx, "demo-rp", "x", "again").await.unwrap(),
        "it is stopped"
    );
    assert!(clients::start(&world.cx, "demo-rp", "x", "mended").await.unwrap());
    assert!(!clients::start(&world.cx, "nobody", "x", "").await.unwrap());
    assert_eq!(browser.redeem(&code).await.json()["error"], "invalid_grant");
    assert_eq!(refresh(&mut browser, &tokens).await.1["error"], "invalid_grant");
    assert_eq!(browser.userinfo(&token).await.status, 401);
    // The person's session lives on; only the client begins anew.
    let back = browser
        .get(&format!("/authorize?{}", authorize_query(&[("prompt", "none")])))
        .await;
    let code = back.redirected("code").unwrap();
    assert_eq!(browser.redeem(&code).await.status, 200);
}

#[tokio::test]
async fn a_request_under_way_is_not_answered_once_its_client_is_stopped() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let consent = browser.reach_consent(&authorize_query(&[])).await;
    let csrf = browser.get(&consent).await.csrf();
    stop(&world, "demo-rp").await;
    let decided = [("csrf", csrf.as_str()), ("decision", "allow")];
    let reply = browser.post_form(&consent, &decided).await;
    assert!((400..500).contains(&reply.status), "{}", reply.status);
    assert!(clients::start(&world.cx, "demo-rp", "x", "").await.unwrap());
    let reply = browser.post_form(&consent, &decided).await;
    assert!(
        (400..500).contains(&reply.status),
        "nor when it is started again: {}",
        reply.status
    );
}

#[tokio::test]
async fn a_pushed_request_and_the_client_s_own_token_die_with_the_switch() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    let address = agency.pushed(&world, &[]).await;
    let mut rp = RelyingParty::register(&world, |_| {}).await;
    let own = rp.client_credentials().await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    stop(&world, "agency").await;
    stop(&world, RP).await;
    assert_eq!(world.browser().get(&address).await.status, 400);
    assert_eq!(agency.push(&world, &[]).await.status, 401);
    assert!(clients::start(&world.cx, RP, "x", "").await.unwrap());
    let told = rp.authenticated("/introspect", &[("token", &own)], &[]).await;
    assert_eq!(told.json(), json!({"active": false}));
    assert!(clients::start(&world.cx, "agency", "x", "").await.unwrap());
    assert_eq!(
        world.browser().get(&address).await.status,
        400,
        "nor when it is started again"
    );
    let mut browser = world.enrolled().await;
    let fresh = agency.pushed(&world, &[]).await;
    assert!(agree(&mut browser, &fresh).await.redirected("code").is_some());
}

#[tokio::test]
async fn keys_are_added_beside_the_old_ones_and_retired_at_once() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |_| {}).await;
    let works =
        async |rp: &mut RelyingParty| rp.authenticated("/introspect", &[("token", "x")], &[]).await.status == 200;
    let next = TestKey::es256("rp-2");
    let refused = clients::retire_key(&world.cx, RP, "rp-1")
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("add the next one first"), "{refused}");
    let keys = clients::add_keys(&world.cx, RP, &next.jwk()).await.unwrap();
    assert_eq!(keys.len(), 2);
    assert!(works(&mut rp).await, "the old one");
    let old = std::mem::replace(&mut rp.key, next);
    assert!(works(&mut rp).await, "the new one");
    assert!(clients::add_keys(&world.cx, RP, &rp.key.jwks()).await.is_err(), "twice");
    let mut private = TestKey::es256("x").jwk();
    private["d"] = json!("AAAA");
    for wrong in [
        private,
        json!({}),
        json!({"keys": []}),
        json!({"kty": "oct", "k": "AAAA"}),
    ] {
        assert!(clients::add_keys(&world.cx, RP, &wrong).await.is_err(), "{wrong}");
    }
    assert!(clients::retire_key(&world.cx, RP, "nobody's").await.is_err());
    clients::retire_key(&world.cx, RP, &old.kid).await.unwrap();
    assert!(works(&mut rp).await);
    rp.key = old;
    assert!(!works(&mut rp).await, "the retired one");
}

#[tokio::test]
async fn a_renewed_secret_ends_the_one_before() {
    use secrecy::ExposeSecret;
    let world = World::new().await;
    let fresh = clients::renew_secret(&world.cx, "demo-rp").await.unwrap();
    let ask = async |secret: &str| {
        let mut browser = world.browser();
        let reply = browser.form_as("/introspect", "demo-rp", secret, "token=x".to_owned());
        reply.await.status
    };
    assert_eq!(ask(SECRET).await, 401);
    assert_eq!(ask(fresh.expose_secret()).await, 200);
    let rp = RelyingParty::register(&world, |_| {}).await;
    drop(rp);
    assert!(clients::renew_secret(&world.cx, RP).await.is_err(), "it has a key");
}
