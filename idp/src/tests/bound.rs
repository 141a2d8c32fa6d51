//! Tokens that are bound to a key, and who may have them at all: what the conformance suite of the OpenID Foundation tries at the
//! token endpoint (RFC 9449, RFC 7523, RFC 7662, RFC 7009, FAPI 2.0 Security Profile).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use serde_json::{Value, json};

use super::relying_party::{RP, RelyingParty, another_key};
use super::world::{ISSUER, World};
use crate::clients::AccessTokenFormat;

pub fn payload(token: &str) -> Value {
    serde_json::from_slice(&B64.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// The header of a token.
pub fn header(token: &str) -> Value {
    serde_json::from_slice(&B64.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}

const CREDENTIALS: &[(&str, &str)] = &[("grant_type", "client_credentials")];

#[tokio::test]
async fn a_client_with_key_and_proof_gets_a_bound_token_that_says_what_it_is() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |_| {}).await;
    let tokens = rp.client_credentials().await;
    assert_eq!(tokens["token_type"], "DPoP");
    assert_eq!(
        tokens["scope"], "registry:read",
        "scopes about people are not a client's own"
    );
    let claims = payload(tokens["access_token"].as_str().unwrap());
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["sub"], RP);
    assert_eq!(claims["client_id"], RP);
    assert_eq!(
        claims["cnf"]["jkt"],
        crate::jose::Jwk::parse(&rp.dpop.bare_jwk()).unwrap().thumbprint()
    );
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 300);
}

#[tokio::test]
async fn without_a_proof_or_its_nonce_there_is_no_token_and_the_client_is_told() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |_| {}).await;
    let reply = rp.authenticated("/token", CREDENTIALS, &[]).await;
    assert_eq!(
        (reply.status, reply.json()["error"].clone()),
        (400, json!("invalid_request"))
    );
    rp.nonce = None;
    let assertion = rp.assertion(&json!({}));
    let mut fields = CREDENTIALS.to_vec();
    fields.push((
        "client_assertion_type",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ));
    fields.push(("client_assertion", &assertion));
    let proof = rp.proof("POST", "/token", None, &json!({}));
    let reply = rp.post("/token", &fields, &[("dpop", &proof)]).await;
    assert_eq!(
        (reply.status, reply.json()["error"].clone()),
        (400, json!("use_dpop_nonce"))
    );
    assert!(rp.nonce.is_some(), "the nonce is told with the refusal");
    let proof = rp.proof("POST", "/token", None, &json!({}));
    let reply = rp.post("/token", &fields, &[("dpop", &proof)]).await;
    assert_eq!(reply.status, 200, "the assertion was not spent yet: {}", reply.body);
    rp.client_credentials().await;
}

#[tokio::test]
async fn proofs_that_prove_nothing_are_refused() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |_| {}).await;
    rp.client_credentials().await;
    let now = world.cx.now().seconds();
    for (name, changes) in [
        ("another method", json!({"htm": "GET"})),
        ("method in small letters", json!({"htm": "post"})),
        ("no method", json!({"htm": null})),
        ("another address", json!({"htu": format!("{ISSUER}/par")})),
        ("another host", json!({"htu": "https://evil.example/token"})),
        ("no address", json!({"htu": null})),
        ("no time", json!({"iat": null})),
        ("an hour old", json!({"iat": now - 3_600})),
        ("from the future", json!({"iat": now + 3_600})),
        ("no jti", json!({"jti": null})),
        ("a number as jti", json!({"jti": 7})),
        ("another nonce", json!({"nonce": "of-somebody-else"})),
        ("no nonce", json!({"nonce": null})),
    ] {
        let proof = rp.proof("POST", "/token", None, &changes);
        let reply = rp.authenticated("/token", CREDENTIALS, &[("dpop", &proof)]).await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.body);
        let error = reply.json()["error"].as_str().unwrap().to_owned();
        assert!(
            ["invalid_dpop_proof", "use_dpop_nonce"].contains(&error.as_str()),
            "{name}: {error}"
        );
    }
    for htu in [
        "HTTP://IDP.localhost:8081/token".to_owned(),
        format!("{ISSUER}/token?a=b"),
        format!("{ISSUER}/token#c"),
    ] {
        let proof = rp.proof("POST", "/token", None, &json!({ "htu": htu }));
        let reply = rp.authenticated("/token", CREDENTIALS, &[("dpop", &proof)]).await;
        assert_eq!(reply.status, 200, "{htu} is the same address: {}", reply.body);
    }
}

#[tokio::test]
async fn keys_types_and_algorithms_that_are_not_taken_make_no_proof() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |_| {}).await;
    rp.client_credentials().await;
    let nonce = rp.nonce.clone();
    let now = world.cx.now().seconds();
    let claims =
        |jti: &str| json!({"jti": jti, "htm": "POST", "htu": format!("{ISSUER}/token"), "iat": now, "nonce": nonce});
    let mut with_private = rp.dpop.bare_jwk();
    with_private["d"] = json!("AAAA");
    let proofs = [
        (
            "a private key",
            rp.dpop
                .token(&json!({"typ": "dpop+jwt", "jwk": with_private}), &claims("1")),
        ),
        (
            "another type",
            rp.dpop
                .token(&json!({"typ": "JWT", "jwk": rp.dpop.bare_jwk()}), &claims("2")),
        ),
        ("no key", rp.dpop.token(&json!({"typ": "dpop+jwt"}), &claims("3"))),
        (
            "another key",
            rp.dpop.token(
                &json!({"typ": "dpop+jwt", "jwk": another_key().bare_jwk()}),
                &claims("4"),
            ),
        ),
        (
            "alg none",
            rp.dpop.sign(
                &json!({"typ": "dpop+jwt", "alg": "none", "jwk": rp.dpop.bare_jwk()}).to_string(),
                &claims("5").to_string(),
            ),
        ),
    ];
    for (name, proof) in &proofs {
        let reply = rp.authenticated("/token", CREDENTIALS, &[("dpop", proof)]).await;
        assert_eq!(reply.json()["error"], "invalid_dpop_proof", "{name}: {}", reply.body);
    }
    let good = [
        rp.proof("POST", "/token", None, &json!({})),
        rp.proof("POST", "/token", None, &json!({})),
    ];
    let two = rp
        .authenticated("/token", CREDENTIALS, &[("dpop", &good[0]), ("dpop", &good[1])])
        .await;
    assert_eq!(two.json()["error"], "invalid_dpop_proof", "two headers");
}

// Fosite CVE-2020-15222 for assertions; RFC 9449 section 11.1 for proofs.
#[tokio::test]
async fn a_proof_and_an_assertion_work_once() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |_| {}).await;
    rp.client_credentials().await;
    let proof = rp.proof("POST", "/token", None, &json!({}));
    assert_eq!(
        rp.authenticated("/token", CREDENTIALS, &[("dpop", &proof)])
            .await
            .status,
        200
    );
    let again = rp.authenticated("/token", CREDENTIALS, &[("dpop", &proof)]).await;
    assert_eq!(again.json()["error"], "invalid_dpop_proof");
    let assertion = rp.assertion(&json!({}));
    let fields = [
        CREDENTIALS[0],
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", assertion.as_str()),
    ];
    let first = rp.proof("POST", "/token", None, &json!({}));
    assert_eq!(rp.post("/token", &fields, &[("dpop", &first)]).await.status, 200);
    let second = rp.proof("POST", "/token", None, &json!({}));
    let replayed = rp.post("/token", &fields, &[("dpop", &second)]).await;
    assert_eq!(
        (replayed.status, replayed.json()["error"].clone()),
        (401, json!("invalid_client"))
    );
}

#[tokio::test]
async fn assertions_for_somebody_else_or_of_another_time_are_refused() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |_| {}).await;
    rp.client_credentials().await;
    let now = world.cx.now().seconds();
    for (name, changes) in [
        ("aud as array", json!({"aud": [ISSUER]})),
        ("aud is the token endpoint", json!({"aud": format!("{ISSUER}/token")})),
        ("aud of another", json!({"aud": "https://other.example.org"})),
        ("no aud", json!({"aud": null})),
        ("iss of another", json!({"iss": "demo-rp"})),
        ("sub of another", json!({"sub": "demo-rp"})),
        ("expired", json!({"exp": now - 1})),
        ("no exp", json!({"exp": null})),
        ("exp in an hour", json!({"exp": now + 3_600})),
        ("iat in two minutes", json!({"iat": now + 120})),
        ("nbf in two minutes", json!({"nbf": now + 120})),
        ("no jti", json!({"jti": null})),
    ] {
        let assertion = rp.assertion(&changes);
        let fields = [
            CREDENTIALS[0],
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion.as_str()),
        ];
        let proof = rp.proof("POST", "/token", None, &json!({}));
        let reply = rp.post("/token", &fields, &[("dpop", &proof)]).await;
        assert_eq!(
            (reply.status, reply.json()["error"].clone()),
            (401, json!("invalid_client")),
            "{name}"
        );
    }
    let ahead = rp.assertion(&json!({"iat": now + 8, "nbf": now + 8}));
    let fields = [
        CREDENTIALS[0],
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", ahead.as_str()),
    ];
    let proof = rp.proof("POST", "/token", None, &json!({}));
    assert_eq!(
        rp.post("/token", &fields, &[("dpop", &proof)]).await.status,
        200,
        "8 s ahead is no attack"
    );
}

#[tokio::test]
async fn a_bound_token_is_worth_nothing_without_its_key() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |_| {}).await;
    let tokens = rp.client_credentials().await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(
        rp.userinfo("Bearer", token, None).await.status,
        401,
        "a downgrade to Bearer"
    );
    rp.dpop = another_key();
    let proof = rp.proof("GET", "/userinfo", Some(token), &json!({}));
    let reply = rp.userinfo("DPoP", token, Some(&proof)).await;
    assert_eq!(reply.status, 401, "the key of a thief");
    let challenge = reply.headers["www-authenticate"].to_str().unwrap().to_owned();
    assert!(challenge.contains("invalid_token"), "{challenge}");
}

#[tokio::test]
async fn only_the_token_s_client_and_its_resource_server_learn_what_it_is_worth() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |_| {}).await;
    let token = rp.client_credentials().await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let told = rp.authenticated("/introspect", &[("token", &token)], &[]).await;
    assert_eq!(told.status, 200);
    assert_eq!(
        (told.json()["active"].clone(), told.json()["client_id"].clone()),
        (json!(true), json!(RP))
    );
    assert_eq!(told.json()["token_type"], "DPoP");
    let mut browser = world.browser();
    let fields = super::world::encode(&[("token", &token)]);
    let other = browser
        .form_as("/introspect", "demo-rp", super::world::SECRET, fields.clone())
        .await;
    assert_eq!(other.json(), json!({"active": false}), "another client");
    // Zitadel CVE-2026-27840: a truncated token.
    let short = &token[..token.len() - 4];
    let told = rp.authenticated("/introspect", &[("token", short)], &[]).await;
    assert_eq!(told.json(), json!({"active": false}));
    let signed = rp
        .authenticated(
            "/introspect",
            &[("token", &token)],
            &[("accept", "application/token-introspection+jwt")],
        )
        .await;
    assert_eq!(signed.headers["content-type"], "application/token-introspection+jwt");
    assert_eq!(payload(&signed.body)["token_introspection"]["active"], true);
    assert_eq!(payload(&signed.body)["aud"], RP);
    // Another client cannot take it back, its own can; both are told the same (RFC 7009 section 2.2).
    assert_eq!(
        browser
            .form_as("/revoke", "demo-rp", super::world::SECRET, fields)
            .await
            .status,
        200
    );
    let told = rp.authenticated("/introspect", &[("token", &token)], &[]).await;
    assert_eq!(told.json()["active"], true);
    assert_eq!(rp.authenticated("/revoke", &[("token", &token)], &[]).await.status, 200);
    assert_eq!(
        rp.authenticated("/revoke", &[("token", "unknown")], &[]).await.status,
        200
    );
    let told = rp.authenticated("/introspect", &[("token", &token)], &[]).await;
    assert_eq!(told.json(), json!({"active": false}), "no cache: at once");
}

#[tokio::test]
async fn a_client_gets_the_grants_and_scopes_it_registered_for_and_no_others() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |registration| {
        registration.metadata.access_token_format = AccessTokenFormat::Opaque;
    })
    .await;
    rp.client_credentials().await;
    let refused = rp.bound("/token", &[CREDENTIALS[0], ("scope", "registry:write")]).await;
    assert_eq!(refused.json()["error"], "invalid_scope");
    let target = rp
        .bound("/token", &[CREDENTIALS[0], ("resource", "https://unknown.example.org")])
        .await;
    assert_eq!(target.json()["error"], "invalid_target");
    let password = rp.bound("/token", &[("grant_type", "password")]).await;
    assert_eq!(password.json()["error"], "unsupported_grant_type");
    let mut browser = world.browser();
    let reply = browser.redeem_with(&[("grant_type", "client_credentials")]).await;
    assert_eq!(
        reply.json()["error"],
        "unauthorized_client",
        "demo-rp registered for codes alone"
    );
}
