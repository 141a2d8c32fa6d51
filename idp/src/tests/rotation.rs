//! The life of signing keys, rehearsed: services that verify with the crate `openidconnect` and keep a copy of the key set for a
//! whole day never refuse a token while keys are replaced; a compromised key is worth nothing at once.

use std::time::Duration;

use axum::Router;
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{ClientId, IssuerUrl, Nonce};
use serde_json::Value;
use signum_core::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::browser::Browser;
use super::relying_party::RelyingParty;
use super::world::{CALLBACK, ISSUER, SECRET, VERIFIER, World, authorize_query, encode};
use crate::keys::{self, KeyStatus, Withdrawn};
use crate::{Config, Deps, Service};

const HOUR: u64 = 60 * 60;

/// A service that verifies ID tokens with a copy of the key set, which it reads again when it is so old and never before.
struct Verifying {
    keeps: Duration,
    read_at: Timestamp,
    keys: CoreJsonWebKeySet,
}

async fn key_set(router: &Router) -> CoreJsonWebKeySet {
    let reply = Browser::new(router.clone()).get("/jwks").await;
    serde_json::from_str(&reply.body).unwrap()
}

impl Verifying {
    async fn new(world: &World, keeps: Duration) -> Self {
        Self {
            keeps,
            read_at: world.cx.now(),
            keys: key_set(&world.router).await,
        }
    }

    async fn accepts(&mut self, world: &World, id_token: &str) -> Result<(), String> {
        let now = world.cx.now();
        if now.since(self.read_at) >= self.keeps {
            self.keys = key_set(&world.router).await;
            self.read_at = now;
        }
        let (id, issuer) = (
            ClientId::new("demo-rp".to_owned()),
            IssuerUrl::new(ISSUER.to_owned()).unwrap(),
        );
        let written = OffsetDateTime::from_unix_timestamp(now.seconds())
            .unwrap()
            .format(&Rfc3339)
            .unwrap();
        let verifier = CoreIdTokenVerifier::new_public_client(id, issuer, self.keys.clone())
            .set_allowed_algs([CoreJwsSigningAlgorithm::EcdsaP256Sha256])
            .set_time_fn(move || written.parse().unwrap());
        let token: CoreIdToken = id_token.parse().unwrap();
        let nonce = Nonce::new("nonce-0123456789".to_owned());
        token
            .claims(&verifier, &nonce)
            .map(drop)
            .map_err(|error| format!("{error:?}"))
    }
}

/// A replica on the same database and token, whose keys are replaced after four days.
async fn replica(world: &World) -> Service {
    let deps = Deps {
        cx: world.cx.clone(),
        hsm: world.hsm.clone(),
        csrf: world.csrf.clone(),
    };
    let mut config = Config::at(ISSUER);
    config.signing_key_days = 4;
    config.signing_key_publication_hours = 24;
    Service::new(config, deps).await.unwrap()
}

/// The code that this browser gets, logging in where it has to.
async fn code(browser: &mut Browser) -> String {
    let query = authorize_query(&[]);
    let mut reply = browser.get(&format!("/authorize?{query}")).await;
    if reply.location().starts_with("/login") {
        let done = browser.use_passkey(&reply.location()).await.json();
        reply = browser.get(done["next"].as_str().unwrap()).await;
    }
    reply.redirected("code").unwrap()
}

/// An ID token of a log-in now, and who signed it.
async fn id_token(browser: &mut Browser, at: &Router) -> String {
    let code = code(browser).await;
    let fields = encode(&[
        ("grant_type", "authorization_code"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("code", &code),
    ]);
    let mut elsewhere = Browser::new(at.clone());
    let reply = elsewhere.form_as("/token", "demo-rp", SECRET, fields).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()["id_token"].as_str().unwrap().to_owned()
}

fn kid(token: &str) -> String {
    super::bound::header(token)["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn services_that_keep_the_key_set_for_a_day_verify_every_token_while_keys_are_replaced() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    // One runs the job; the other only hears of it.
    let (working, listening) = (replica(&world).await, replica(&world).await);
    let mut services = Vec::new();
    for hours in [1, 6, 13, 24] {
        services.push(Verifying::new(&world, Duration::from_secs(hours * HOUR)).await);
    }
    let mut signers = Vec::new();
    for _ in 0..14 * 4 {
        world.advance(6 * HOUR);
        for replica in [&working, &listening] {
            let before = id_token(&mut browser, &replica.router()).await;
            keys::run(&working.idp).await.unwrap();
            let after = id_token(&mut browser, &replica.router()).await;
            for token in [&before, &after] {
                for service in &mut services {
                    assert_eq!(
                        service.accepts(&world, token).await,
                        Ok(()),
                        "kept for {:?}",
                        service.keeps
                    );
                }
                let mut newcomer = Verifying::new(&world, Duration::ZERO).await;
                assert_eq!(newcomer.accepts(&world, token).await, Ok(()));
                if signers.last() != Some(&kid(token)) {
                    signers.push(kid(token));
                }
            }
            world.advance(11);
        }
    }
    let all = keys::list(&world.cx).await.unwrap();
    let used: Vec<_> = all.iter().filter(|key| key.activated_at.is_some()).collect();
    assert_eq!(
        signers,
        used.iter().map(|key| key.kid.clone()).collect::<Vec<_>>(),
        "each in its turn"
    );
    assert!(used.len() >= 4, "{all:?}");
    for key in &used[1..] {
        let published = key.activated_at.unwrap().since(key.created_at);
        assert!(published >= Duration::from_secs(24 * HOUR), "{published:?}");
    }
    assert_eq!(
        all[0].status,
        KeyStatus::Withdrawn,
        "published no more, once nothing that it signed is shown"
    );
    let published = browser.get("/jwks").await.json()["keys"].as_array().unwrap().len();
    assert!(published <= 3, "the old one goes");
}

#[tokio::test]
async fn a_withdrawn_key_is_published_no_more_and_the_pending_one_signs_for_services_that_know_it() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let service = &world.service;
    let mut cautious = Verifying::new(&world, Duration::from_secs(24 * HOUR)).await;
    let first = id_token(&mut browser, &world.router).await;
    keys::wish(&world.cx, "ES256", false).await.unwrap();
    keys::run(&service.idp).await.unwrap();
    world.advance(24 * HOUR);
    let second = id_token(&mut browser, &world.router).await;
    assert_eq!(cautious.accepts(&world, &second).await, Ok(()));
    assert_eq!(kid(&first), kid(&second), "the next key is only published");
    let Withdrawn::Replaced(next) = keys::withdraw(&world.cx, &kid(&first)).await.unwrap() else {
        panic!("the pending key takes its place");
    };
    world.advance(11);
    let third = id_token(&mut browser, &world.router).await;
    assert_eq!(kid(&third), next);
    assert_eq!(
        cautious.accepts(&world, &third).await,
        Ok(()),
        "it has known the next key for a day"
    );
    let mut newcomer = Verifying::new(&world, Duration::ZERO).await;
    assert!(
        newcomer.accepts(&world, &second).await.is_err(),
        "what the withdrawn key signed"
    );
    let logout = browser.get(&format!("/logout?id_token_hint={second}")).await;
    assert_eq!(logout.status, 400, "nor does it count here as a hint");
    assert!(
        keys::withdraw(&world.cx, &kid(&first)).await.is_err(),
        "withdrawn before"
    );
    assert!(keys::withdraw(&world.cx, "unknown").await.is_err());
    assert_eq!(world.audit("signing_key.withdrawn").await.0, 1);
}

#[tokio::test]
async fn where_no_key_is_left_nothing_is_signed_until_the_service_has_made_another() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |_| {}).await;
    let stolen = rp.client_credentials().await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let kid_of_stolen = kid(&stolen);
    assert_eq!(
        keys::withdraw(&world.cx, &kid_of_stolen).await.unwrap(),
        Withdrawn::NothingSigns
    );
    world.advance(11);
    let none = rp.bound("/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(
        (none.status, none.json()["error"].clone()),
        (503, Value::from("temporarily_unavailable"))
    );
    let proof = rp.proof("GET", "/userinfo", Some(&stolen), &serde_json::json!({}));
    assert_eq!(rp.userinfo("DPoP", &stolen, Some(&proof)).await.status, 401);
    keys::run(&world.service.idp).await.unwrap();
    let token = rp.client_credentials().await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(kid(&token), kid_of_stolen);
    assert_eq!(keys::list(&world.cx).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_restart_after_the_only_key_was_withdrawn_makes_another() {
    let world = World::new().await;
    let first = keys::list(&world.cx).await.unwrap().remove(0);
    keys::withdraw(&world.cx, &first.kid).await.unwrap();
    let again = replica(&world).await;
    let jwks = Browser::new(again.router()).get("/jwks").await.json();
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 1);
    assert_ne!(jwks["keys"][0]["kid"], first.kid.as_str());
    keys::run(&again.idp).await.unwrap();
    assert_eq!(keys::list(&world.cx).await.unwrap().len(), 2, "the wish has come true");
}

#[tokio::test]
async fn an_urgent_wish_makes_a_key_that_signs_at_the_jobs_next_run() {
    let world = World::new().await;
    let first = keys::list(&world.cx).await.unwrap().remove(0).kid;
    assert!(keys::wish(&world.cx, "RS256", true).await.is_err(), "not with that");
    keys::wish(&world.cx, "ES256", true).await.unwrap();
    keys::run(&world.service.idp).await.unwrap();
    keys::run(&world.service.idp).await.unwrap();
    let listed = keys::list(&world.cx).await.unwrap();
    let of = |status| {
        listed
            .iter()
            .filter(|key| key.status == status)
            .map(|key| key.kid.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(KeyStatus::Retired), [first]);
    assert_eq!(of(KeyStatus::Active).len(), 1);
    keys::run(&world.service.idp).await.unwrap();
    assert_eq!(keys::list(&world.cx).await.unwrap().len(), 2, "one wish, one key");
}
