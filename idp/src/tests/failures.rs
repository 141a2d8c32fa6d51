//! Failed authentications at the programs' endpoints: 429 with Retry-After where they come from, service everywhere else, and no
//! row of the audit log for each of them.

use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Request, header};
use serde_json::json;

use super::browser::Reply;
use super::world::{ISSUER, SECRET, World, encode};
use crate::client_auth::AuthMethod;
use crate::clients::{self, GrantType, Metadata, Profile, Realm, Registration};

const HERE: &str = "198.51.100.1";
const ELSEWHERE: &str = "203.0.113.9";
const ENDPOINTS: [&str; 5] = ["/token", "/par", "/introspect", "/revoke", "/device_authorization"];

async fn ask(world: &World, from: &str, path: &str, client: &str, secret: &str) -> Reply {
    let credentials = STANDARD.encode(format!("{client}:{secret}"));
    let fields = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("token", "x")];
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::AUTHORIZATION, format!("Basic {credentials}"))
        .body(Body::from(encode(&fields)))
        .unwrap();
    let mut program = world.browser();
    program.address = Some(from.parse().unwrap());
    program.send(request).await
}

#[tokio::test]
async fn who_fails_too_often_waits_there_at_every_endpoint_and_the_same_client_is_served_elsewhere() {
    for path in ENDPOINTS {
        let world = World::with(|config| config.limits.client_failures = 3).await;
        for _ in 0..3 {
            let refused = ask(&world, HERE, path, "demo-rp", "wrong").await;
            assert_eq!(
                (refused.status, refused.json()["error"].clone()),
                (401, "invalid_client".into()),
                "{path}"
            );
        }
        world.advance(10);
        // The right secret as well: guessing is over.
        let waits = ask(&world, HERE, path, "demo-rp", SECRET).await;
        assert_eq!(waits.status, 429, "{path}: {}", waits.body);
        assert_eq!(waits.headers[header::RETRY_AFTER], "50", "{path}");
        assert_eq!(waits.headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(waits.headers[header::CACHE_CONTROL], "no-store");
        let body = waits.json();
        assert!(
            body["error"].is_string() && body["error_description"].is_string(),
            "{body}"
        );
        let judged = |reply: &Reply| reply.status != 429 && reply.json()["error"] != "invalid_client";
        let elsewhere = ask(&world, ELSEWHERE, path, "demo-rp", SECRET).await;
        assert!(judged(&elsewhere), "{path}: {}", elsewhere.body);
        let neighbour = ask(&world, HERE, path, "signer", SECRET).await;
        assert!(judged(&neighbour), "{path}: {}", neighbour.body);
        world.advance(50);
        let again = ask(&world, HERE, path, "demo-rp", SECRET).await;
        assert!(judged(&again), "{path}: {}", again.body);
    }
}

#[tokio::test]
async fn a_flood_leaves_one_event_of_a_kind_in_each_window() {
    let world = World::with(|config| {
        config.limits.client_failures = 50;
        config.limits.client_failures_per_network = 100;
    })
    .await;
    for n in 0..120 {
        // Names that nobody has, each another one, and one that somebody has.
        let invented = format!("invented-{n}");
        let client = if n % 2 == 0 { "demo-rp" } else { invented.as_str() };
        ask(&world, HERE, "/token", client, "wrong").await;
    }
    let (events, _) = world.audit("client.authentication_refused").await;
    assert_eq!(events, 2, "one for the wrong secret, one for the unknown client");
    let (limited, _) = world.audit("client.authentication_limited").await;
    assert_eq!(limited, 2, "the client's limit and the network's");
    let sql = "SELECT detail FROM audit_event WHERE detail LIKE '%invented%'";
    assert!(world.cx.db.all(sql, vec![]).await.unwrap().is_empty());
    world.advance(60);
    ask(&world, HERE, "/token", "demo-rp", "wrong").await;
    assert_eq!(world.audit("client.authentication_refused").await.0, 3);
}

#[tokio::test]
async fn wrong_grants_of_a_client_without_a_secret_count_as_failures() {
    let world = World::with(|config| config.limits.client_failures = 4).await;
    let native = Registration {
        client_id: "app".to_owned(),
        profile: Profile::Native,
        realm: Realm::Production,
        name: super::world::words("app"),
        purpose: super::world::words("To try"),
        metadata: Metadata {
            redirect_uris: vec!["http://127.0.0.1/back".to_owned()],
            token_endpoint_auth_method: AuthMethod::Public,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            dpop_bound_access_tokens: true,
            ..Metadata::default()
        },
        secret: None,
        legal_basis_personal_number: false,
    };
    clients::put(&world.cx, native).await.unwrap();
    let key = crate::jose::test_keys::TestKey::es256("k");
    let try_one = async |from: &str, n: usize| {
        let nonce = crate::dpop::fresh_nonce(&world.service.idp);
        let (head, claims) = (
            json!({"typ": "dpop+jwt", "jwk": key.bare_jwk()}),
            json!({"htm": "POST", "htu": format!("{ISSUER}/token"), "iat": world.cx.now().seconds(), "nonce": nonce,
                "jti": format!("jti-{from}-{n}")}),
        );
        let proof = key.token(&head, &claims);
        let fields = [
            ("client_id", "app"),
            ("grant_type", "refresh_token"),
            ("refresh_token", "x"),
        ];
        let request = Request::post("/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("dpop", proof)
            .body(Body::from(encode(&fields)))
            .unwrap();
        let mut program = world.browser();
        program.address = Some(from.parse().unwrap());
        program.send(request).await
    };
    for n in 0..4 {
        let refused = try_one(HERE, n).await;
        assert_eq!(refused.json()["error"], "invalid_grant", "{}", refused.body);
    }
    assert_eq!(try_one(HERE, 5).await.status, 429);
    assert_eq!(try_one(ELSEWHERE, 6).await.status, 400);
}
