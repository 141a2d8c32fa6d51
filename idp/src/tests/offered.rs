//! What the metadata offer can be registered and then works, and what they do not offer cannot be registered: one table.

use axum::body::Body;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use http::{Request, header};
use serde_json::{Value, json};

use super::registration::{ask, basic, registered};
use super::world::{ISSUER, World, authorize_query, encode};
use crate::clients;
use crate::jose::Algorithm;
use crate::jose::test_keys::TestKey;
use crate::keys;

const CALLBACK: &str = "https://new.example.org/cb";

/// By which a client says what we sign for it, and where the metadata list what there is.
const SIGNED: [&str; 4] = ["id_token", "userinfo", "authorization", "introspection"];

async fn metadata(world: &World) -> Value {
    world.browser().get("/.well-known/openid-configuration").await.json()
}

fn listed(metadata: &Value, member: &str) -> Vec<String> {
    let list = metadata[member].as_array().unwrap_or_else(|| panic!("{member}"));
    list.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

fn algorithm(token: &str) -> String {
    let (header, _) = token.split_once('.').unwrap_or_else(|| panic!("{token}"));
    let header: Value = serde_json::from_slice(&B64.decode(header).unwrap()).unwrap();
    header["alg"].as_str().unwrap().to_owned()
}

/// Registers for answers signed with `alg` alone.
fn signed_with(alg: &str) -> Value {
    let mut document = basic();
    for what in SIGNED {
        document[format!("{what}_signed_response_alg")] = json!(alg);
    }
    document
}

#[tokio::test]
async fn every_algorithm_that_the_metadata_list_for_answers_is_registered_and_used() {
    let world = World::with(|config| config.signing_ps256 = true).await;
    keys::run(&world.service.idp).await.unwrap();
    // Its key is published and does not sign yet.
    assert_eq!(
        listed(&metadata(&world).await, "id_token_signing_alg_values_supported"),
        ["ES256"]
    );
    let refused = ask(&world, "POST", "/register", None, Some(&signed_with("PS256"))).await;
    assert_eq!(refused.json()["error"], "invalid_client_metadata");
    world.advance(48 * 60 * 60);
    keys::run(&world.service.idp).await.unwrap();
    clients::let_into_sandbox(&world.cx, world.person.id).await.unwrap();
    let metadata = metadata(&world).await;
    for what in SIGNED {
        let list = listed(&metadata, &format!("{what}_signing_alg_values_supported"));
        assert_eq!(list, ["ES256", "PS256"], "{what}");
    }
    for alg in ["ES256", "PS256"] {
        used(&world, alg).await;
    }
    for alg in ["RS256", "EdDSA", "none", "HS256"] {
        let refused = ask(&world, "POST", "/register", None, Some(&signed_with(alg))).await;
        assert_eq!(refused.json()["error"], "invalid_client_metadata", "{alg}");
    }
}

/// Every answer to a client that registered for this algorithm.
async fn used(world: &World, alg: &str) {
    let told = registered(world, &signed_with(alg)).await;
    let (id, secret) = (
        told["client_id"].as_str().unwrap(),
        told["client_secret"].as_str().unwrap(),
    );
    let mut browser = world.enrolled().await;
    let changes = [("client_id", id), ("redirect_uri", CALLBACK), ("response_mode", "jwt")];
    let back = browser.sign_in(&authorize_query(&changes)).await;
    let response = back.redirected("response").unwrap();
    assert_eq!(algorithm(&response), alg);
    let code = super::response_modes::opened(world, &response)["code"]
        .as_str()
        .unwrap()
        .to_owned();
    let fields = [("code", code.as_str()), ("redirect_uri", CALLBACK)];
    let tokens = browser.redeem_as(id, secret, &fields).await.json();
    assert_eq!(algorithm(tokens["id_token"].as_str().unwrap()), alg);
    let token = tokens["access_token"].as_str().unwrap();
    let request = Request::get("/userinfo").header(header::AUTHORIZATION, format!("Bearer {token}"));
    let userinfo = world.browser().send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(algorithm(&userinfo.body), alg);
    let introspected = browser
        .form_as("/introspect", id, secret, encode(&[("token", token)]))
        .await;
    assert_eq!(algorithm(&introspected.body), alg);
}

#[tokio::test]
async fn every_algorithm_that_the_metadata_list_for_clients_is_registered_and_taken() {
    let world = World::new().await;
    let metadata = metadata(&world).await;
    let of_assertions = listed(&metadata, "token_endpoint_auth_signing_alg_values_supported");
    let of_objects = listed(&metadata, "request_object_signing_alg_values_supported");
    assert_eq!(of_assertions, of_objects);
    for alg in of_assertions {
        let key = TestKey::new(Algorithm::parse(&alg).unwrap(), "k");
        let mut document = basic();
        document["token_endpoint_auth_method"] = json!("private_key_jwt");
        document["token_endpoint_auth_signing_alg"] = json!(alg);
        document["request_object_signing_alg"] = json!(alg);
        document["jwks"] = key.jwks();
        let told = registered(&world, &document).await;
        let (id, now) = (told["client_id"].as_str().unwrap(), world.cx.now().seconds());
        let mut claims = json!({"iss": id, "sub": id, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": "1"});
        let assertion = key.token(&json!({"kid": "k"}), &claims);
        claims.as_object_mut().unwrap().remove("sub");
        let changes = [("client_id", id), ("redirect_uri", CALLBACK)];
        for (name, value) in url::form_urlencoded::parse(authorize_query(&changes).as_bytes()) {
            claims[name.as_ref()] = json!(value);
        }
        claims["nbf"] = json!(now);
        let object = key.token(&json!({"kid": "k", "typ": "oauth-authz-req+jwt"}), &claims);
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let fields = [
            ("client_assertion_type", kind),
            ("client_assertion", &assertion),
            ("request", &object),
        ];
        let pushed = world.browser().post_form("/par", &fields).await;
        assert_eq!(pushed.status, 201, "{alg}: {}", pushed.body);
    }
}

#[tokio::test]
async fn the_metadata_list_the_types_of_details_that_can_be_registered_and_asked_for_and_no_others() {
    let world = World::new().await;
    let types = listed(&metadata(&world).await, "authorization_details_types_supported");
    assert_eq!(types, ["land_register"]);
    let mut document = basic();
    document["authorization_details_types"] = json!(types);
    let told = registered(&world, &document).await;
    let query = |id: &str, kind: &str| {
        let details = json!([{"type": kind, "actions": ["read"]}]).to_string();
        let callback = ("redirect_uri", CALLBACK);
        authorize_query(&[("client_id", id), callback, ("authorization_details", &details)])
    };
    let asked = query(told["client_id"].as_str().unwrap(), "land_register");
    let login = world.browser().get(&format!("/authorize?{asked}")).await.location();
    assert!(login.starts_with("/login"), "{login}");
    document["authorization_details_types"] = json!(["land_register", "payment"]);
    let refused = ask(&world, "POST", "/register", None, Some(&document)).await;
    assert_eq!(refused.json()["error"], "invalid_client_metadata");
    // Also of a client that was registered for a type when there was one.
    let none = World::with(|config| config.authorization_details_types.clear()).await;
    assert!(
        metadata(&none)
            .await
            .get("authorization_details_types_supported")
            .is_none()
    );
    let old = super::agency::Agency::new(&none, "agency", clients::Profile::Fapi2).await;
    let details = r#"[{"type":"land_register"}]"#;
    let refused = old.push(&none, &[("authorization_details", details)]).await;
    assert_eq!(refused.json()["error"], "invalid_authorization_details");
}
