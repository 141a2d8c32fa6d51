//! Answers as a client registered them: user information signed, encrypted or both, ID tokens encrypted (OpenID Connect Core
//! sections 5.3.2 and 10.2).

use axum::body::Body;
use http::{Request, header};
use serde_json::{Value, json};

use super::browser::{Browser, Reply};
use super::world::{AFTER_LOGOUT, CALLBACK, ISSUER, SECRET, World, authorize_query, words};
use crate::client_auth::AuthMethod;
use crate::clients::{self, GrantType, Metadata, Profile, Realm, Registration};
use crate::jose::Algorithm;
use crate::jose::encrypt::tests::opened;
use crate::jose::test_keys::TestKey;
use crate::jws;

/// The demo client with these wishes and a key for encryption beside one that signs; its tokens.
async fn tokens(world: &World, key: &TestKey, change: fn(&mut Metadata)) -> (Browser, Value) {
    let mut enc = key.bare_jwk();
    enc["use"] = json!("enc");
    enc["kid"] = json!("enc-1");
    let mut metadata = Metadata {
        redirect_uris: vec![CALLBACK.to_owned()],
        post_logout_redirect_uris: vec![AFTER_LOGOUT.to_owned()],
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        jwks: Some(json!({"keys": [TestKey::es256("sig-1").jwk(), enc]})),
        ..Metadata::default()
    };
    change(&mut metadata);
    let registration = Registration {
        client_id: "demo-rp".to_owned(),
        profile: Profile::GovBasic,
        realm: Realm::Production,
        name: words("demo-rp"),
        purpose: words("To show the demonstration"),
        metadata,
        secret: Some(SECRET.to_owned().into()),
        legal_basis_personal_number: false,
    };
    clients::put(&world.cx, registration).await.unwrap();
    let mut browser = world.enrolled().await;
    let back = browser.sign_in(&authorize_query(&[])).await;
    let reply = browser.redeem(&back.redirected("code").unwrap()).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    (browser, reply.json())
}

async fn userinfo(world: &World, tokens: &Value, accept: &str) -> Reply {
    let token = tokens["access_token"].as_str().unwrap();
    let request = Request::get("/userinfo")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::ACCEPT, accept);
    world.browser().send(request.body(Body::empty()).unwrap()).await
}

/// The claims of a token of ours.
fn verified(world: &World, typ: &str, token: &str) -> Value {
    jws::verify(&world.service.idp.keys.current().published, typ, token).unwrap()
}

#[tokio::test]
async fn user_information_is_signed_for_who_registered_for_that_or_asks_for_it() {
    let world = World::new().await;
    let key = TestKey::es256("enc-1");
    let (mut browser, plain) = tokens(&world, &key, |_| ()).await;
    assert_eq!(userinfo(&world, &plain, "*/*").await.json()["given_name"], "Testa");
    let either = userinfo(&world, &plain, "application/json, application/jwt").await;
    assert_eq!(either.json()["given_name"], "Testa");
    let asked = userinfo(&world, &plain, "application/jwt").await;
    assert_eq!(asked.headers["content-type"], "application/jwt");
    let claims = verified(&world, jws::USERINFO, &asked.body);
    assert_eq!(
        (claims["iss"].clone(), claims["aud"].clone()),
        (json!(ISSUER), json!("demo-rp"))
    );
    assert_eq!(claims["given_name"], "Testa");
    // It says who somebody is, not that they logged in.
    let logout = browser.get(&format!("/logout?id_token_hint={}", asked.body)).await;
    assert_eq!(logout.status, 400);

    let world = World::new().await;
    let signed = |metadata: &mut Metadata| metadata.userinfo_signed_response_alg = Some(Algorithm::Es256);
    let (_, tokens) = tokens(&world, &key, signed).await;
    let reply = userinfo(&world, &tokens, "application/json").await;
    assert_eq!(verified(&world, jws::USERINFO, &reply.body)["given_name"], "Testa");
}

#[tokio::test]
async fn user_information_is_encrypted_to_the_key_for_that_signed_inside_or_not() {
    let key = TestKey::es256("enc-1");
    let world = World::new().await;
    let (_, only) = tokens(&world, &key, encrypted_userinfo).await;
    let reply = userinfo(&world, &only, "*/*").await;
    assert_eq!(reply.headers["content-type"], "application/jwt");
    let (header, content) = opened(&key, &reply.body).unwrap();
    assert_eq!((header["kid"].clone(), header.get("cty")), (json!("enc-1"), None));
    let claims: Value = serde_json::from_slice(&content).unwrap();
    assert_eq!(claims["given_name"], "Testa");

    let world = World::new().await;
    let both = |metadata: &mut Metadata| {
        encrypted_userinfo(metadata);
        metadata.userinfo_signed_response_alg = Some(Algorithm::Es256);
    };
    let (_, tokens) = tokens(&world, &key, both).await;
    let reply = userinfo(&world, &tokens, "*/*").await;
    let (header, content) = opened(&key, &reply.body).unwrap();
    assert_eq!(header["cty"], "JWT");
    let claims = verified(&world, jws::USERINFO, std::str::from_utf8(&content).unwrap());
    assert_eq!(claims["given_name"], "Testa");
}

fn encrypted_userinfo(metadata: &mut Metadata) {
    metadata.userinfo_encrypted_response_alg = Some("ECDH-ES".to_owned());
    metadata.userinfo_encrypted_response_enc = Some("A256GCM".to_owned());
}

#[tokio::test]
async fn an_id_token_is_encrypted_for_who_registered_for_that_also_at_a_refresh() {
    let (world, key) = (World::new().await, TestKey::es256("enc-1"));
    let wish = |metadata: &mut Metadata| {
        metadata.id_token_encrypted_response_alg = Some("ECDH-ES".to_owned());
        metadata.id_token_encrypted_response_enc = Some("A256GCM".to_owned());
    };
    let (mut browser, first) = tokens(&world, &key, wish).await;
    let fields = super::world::encode(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", first["refresh_token"].as_str().unwrap()),
    ]);
    let second = browser.form_as("/token", "demo-rp", SECRET, fields).await.json();
    for tokens in [first, second] {
        let (header, content) = opened(&key, tokens["id_token"].as_str().unwrap()).unwrap();
        assert_eq!(header["cty"], "JWT");
        let claims = verified(&world, jws::ID_TOKEN, std::str::from_utf8(&content).unwrap());
        assert_eq!(claims["aud"], "demo-rp");
        assert!(opened(&TestKey::es256("enc-1"), tokens["id_token"].as_str().unwrap()).is_none());
    }
}

#[tokio::test]
async fn a_client_that_wants_encrypted_answers_is_registered_with_a_key_for_that_alone() {
    let world = World::new().await;
    let mut sign_only = TestKey::es256("k").bare_jwk();
    sign_only["use"] = json!("sig");
    let plain = TestKey::es256("k").bare_jwk();
    let mut ed25519 = TestKey::new(Algorithm::EdDsa, "k").bare_jwk();
    ed25519["use"] = json!("enc");
    let mut other = TestKey::es256("k").bare_jwk();
    (other["use"], other["alg"]) = (json!("enc"), json!("ECDH-ES+A256KW"));
    let mut good = TestKey::es256("k").bare_jwk();
    good["use"] = json!("enc");
    for member in ["id_token", "userinfo"] {
        for (key, status) in [
            (&sign_only, 400),
            (&plain, 400),
            (&ed25519, 400),
            (&other, 400),
            (&good, 201),
        ] {
            let mut document = super::registration::basic();
            document[format!("{member}_encrypted_response_alg")] = json!("ECDH-ES");
            document[format!("{member}_encrypted_response_enc")] = json!("A256GCM");
            document["jwks"] = json!({"keys": [key]});
            let reply = super::registration::ask(&world, "POST", "/register", None, Some(&document)).await;
            assert_eq!(reply.status, status, "{member} {key}: {}", reply.body);
        }
    }
}

#[tokio::test]
async fn a_code_outlives_the_loss_of_the_key_that_its_answer_is_encrypted_to() {
    let world = World::new().await;
    let key = TestKey::es256("enc-1");
    let (mut browser, _) = tokens(&world, &key, |metadata| {
        metadata.id_token_encrypted_response_alg = Some("ECDH-ES".to_owned());
        metadata.id_token_encrypted_response_enc = Some("A256GCM".to_owned());
    })
    .await;
    let silent = format!("/authorize?{}", authorize_query(&[("prompt", "none")]));
    let code = browser.get(&silent).await.redirected("code").unwrap();
    changed(
        &world,
        "UPDATE client SET metadata = replace(metadata, '\"enc\"', '\"sig\"') WHERE client_id = 'demo-rp'",
    )
    .await;
    let refused = browser.redeem(&code).await;
    assert!(refused.status >= 500, "{} {}", refused.status, refused.body);
    changed(
        &world,
        "UPDATE client SET metadata = replace(metadata, '\"sig\"', '\"enc\"') WHERE client_id = 'demo-rp'",
    )
    .await;
    assert_eq!(browser.redeem(&code).await.status, 200);
}

async fn changed(world: &World, sql: &'static str) {
    let db = &world.cx.db;
    let rows = db.run::<_, signum_core::DbError, _, _>("test", |tx| async move { tx.exec(sql, vec![]).await });
    assert_eq!(rows.await.unwrap(), 1);
}
