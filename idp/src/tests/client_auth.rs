//! Who may speak for a client: every wrong assertion, secret and certificate, and every race for one that is right.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Json;
use axum::extract::State;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use signum_core::params;

use super::world::{AFTER_LOGOUT, CALLBACK, ISSUER, SECRET, World, encode, words};
use crate::client_auth::{self, AuthMethod, ClientAuthError, Refusal, Shown};
use crate::clients::{self, Metadata, Profile, Realm, Registration};
use crate::form::Form;
use crate::jose::Algorithm;
use crate::jose::test_keys::TestKey;

const NOW: i64 = 1_790_000_000;

fn metadata() -> Metadata {
    Metadata {
        redirect_uris: vec!["https://agency.example.org/cb".to_owned()],
        dpop_bound_access_tokens: true,
        ..Metadata::default()
    }
}

async fn put(world: &World, id: &str, profile: Profile, metadata: Metadata, secret: Option<&str>) {
    let registration = Registration {
        client_id: id.to_owned(),
        profile,
        realm: Realm::Production,
        name: words(id),
        purpose: words("To test"),
        metadata,
        secret: secret.map(|secret| secret.to_owned().into()),
        legal_basis_personal_number: false,
    };
    clients::put(&world.cx, registration).await.unwrap();
}

async fn agency(world: &World, id: &str, key: &TestKey) {
    put(
        world,
        id,
        Profile::Fapi2,
        Metadata {
            jwks: Some(key.jwks()),
            ..metadata()
        },
        None,
    )
    .await;
}

fn claims(changes: Value) -> Value {
    let mut all = json!({"iss": "agency", "sub": "agency", "aud": ISSUER, "jti": "1", "iat": NOW, "exp": NOW + 60});
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(all.as_object_mut().unwrap().remove(name)),
            value => all[name] = value.clone(),
        }
    }
    all
}

fn form(assertion: &str) -> String {
    encode(&[
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", assertion),
    ])
}

async fn ask(world: &World, form: &str, authorization: Option<&str>) -> Result<String, ClientAuthError> {
    let form = Form::parse(form.as_bytes());
    let shown = Shown {
        form: &form,
        authorization,
        certificate: None,
        address: None,
    };
    client_auth::authenticate(&world.service.idp, &shown)
        .await
        .map(|shown| shown.client.client_id)
}

async fn refused(world: &World, form: &str, authorization: Option<&str>) -> Refusal {
    match ask(world, form, authorization).await {
        Err(ClientAuthError::InvalidClient(refusal)) => refusal,
        other => panic!("{form}: {other:?}"),
    }
}

#[tokio::test]
async fn an_assertion_proves_its_client_once() {
    let world = World::new().await;
    for alg in Algorithm::FAPI {
        let key = TestKey::new(alg, "k");
        agency(&world, "agency", &key).await;
        let form = form(&key.token(&json!({"kid": "k", "typ": "JWT"}), &claims(json!({"jti": alg.name()}))));
        assert_eq!(ask(&world, &form, None).await.unwrap(), "agency");
        // CVE-2020-15222: a client assertion was taken again and again.
        assert_eq!(
            refused(&world, &form, None).await,
            Refusal::Assertion("jti was used before")
        );
    }
    // One of a kind in each window.
    assert_eq!(world.audit("client.authentication_refused").await.0, 1);
}

#[tokio::test]
async fn one_client_cannot_spend_the_jti_of_another() {
    let world = World::new().await;
    let key = TestKey::es256("k");
    agency(&world, "agency", &key).await;
    agency(&world, "other", &key).await;
    let other = claims(json!({"iss": "other", "sub": "other"}));
    assert!(ask(&world, &form(&key.token(&json!({}), &other)), None).await.is_ok());
    assert!(
        ask(&world, &form(&key.token(&json!({}), &claims(json!({})))), None)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn sixty_four_racers_with_one_assertion_have_one_winner() {
    let world = Arc::new(World::new().await);
    let key = TestKey::es256("k");
    agency(&world, "agency", &key).await;
    let form = form(&key.token(&json!({}), &claims(json!({}))));
    let racers = (0..64).map(|_| {
        let (world, form) = (world.clone(), form.clone());
        tokio::spawn(async move { ask(&world, &form, None).await.is_ok() })
    });
    let mut winners = 0;
    for racer in racers.collect::<Vec<_>>() {
        winners += usize::from(racer.await.unwrap());
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn assertions_for_another_audience_person_or_time_are_refused() {
    let world = World::new().await;
    let key = TestKey::es256("k");
    agency(&world, "agency", &key).await;
    for (wrong, reason) in [
        // CVE-2026-55669: the audience was not looked at.
        (json!({"aud": null}), "aud is not exactly the issuer"),
        (json!({"aud": [ISSUER]}), "aud is not exactly the issuer"),
        (
            json!({"aud": format!("{ISSUER}/token")}),
            "aud is not exactly the issuer",
        ),
        (json!({"aud": format!("{ISSUER}/par")}), "aud is not exactly the issuer"),
        (json!({"aud": format!("{ISSUER}/")}), "aud is not exactly the issuer"),
        (json!({"iss": "other"}), "iss and sub are not the client"),
        (json!({"iss": null}), "iss and sub are not the client"),
        (json!({"exp": null}), "exp is missing"),
        (json!({"exp": "soon"}), "exp is missing"),
        (json!({"exp": NOW}), "expired"),
        (json!({"exp": NOW - 300}), "expired"),
        (json!({"exp": NOW + 311}), "exp is too far away"),
        (json!({"exp": 1e300}), "exp is too far away"),
        (json!({"iat": NOW + 61}), "iat or nbf lies in the future"),
        (json!({"nbf": NOW + 61}), "iat or nbf lies in the future"),
        (json!({"nbf": "now"}), "iat or nbf is no time"),
        (json!({"jti": null}), "jti is missing"),
        (json!({"jti": ""}), "jti is empty or too long"),
        (json!({"jti": "j".repeat(257)}), "jti is empty or too long"),
    ] {
        let form = form(&key.token(&json!({}), &claims(wrong.clone())));
        assert_eq!(
            refused(&world, &form, None).await,
            Refusal::Assertion(reason),
            "{wrong}"
        );
    }
    for (n, good) in [
        json!({"iat": NOW + 8, "nbf": NOW + 8}),
        json!({"exp": NOW + 300}),
        json!({"iat": null}),
    ]
    .iter()
    .enumerate()
    {
        let mut good = good.clone();
        good["jti"] = json!(format!("good {n}"));
        let form = form(&key.token(&json!({}), &claims(good)));
        assert!(ask(&world, &form, None).await.is_ok());
    }
}

#[tokio::test]
async fn rs256_is_taken_of_gov_basic_that_registered_it_alone_and_a_registered_algorithm_is_the_only_one() {
    let world = World::new().await;
    let key = TestKey::new(Algorithm::Rs256, "k");
    let token = |jti: &str| form(&key.token(&json!({}), &claims(json!({"jti": jti}))));
    let with = |alg| Metadata {
        jwks: Some(key.jwks()),
        token_endpoint_auth_signing_alg: alg,
        ..metadata()
    };
    put(&world, "agency", Profile::Fapi2, with(None), None).await;
    let not_taken = Refusal::Assertion("the signature or its key is not taken");
    assert_eq!(refused(&world, &token("1"), None).await, not_taken);
    put(&world, "agency", Profile::GovBasic, with(None), None).await;
    assert_eq!(
        refused(&world, &token("2"), None).await,
        not_taken,
        "not without registering it"
    );
    put(&world, "agency", Profile::GovBasic, with(Some(Algorithm::Rs256)), None).await;
    assert!(ask(&world, &token("2"), None).await.is_ok());
    put(&world, "agency", Profile::GovBasic, with(Some(Algorithm::Ps256)), None).await;
    assert_eq!(refused(&world, &token("3"), None).await, not_taken);
}

#[tokio::test]
async fn a_client_has_one_method_and_no_other_is_taken() {
    let world = World::new().await;
    let key = TestKey::es256("k");
    agency(&world, "agency", &key).await;
    let basic = |id: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let post = |id: &str, secret: &str| encode(&[("client_id", id), ("client_secret", secret)]);
    // The demo client has client_secret_basic, and the right secret.
    assert!(ask(&world, "", Some(&basic("demo-rp", SECRET))).await.is_ok());
    assert_eq!(refused(&world, &post("demo-rp", SECRET), None).await, Refusal::Method);
    assert_eq!(refused(&world, "client_id=demo-rp", None).await, Refusal::Method);
    let assertion = key.token(&json!({}), &claims(json!({"iss": "demo-rp", "sub": "demo-rp"})));
    assert_eq!(refused(&world, &form(&assertion), None).await, Refusal::Method);
    // The agency has a key: neither a secret nor its name alone will do.
    assert_eq!(refused(&world, "client_id=agency", None).await, Refusal::Method);
    assert_eq!(refused(&world, "", Some(&basic("agency", ""))).await, Refusal::Method);
    put(
        &world,
        "poster",
        Profile::GovBasic,
        Metadata {
            token_endpoint_auth_method: AuthMethod::ClientSecretPost,
            ..metadata()
        },
        Some(SECRET),
    )
    .await;
    assert!(ask(&world, &post("poster", SECRET), None).await.is_ok());
    assert_eq!(
        refused(&world, "", Some(&basic("poster", SECRET))).await,
        Refusal::Method
    );
    assert_eq!(refused(&world, &post("poster", "wrong"), None).await, Refusal::Secret);
}

#[tokio::test]
async fn wrong_secrets_unknown_clients_and_two_ways_at_once_are_refused() {
    let world = World::new().await;
    let basic = |id: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    assert_eq!(
        refused(&world, "", Some(&basic("demo-rp", "wrong"))).await,
        Refusal::Secret
    );
    let almost: String = SECRET.chars().take(SECRET.len() - 1).collect();
    assert_eq!(
        refused(&world, "", Some(&basic("demo-rp", &almost))).await,
        Refusal::Secret
    );
    assert_eq!(
        refused(&world, "", Some(&basic("nobody", SECRET))).await,
        Refusal::Unknown
    );
    assert_eq!(refused(&world, "", Some("Bearer x")).await, Refusal::Nothing);
    assert_eq!(refused(&world, "", None).await, Refusal::Nothing);
    let key = TestKey::es256("k");
    let unknown = form(&key.token(&json!({}), &claims(json!({}))));
    assert_eq!(refused(&world, &unknown, None).await, Refusal::Unknown);
    let both = ask(
        &world,
        "client_id=demo-rp&client_secret=x",
        Some(&basic("demo-rp", SECRET)),
    )
    .await;
    assert!(matches!(both, Err(ClientAuthError::InvalidRequest(_))));
    let other = ask(&world, "client_id=signer", Some(&basic("demo-rp", SECRET))).await;
    assert!(matches!(other, Err(ClientAuthError::InvalidRequest(_))));
}

#[tokio::test]
async fn the_kill_switch_works_at_once_and_outlives_a_registration_anew() {
    let world = World::new().await;
    let basic = format!("Basic {}", STANDARD.encode(format!("demo-rp:{SECRET}")));
    assert!(ask(&world, "", Some(&basic)).await.is_ok());
    let off = "UPDATE client SET status = 'disabled' WHERE client_id = 'demo-rp'";
    let switch = |tx: signum_core::Tx| async move { tx.exec(off, params![]).await };
    world.cx.db.run("test.off", switch).await.unwrap();
    assert_eq!(refused(&world, "", Some(&basic)).await, Refusal::Unknown);
    super::world::register(&world.cx, "demo-rp", CALLBACK, AFTER_LOGOUT, false).await;
    assert_eq!(refused(&world, "", Some(&basic)).await, Refusal::Unknown);
}

/// A client's address with its keys; what it publishes can be changed, and it counts how often it was asked.
#[derive(Clone)]
struct Publisher {
    keys: Arc<std::sync::Mutex<Value>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    async fn start(keys: Value) -> (Self, String) {
        let publisher = Self {
            keys: Arc::new(std::sync::Mutex::new(keys)),
            asked: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = async |State(this): State<Self>| {
            this.asked.fetch_add(1, Ordering::SeqCst);
            Json(this.keys.lock().unwrap().clone())
        };
        let elsewhere = async || axum::response::Redirect::temporary("/jwks");
        let router = axum::Router::new()
            .route("/jwks", axum::routing::get(answer))
            .route("/moved", axum::routing::get(elsewhere))
            .with_state(publisher.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (publisher, format!("http://demo.localhost:{port}/jwks"))
    }
    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn with_address(world: &World, address: &str) {
    put(
        world,
        "agency",
        Profile::Fapi2,
        Metadata {
            jwks_uri: Some(address.to_owned()),
            ..metadata()
        },
        None,
    )
    .await;
}

#[tokio::test]
async fn published_keys_are_fetched_kept_and_followed_when_they_rotate() {
    let world = World::new().await;
    let (old, new) = (TestKey::es256("old"), TestKey::es256("new"));
    let (publisher, address) = Publisher::start(old.jwks()).await;
    with_address(&world, &address).await;
    let by = |key: &TestKey, jti: &str| {
        let mut made = claims(json!({"jti": jti}));
        made["exp"] = json!(NOW + 200);
        form(&key.token(&json!({"kid": key.kid}), &made))
    };
    assert!(ask(&world, &by(&old, "1"), None).await.is_ok());
    assert!(ask(&world, &by(&old, "2"), None).await.is_ok());
    assert_eq!(publisher.asked(), 1, "the second time from memory");
    *publisher.keys.lock().unwrap() = new.jwks();
    // Just asked: an unknown key does not make us ask again at once.
    let not_taken = Refusal::Assertion("the signature or its key is not taken");
    assert_eq!(refused(&world, &by(&new, "3"), None).await, not_taken);
    assert_eq!(publisher.asked(), 1);
    world.advance(31);
    assert!(ask(&world, &by(&new, "4"), None).await.is_ok());
    assert_eq!(refused(&world, &by(&old, "5"), None).await, not_taken);
    assert_eq!(publisher.asked(), 2);
}

#[tokio::test]
async fn a_key_address_inside_our_networks_or_one_that_redirects_is_not_followed() {
    // CVE-2026-1180: jwks_uri led the provider into its own network.
    let world = World::new().await;
    let key = TestKey::es256("k");
    let (publisher, address) = Publisher::start(key.jwks()).await;
    let not_taken = Refusal::Assertion("the signature or its key is not taken");
    let token = form(&key.token(&json!({}), &claims(json!({}))));
    for bad in [
        address.replace("demo.localhost", "other.localhost"),
        address.replace("/jwks", "/moved"),
        "https://169.254.169.254/jwks".to_owned(),
    ] {
        with_address(&world, &bad).await;
        assert_eq!(refused(&world, &token, None).await, not_taken, "{bad}");
    }
    assert_eq!(publisher.asked(), 0);
}
