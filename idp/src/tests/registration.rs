//! Clients that register themselves (RFC 7591) and manage it (RFC 7592), and what the sandbox keeps from them.

use axum::body::Body;
use http::{Request, header};
use serde_json::{Value, json};

use super::agency::decide;
use super::browser::{Browser, Reply};
use super::world::{VERIFIER, World, encode};
use crate::clients;
use crate::jose::test_keys::TestKey;

const CALLBACK: &str = "https://new.example.org/cb";

pub async fn ask(world: &World, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let request = request.header(header::CONTENT_TYPE, "application/json");
    Browser::new(world.router.clone())
        .send(request.body(body).unwrap())
        .await
}

/// For libraries that can do no more: a secret.
pub fn basic() -> Value {
    json!({"profile": "gov-basic", "redirect_uris": [CALLBACK], "client_name": "New"})
}

pub async fn registered(world: &World, document: &Value) -> Value {
    let reply = ask(world, "POST", "/register", None, Some(document)).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.json()
}

fn path(told: &Value) -> String {
    format!("/register/{}", told["client_id"].as_str().unwrap())
}

fn token(told: &Value) -> &str {
    told["registration_access_token"].as_str().unwrap()
}

/// The document with what an update has to repeat.
fn update_of(told: &Value, mut document: Value) -> Value {
    document["client_id"] = told["client_id"].clone();
    document
}

fn request(told: &Value) -> String {
    encode(&[
        ("client_id", told["client_id"].as_str().unwrap()),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", "state-0123456789"),
        ("nonce", "nonce-0123456789"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ])
}

#[tokio::test]
async fn a_client_registers_itself_and_an_invented_person_logs_in_there_at_once() {
    let world = World::new().await;
    let told = registered(&world, &basic()).await;
    assert_eq!(told["realm"], "sandbox");
    assert_eq!(told["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(told["client_secret_expires_at"], 0);
    clients::let_into_sandbox(&world.cx, world.person.id).await.unwrap();
    let mut browser = world.enrolled().await;
    let consent = browser.reach_consent(&request(&told)).await;
    let page = browser.get(&consent).await;
    assert!(page.body.contains("TEST · New"), "nobody takes it for the real service");
    let back = decide(&mut browser, &consent, "allow").await;
    let code = back.redirected("code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let (id, secret) = (&told["client_id"], &told["client_secret"]);
    let tokens = browser
        .form_as(
            "/token",
            id.as_str().unwrap(),
            secret.as_str().unwrap(),
            encode(&fields),
        )
        .await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
}

#[tokio::test]
async fn a_client_of_the_sandbox_learns_nothing_of_real_people() {
    let world = World::new().await;
    let told = registered(&world, &basic()).await;
    let mut browser = world.enrolled().await;
    let login = browser.get(&format!("/authorize?{}", request(&told))).await.location();
    let done = browser.use_passkey(&login).await;
    let next = done.json()["next"].as_str().unwrap().to_owned();
    assert_eq!(
        browser.get(&next).await.redirected("error").as_deref(),
        Some("access_denied")
    );
    let silent = format!("/authorize?{}&prompt=none", request(&told));
    assert_eq!(
        browser.get(&silent).await.redirected("error").as_deref(),
        Some("access_denied")
    );
}

#[tokio::test]
async fn a_client_of_the_sandbox_has_no_rights_of_its_own() {
    let world = World::new().await;
    let mut document = basic();
    document["grant_types"] = json!(["authorization_code", "client_credentials"]);
    document["scope"] = json!("openid profile personal_number registry:read");
    document["legal_basis_personal_number"] = json!(true);
    document["tara_compat"] = json!(true);
    document["realm"] = json!("production");
    let told = registered(&world, &document).await;
    assert_eq!(told["realm"], "sandbox");
    assert!(told.get("tara_compat").is_none());
    let (id, secret) = (
        told["client_id"].as_str().unwrap(),
        told["client_secret"].as_str().unwrap(),
    );
    for more in [vec![], vec![("scope", "registry:read")]] {
        let mut fields = vec![("grant_type", "client_credentials")];
        fields.extend(more);
        let reply = world.browser().form_as("/token", id, secret, encode(&fields)).await;
        assert_eq!(reply.json()["error"], "invalid_scope", "{}", reply.body);
    }
    let query = request(&told).replace("openid+profile", "openid+personal_number");
    let reply = world.browser().get(&format!("/authorize?{query}")).await;
    assert_eq!(reply.redirected("error").as_deref(), Some("invalid_scope"));
}

#[tokio::test]
async fn without_a_wish_a_client_is_held_to_fapi() {
    let world = World::new().await;
    let key = TestKey::es256("k");
    let told = registered(&world, &json!({"redirect_uris": [CALLBACK], "jwks": key.jwks()})).await;
    assert_eq!(told["profile"], "fapi2");
    assert_eq!(told["token_endpoint_auth_method"], "private_key_jwt");
    assert_eq!(told["dpop_bound_access_tokens"], true);
    assert!(told.get("client_secret").is_none());
}

#[tokio::test]
async fn registrations_that_break_a_rule_are_refused_with_the_code_of_rfc_7591() {
    let world = World::new().await;
    let with = |member: &str, value: Value| {
        let mut document = basic();
        document[member] = value;
        document
    };
    for (wrong, code) in [
        (
            with("redirect_uris", json!(["https://*.example.org/cb"])),
            "invalid_redirect_uri",
        ),
        (
            with("redirect_uris", json!(["https://new.example.org/cb#x"])),
            "invalid_redirect_uri",
        ),
        (
            with("redirect_uris", json!(["https://u@new.example.org/cb"])),
            "invalid_redirect_uri",
        ),
        (
            with("redirect_uris", json!(["https://new.example.org/../cb"])),
            "invalid_redirect_uri",
        ),
        (
            with("redirect_uris", json!(["https://new.example.org/cb?code=1"])),
            "invalid_redirect_uri",
        ),
        (
            with(
                "redirect_uris",
                json!(["https://a.example.org/", "https://b.example.org/"]),
            ),
            "invalid_redirect_uri",
        ),
        (with("redirect_uris", json!([])), "invalid_client_metadata"),
        (
            with("redirect_uris", json!("https://new.example.org/cb")),
            "invalid_client_metadata",
        ),
        (
            with("redirect_uris", json!(vec![CALLBACK; 51])),
            "invalid_client_metadata",
        ),
        (with("profile", json!("open")), "invalid_client_metadata"),
        (with("profile", json!("fapi2")), "invalid_client_metadata"),
        (with("grant_types", json!(["implicit"])), "invalid_client_metadata"),
        (with("grant_types", json!(["password"])), "invalid_client_metadata"),
        (
            with("response_types", json!(["code id_token"])),
            "invalid_client_metadata",
        ),
        (
            with("token_endpoint_auth_method", json!("none")),
            "invalid_client_metadata",
        ),
        (
            with("id_token_signed_response_alg", json!("none")),
            "invalid_client_metadata",
        ),
        (
            with("jwks_uri", json!("http://new.example.org/jwks")),
            "invalid_client_metadata",
        ),
        (
            with("jwks", json!({"keys": [{"kty": "oct", "k": "AAAA"}]})),
            "invalid_client_metadata",
        ),
        (with("client_name", json!("")), "invalid_client_metadata"),
        (with("client_name", json!("Tax\u{202E}xat")), "invalid_client_metadata"),
        (
            with("client_name#sq", json!("x".repeat(121))),
            "invalid_client_metadata",
        ),
        (with("client_uri", json!("x".repeat(2001))), "invalid_client_metadata"),
    ] {
        let reply = ask(&world, "POST", "/register", None, Some(&wrong)).await;
        assert_eq!((reply.status, &reply.json()["error"]), (400, &json!(code)), "{wrong}");
    }
    for body in ["", "[]", "{", r#"{"client_name": "a", "client_name": "b"}"#] {
        let request = Request::post("/register").body(Body::from(body)).unwrap();
        let reply = Browser::new(world.router.clone()).send(request).await;
        assert_eq!(reply.json()["error"], "invalid_client_metadata", "{body}");
    }
}

#[tokio::test]
async fn its_owner_reads_changes_and_deletes_a_registration_and_each_change_brings_another_token() {
    let world = World::new().await;
    let told = registered(&world, &basic()).await;
    let read = ask(&world, "GET", &path(&told), Some(token(&told)), None).await;
    assert_eq!(read.status, 200);
    assert!(read.json().get("client_secret").is_none(), "we do not know it any more");
    let mut changed = update_of(&told, basic());
    changed["client_name"] = json!("Newer");
    changed["client_secret"] = told["client_secret"].clone();
    let put = ask(&world, "PUT", &path(&told), Some(token(&told)), Some(&changed)).await;
    assert_eq!(
        (put.status, &put.json()["client_name"]),
        (200, &json!("Newer")),
        "{}",
        put.body
    );
    let next = put.json();
    assert_ne!(token(&next), token(&told));
    // The token of before is worth nothing, the secret stays.
    let again = ask(&world, "PUT", &path(&told), Some(token(&told)), Some(&changed)).await;
    assert_eq!(again.status, 401);
    let (id, secret) = (
        told["client_id"].as_str().unwrap(),
        told["client_secret"].as_str().unwrap(),
    );
    let introspected = world
        .browser()
        .form_as("/introspect", id, secret, "token=x".to_owned())
        .await;
    assert_eq!(introspected.status, 200);
    let gone = ask(&world, "DELETE", &path(&told), Some(token(&next)), None).await;
    assert_eq!(gone.status, 204);
    assert_eq!(
        ask(&world, "GET", &path(&told), Some(token(&next)), None).await.status,
        401
    );
    let after = world
        .browser()
        .form_as("/introspect", id, secret, "token=x".to_owned())
        .await;
    assert_eq!(after.status, 401);
}

#[tokio::test]
async fn sixty_four_changes_with_one_token_are_one_change() {
    let world = std::sync::Arc::new(World::new().await);
    let told = registered(&world, &basic()).await;
    let changed = update_of(&told, basic());
    let racers = (0..64).map(|_| {
        let (world, told, changed) = (world.clone(), told.clone(), changed.clone());
        tokio::spawn(async move {
            ask(&world, "PUT", &path(&told), Some(token(&told)), Some(&changed))
                .await
                .status
        })
    });
    let mut winners = 0;
    for racer in racers.collect::<Vec<_>>() {
        match racer.await.unwrap() {
            200 => winners += 1,
            status => assert_eq!(status, 401),
        }
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn nobody_but_the_holder_of_its_token_sees_or_changes_a_registration() {
    let world = World::new().await;
    let (own, other) = (registered(&world, &basic()).await, registered(&world, &basic()).await);
    let changed = update_of(&own, basic());
    for (name, path, shown) in [
        ("no token", path(&own), None),
        ("another client's", path(&own), Some(token(&other).to_owned())),
        (
            "nobody's client",
            "/register/c-nobody".to_owned(),
            Some(token(&own).to_owned()),
        ),
        ("cut short", path(&own), Some(token(&own)[..42].to_owned())),
        (
            "the secret",
            path(&own),
            Some(own["client_secret"].as_str().unwrap().to_owned()),
        ),
        (
            "a client of the house",
            "/register/demo-rp".to_owned(),
            Some(String::new()),
        ),
    ] {
        for (method, body) in [("GET", None), ("PUT", Some(&changed)), ("DELETE", None)] {
            let reply = ask(&world, method, &path, shown.as_deref(), body).await;
            assert_eq!(
                (reply.status, &reply.json()["error"]),
                (401, &json!("invalid_token")),
                "{name} {method}"
            );
        }
    }
    for (member, wrong) in [
        ("client_id", &other["client_id"]),
        ("client_secret", &other["client_secret"]),
    ] {
        let mut lie = changed.clone();
        lie[member] = wrong.clone();
        let reply = ask(&world, "PUT", &path(&own), Some(token(&own)), Some(&lie)).await;
        assert_eq!(reply.json()["error"], "invalid_client_metadata", "{member}");
    }
    assert_eq!(
        ask(&world, "GET", &path(&own), Some(token(&own)), None).await.status,
        200
    );
}

#[tokio::test]
async fn the_token_is_stored_as_a_hash_alone() {
    let world = World::new().await;
    let told = registered(&world, &basic()).await;
    let rows = world.cx.db.all("SELECT * FROM client", vec![]).await.unwrap();
    let stored = format!("{rows:?}");
    assert!(!stored.contains(token(&told)) && !stored.contains(told["client_secret"].as_str().unwrap()));
    let (_, detail) = world.audit("client.registered").await;
    assert!(!detail.contains(token(&told)));
}

#[tokio::test]
async fn a_closed_and_a_full_sandbox_take_nobody_and_the_metadata_says_which() {
    let world = World::with(|config| config.registration.open = false).await;
    let reply = ask(&world, "POST", "/register", None, Some(&basic())).await;
    assert_eq!((reply.status, &reply.json()["error"]), (403, &json!("access_denied")));
    let metadata = world.browser().get("/.well-known/openid-configuration").await.json();
    assert!(metadata.get("registration_endpoint").is_none());
    let world = World::with(|config| config.registration.most = 1).await;
    let metadata = world.browser().get("/.well-known/openid-configuration").await.json();
    assert!(
        metadata["registration_endpoint"]
            .as_str()
            .unwrap()
            .ends_with("/register")
    );
    registered(&world, &basic()).await;
    let reply = ask(&world, "POST", "/register", None, Some(&basic())).await;
    assert_eq!(reply.status, 503);
    assert!(reply.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn the_sandbox_forgets_a_client_half_a_year_after_its_last_change_and_no_other() {
    let world = World::new().await;
    let told = registered(&world, &basic()).await;
    let config = crate::Config::at(super::world::ISSUER);
    world.advance(179 * 86_400);
    crate::purge::run(&world.cx, &config).await.unwrap();
    assert_eq!(
        ask(&world, "GET", &path(&told), Some(token(&told)), None).await.status,
        200
    );
    world.advance(2 * 86_400);
    crate::purge::run(&world.cx, &config).await.unwrap();
    assert_eq!(
        ask(&world, "GET", &path(&told), Some(token(&told)), None).await.status,
        401
    );
    assert!(clients::look::one(&world.cx, "demo-rp").await.unwrap().is_some());
}

#[tokio::test]
async fn no_answer_is_sent_to_the_providers_own_pages() {
    let world = World::new().await;
    for member in ["redirect_uris", "post_logout_redirect_uris"] {
        for own in [
            "http://idp.localhost:8081/logout",
            "https://idp.localhost/authorize?prompt=none",
        ] {
            let mut document = basic();
            document[member] = json!([own]);
            let refused = ask(&world, "POST", "/register", None, Some(&document)).await;
            assert_eq!(refused.json()["error"], "invalid_redirect_uri", "{member} {own}");
        }
    }
}
