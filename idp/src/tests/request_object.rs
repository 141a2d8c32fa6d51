//! Signed requests (RFC 9101, FAPI 2.0 Message Signing): what is believed, and everything that is not.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use serde_json::{Value, json};

use super::agency::{AGENCY_CALLBACK, Agency, agree};
use super::browser::Reply;
use super::world::{ISSUER, World, encode};
use crate::clients::Profile;
use crate::jose::Algorithm;
use crate::jose::test_keys::TestKey;

async fn ms() -> (World, Agency) {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2Ms).await;
    (world, agency)
}

async fn push(world: &World, agency: &Agency, object: &str) -> Reply {
    agency
        .push_only(world, &[("client_id", agency.id), ("request", object)])
        .await
}

#[tokio::test]
async fn a_signed_push_is_taken_and_nothing_outside_of_it_counts() {
    let (world, agency) = ms().await;
    let object = agency.object(&world, &[("response_mode", json!("jwt")), ("max_age", json!(3600))]);
    let outside = [
        ("client_id", "agency"),
        ("request", object.as_str()),
        ("state", "state-from-outside"),
        ("nonce", "nonce-from-outside"),
        ("redirect_uri", "https://evil.example/cb"),
        ("scope", "openid personal_number"),
        ("response_mode", "query"),
    ];
    let address = agency.address(&agency.push_only(&world, &outside).await);
    let mut browser = world.enrolled().await;
    let back = agree(&mut browser, &address).await;
    assert!(back.location().starts_with(AGENCY_CALLBACK));
    let answer = super::response_modes::opened(&world, &back.redirected("response").unwrap());
    assert_eq!(answer["state"], "state-0123456789");
}

#[tokio::test]
async fn numbers_and_json_objects_are_parameters_too() {
    let (world, agency) = ms().await;
    let object = agency.object(
        &world,
        &[
            ("max_age", json!(30)),
            ("claims", json!({"userinfo": {"birthdate": null}})),
            (
                "authorization_details",
                json!([{"type": "land_register", "actions": ["read"]}]),
            ),
        ],
    );
    assert_eq!(push(&world, &agency, &object).await.status, 201);
    for (name, value) in [
        ("max_age", json!(true)),
        ("max_age", json!([30])),
        ("claims", json!(true)),
        ("claims", json!(1)),
        ("state", json!(1_234_567_890)),
        ("nonce", json!(true)),
        ("scope", json!(["openid"])),
        ("redirect_uri", json!([AGENCY_CALLBACK])),
        ("prompt", json!(false)),
        ("dpop_jkt", json!({})),
        ("resource", json!({})),
        ("resource", json!([7])),
        ("resource", json!(true)),
        ("registration", json!(true)),
    ] {
        let object = agency.object(&world, &[(name, value.clone())]);
        let refused = push(&world, &agency, &object).await;
        assert_eq!(refused.json()["error"], "invalid_request_object", "{name}={value}");
    }
    // Known and null is no way of leaving it out (RFC 9101 section 4).
    let mut claims = object_claims(&agency.object(&world, &[]));
    claims["nonce"] = Value::Null;
    let object = agency
        .key
        .token(&json!({"typ": "oauth-authz-req+jwt", "kid": "k1"}), &claims);
    assert_eq!(
        push(&world, &agency, &object).await.json()["error"],
        "invalid_request_object"
    );
}

fn object_claims(object: &str) -> Value {
    serde_json::from_slice(&B64.decode(object.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn members_of_other_specifications_are_passed_over_whatever_they_hold() {
    let (world, agency) = ms().await;
    let mut claims = object_claims(&agency.object(&world, &[]));
    claims["offline"] = json!(true);
    claims["purpose"] = Value::Null;
    claims["vct"] = json!([null, {"a": false}]);
    claims["https://example.org/text"] = json!("line\u{1}feed");
    for n in 0..70 {
        claims[format!("x{n}")] = json!(n);
    }
    let object = agency
        .key
        .token(&json!({"typ": "oauth-authz-req+jwt", "kid": "k1"}), &claims);
    let taken = push(&world, &agency, &object).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
}

#[tokio::test]
async fn a_client_that_signs_its_requests_has_no_other_way() {
    let (world, agency) = ms().await;
    let plain = agency.push(&world, &[]).await;
    assert_eq!(
        (plain.status, plain.json()["error"].as_str()),
        (400, Some("invalid_request"))
    );
    let object = agency.object(&world, &[]);
    let direct = encode(&[("client_id", "agency"), ("request", &object)]);
    let reply = world.browser().get(&format!("/authorize?{direct}")).await;
    let answer = super::response_modes::opened(&world, &reply.redirected("response").unwrap());
    assert_eq!(answer["error"], "invalid_request", "it has to be pushed as well");
}

#[tokio::test]
async fn each_claim_of_the_envelope_has_to_be_right() {
    let (world, agency) = ms().await;
    let now = world.cx.now().seconds();
    for (name, value) in [
        ("iss", json!("demo-rp")),
        ("iss", Value::Null),
        ("aud", json!("https://another.example")),
        ("aud", json!(["https://another.example"])),
        ("aud", Value::Null),
        ("client_id", json!("demo-rp")),
        ("client_id", Value::Null),
        ("sub", json!("agency")),
        ("exp", json!(now)),
        ("exp", json!(now - 5)),
        ("exp", json!(now + 3601)),
        ("exp", json!("soon")),
        ("exp", Value::Null),
        ("nbf", json!(now + 61)),
        ("nbf", json!(now - 3601)),
        ("nbf", Value::Null),
        ("iat", json!(now + 61)),
        ("jti", json!("")),
        ("jti", json!(7)),
        ("request", json!("a.b.c")),
        ("request_uri", json!("https://agency.example.org/r")),
    ] {
        let object = agency.object(&world, &[(name, value.clone())]);
        let reply = push(&world, &agency, &object).await;
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (400, Some("invalid_request_object")),
            "{name}={value}"
        );
    }
    for good in [
        ("aud", json!([ISSUER, "https://another.example"])),
        ("nbf", json!(now + 8)),
        ("jti", Value::Null),
    ] {
        let object = agency.object(&world, std::slice::from_ref(&good));
        assert_eq!(push(&world, &agency, &object).await.status, 201, "{good:?}");
    }
}

#[tokio::test]
async fn other_types_algorithms_keys_and_no_signature_are_refused() {
    let (world, agency) = ms().await;
    let typed = |typ: &str| agency.object_of(&world, &json!({"typ": typ, "kid": "k1"}), &[]);
    let good = agency.object(&world, &[]);
    let about_itself = agency.object_of(&world, &json!({"kid": "k1"}), &[("sub", json!(agency.id))]);
    let payload = good.split('.').nth(1).unwrap();
    let none = format!(
        "{}.{payload}.",
        B64.encode(json!({"alg": "none", "typ": "oauth-authz-req+jwt"}).to_string())
    );
    let mut forged = B64.decode(payload).unwrap();
    forged.retain(|octet| *octet != b' ');
    let other = TestKey::es256("k1");
    let rsa = TestKey::new(Algorithm::Rs256, "k1");
    let header = json!({"typ": "oauth-authz-req+jwt", "kid": "k1"});
    let claims: Value = serde_json::from_slice(&forged).unwrap();
    let assertion = agency.assertion(&world);
    for (what, bad) in [
        ("of a DPoP proof", typed("dpop+jwt")),
        ("of an access token", typed("at+jwt")),
        ("of a log-out", typed("logout+jwt")),
        ("an untyped JWT about the client itself", about_itself),
        ("a client assertion", assertion),
        ("alg none", none),
        ("another key", other.token(&header, &claims)),
        ("RS256", rsa.token(&header, &claims)),
        ("cut off", good.rsplit_once('.').unwrap().0.to_owned()),
        ("truncated", good.get(..good.len() - 4).unwrap().to_owned()),
    ] {
        let reply = push(&world, &agency, &bad).await;
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (400, Some("invalid_request_object")),
            "{what}"
        );
    }
    assert_eq!(push(&world, &agency, &good).await.status, 201);
    for taken in [
        json!({"kid": "k1"}),
        json!({"kid": "k1", "typ": "JWT"}),
        json!({"kid": "k1", "typ": "application/OAUTH-authz-req+jwt"}),
    ] {
        let object = agency.object_of(&world, &taken, &[]);
        assert_eq!(push(&world, &agency, &object).await.status, 201, "{taken}");
    }
}

#[tokio::test]
async fn a_basic_client_may_leave_out_nbf_but_never_exp() {
    let world = World::new().await;
    let basic = Agency::new(&world, "basic", Profile::GovBasic).await;
    let now = world.cx.now().seconds();
    let without = basic.object(&world, &[("nbf", Value::Null), ("iat", Value::Null)]);
    assert_eq!(push(&world, &basic, &without).await.status, 201);
    for (what, changes) in [
        ("no exp", vec![("nbf", Value::Null), ("exp", Value::Null)]),
        ("a long life", vec![("nbf", Value::Null), ("exp", json!(now + 3_700))]),
        ("nbf is a text", vec![("nbf", json!("now"))]),
        ("expired", vec![("nbf", Value::Null), ("exp", json!(now))]),
    ] {
        let refused = push(&world, &basic, &basic.object(&world, &changes)).await;
        assert_eq!(refused.json()["error"], "invalid_request_object", "{what}");
    }
}

#[tokio::test]
async fn rs256_is_taken_of_a_basic_client_that_registered_it_and_of_no_other() {
    let world = World::new().await;
    let key = TestKey::new(Algorithm::Rs256, "rsa");
    for (id, alg, status) in [("plain", None, 400), ("old", Some(Algorithm::Rs256), 201)] {
        let agency = Agency::with(&world, id, Profile::GovBasic, |metadata| {
            let keys = [metadata.jwks.clone().unwrap(), key.jwks()];
            let keys: Vec<_> = keys.iter().flat_map(|set| set["keys"].as_array().unwrap()).collect();
            metadata.jwks = Some(json!({ "keys": keys }));
            metadata.request_object_signing_alg = alg;
        })
        .await;
        let object = agency.object(&world, &[]);
        let claims = B64.decode(object.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        let signed = key.token(&json!({"kid": "rsa"}), &claims);
        assert_eq!(push(&world, &agency, &signed).await.status, status, "{id}");
    }
}

#[tokio::test]
async fn a_request_objects_jti_is_good_once() {
    let (world, agency) = ms().await;
    let object = agency.object(&world, &[]);
    assert_eq!(push(&world, &agency, &object).await.status, 201);
    let again = push(&world, &agency, &object).await;
    assert_eq!(again.json()["error"], "invalid_request_object", "{}", again.body);
}

#[tokio::test]
async fn a_request_object_in_the_address_may_be_loaded_again_before_the_log_in_and_is_answered_once() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::GovBasic).await;
    let object = agency.object(&world, &[]);
    let address = format!(
        "/authorize?{}",
        encode(&[("client_id", "agency"), ("request", &object)])
    );
    let mut browser = world.enrolled().await;
    assert!(browser.get(&address).await.location().starts_with("/login?i="));
    assert!(agree(&mut browser, &address).await.redirected("code").is_some());
    assert_eq!(browser.get(&address).await.status, 400);
    assert_eq!(world.audit("code.issued").await.0, 1);
}

#[tokio::test]
async fn a_forged_request_object_in_the_address_leads_to_a_registered_address_or_to_a_page() {
    let world = World::new().await;
    Agency::new(&world, "agency", Profile::GovBasic).await;
    let mut browser = world.browser();
    let alone = encode(&[("client_id", "agency"), ("request", "a.b.c")]);
    assert_eq!(browser.get(&format!("/authorize?{alone}")).await.status, 400);
    let with = format!(
        "{alone}&{}",
        encode(&[("redirect_uri", AGENCY_CALLBACK), ("state", "state-outside")])
    );
    let reply = browser.get(&format!("/authorize?{with}")).await;
    assert_eq!(reply.redirected("error").as_deref(), Some("invalid_request_object"));
    assert_eq!(reply.redirected("state").as_deref(), Some("state-outside"));
}
