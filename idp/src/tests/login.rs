//! Log-in: what an assertion must be, and what happens to the session.

use super::browser::{Browser, Reply};
use super::world::{World, add_person, authorize_query};

async fn try_login(browser: &mut Browser) -> Reply {
    let login = browser
        .get(&format!("/authorize?{}", authorize_query(&[("prompt", "login")])))
        .await
        .location();
    browser.use_passkey(&login).await
}

/// Refused, nobody logged in, and the reason is in the audit log.
async fn assert_refused(world: &World, browser: &mut Browser, reason: &str) {
    let reply = try_login(browser).await;
    assert_eq!(reply.status, 403, "{reason}: {}", reply.body);
    assert_eq!(reply.problem(), "urn:signum:problem:login_refused");
    assert!(!browser.cookies.contains_key("idp_sid"));
    let (_, detail) = world.audit("login.refused").await;
    assert!(detail.contains(&format!("\"{reason}\"")), "{reason}: {detail}");
    world.advance(1);
}

#[tokio::test]
async fn an_assertion_that_is_wrong_in_any_way_logs_nobody_in() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    browser.authenticator.behaviour.skip_uv = true;
    assert_refused(&world, &mut browser, "user_not_verified").await;
    browser.authenticator.behaviour = Default::default();
    browser.authenticator.behaviour.skip_up = true;
    assert_refused(&world, &mut browser, "user_not_present").await;
    browser.authenticator.behaviour = Default::default();
    browser.authenticator.behaviour.origin = Some("http://evil.localhost:8081".into());
    assert_refused(&world, &mut browser, "wrong_origin").await;
    browser.authenticator.behaviour.origin = Some("http://idp.localhost:8082".into());
    assert_refused(&world, &mut browser, "wrong_origin").await;
    browser.authenticator.behaviour.origin = Some("http://x.idp.localhost:8081".into());
    assert_refused(&world, &mut browser, "wrong_origin").await;
    browser.authenticator.behaviour = Default::default();
    browser.authenticator.behaviour.rp_id = Some("sign.localhost".into());
    assert_refused(&world, &mut browser, "wrong_relying_party").await;
    browser.authenticator.behaviour = Default::default();
    browser.authenticator.behaviour.challenge = Some(vec![1; 32]);
    assert_refused(&world, &mut browser, "wrong_challenge").await;
    browser.authenticator.behaviour = Default::default();
    browser.authenticator.behaviour.cross_origin = true;
    assert_refused(&world, &mut browser, "cross_origin").await;
    browser.authenticator.behaviour = Default::default();
    browser.authenticator.behaviour.break_signature = true;
    assert_refused(&world, &mut browser, "bad_signature").await;
    browser.authenticator.behaviour = Default::default();
    assert_eq!(try_login(&mut browser).await.status, 200);
}

#[tokio::test]
async fn a_counter_that_went_backwards_is_refused_and_audited() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    browser.cookies.clear();
    browser.authenticator.behaviour.counter = Some(1);
    assert_refused(&world, &mut browser, "counter_went_backwards").await;
    browser.authenticator.behaviour.counter = Some(7);
    assert_eq!(try_login(&mut browser).await.status, 200);
}

#[tokio::test]
async fn an_unknown_passkey_or_another_persons_handle_is_refused() {
    let world = World::new().await;
    let mut stranger = world.browser();
    let other = World::new().await.enrolled().await;
    stranger.authenticator = other.authenticator.clone();
    assert_refused(&world, &mut stranger, "unknown_credential").await;
    let mut browser = world.enrolled().await;
    browser.authenticator.credentials[0].user_handle = vec![7; 16];
    assert_refused(&world, &mut browser, "wrong_user_handle").await;
}

#[tokio::test]
async fn one_assertion_is_good_for_one_attempt() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let login = browser
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    let i = login.split_once("i=").unwrap().1.to_owned();
    let csrf = browser.get(&login).await.csrf();
    let options = browser
        .post_json(
            &format!("/login/passkey/options?i={i}"),
            &csrf,
            &serde_json::Value::Null,
        )
        .await;
    assert!(
        options.json()["publicKey"]
            .get("allowCredentials")
            .is_none_or(|list| list.as_array().unwrap().is_empty())
    );
    assert_eq!(options.json()["publicKey"]["userVerification"], "required");
    assert_eq!(options.json()["publicKey"]["rpId"], "idp.localhost");
    let assertion = browser
        .authenticator
        .get(&options.json(), super::world::ISSUER)
        .unwrap();
    let path = format!("/login/passkey?i={i}");
    assert_eq!(browser.post_json(&path, &csrf, &assertion).await.status, 200);
    assert_eq!(browser.post_json(&path, &csrf, &assertion).await.status, 403);
    assert!(world.audit("login.refused").await.1.contains("no_challenge"));
}

#[tokio::test]
async fn without_the_pages_token_nothing_happens() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let login = browser
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    let i = login.split_once("i=").unwrap().1.to_owned();
    for path in ["/login/passkey/options", "/login/passkey"] {
        let reply = browser
            .post_json(&format!("{path}?i={i}"), "", &serde_json::json!({}))
            .await;
        assert_eq!(
            (reply.status, reply.problem().as_str()),
            (403, "urn:signum:problem:csrf_token")
        );
    }
    let reply = browser.post_form(&format!("/login/cancel?i={i}"), &[]).await;
    assert_eq!(reply.status, 403);
}

#[tokio::test]
async fn the_session_id_changes_at_every_login_and_the_old_one_is_dead() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let before = browser.cookies["idp_sid"].clone();
    world.advance(1);
    assert_eq!(try_login(&mut browser).await.status, 200);
    assert_ne!(before, browser.cookies["idp_sid"]);
    let mut thief = world.browser();
    thief.cookies.insert("idp_sid".into(), before);
    let reply = thief
        .get(&format!("/authorize?{}", authorize_query(&[("prompt", "none")])))
        .await;
    assert_eq!(reply.redirected("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_session_planted_before_the_login_is_not_taken_over() {
    let world = World::new().await;
    let mut victim = world.enrolled().await;
    victim.cookies.insert("idp_sid".into(), "planted-by-an-attacker".into());
    victim.sign_in(&authorize_query(&[])).await;
    assert_ne!(victim.cookies["idp_sid"], "planted-by-an-attacker");
}

#[tokio::test]
async fn another_persons_login_ends_the_session_that_was_there() {
    let world = World::new().await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    let mut browser = world.logged_in().await;
    let old = browser.cookies["idp_sid"].clone();
    let other = world.enrolled_as(&second).await;
    browser.authenticator = other.authenticator;
    assert_eq!(try_login(&mut browser).await.status, 200);
    assert_eq!(world.audit("session.ended").await.0, 1);
    let mut leftover = world.browser();
    leftover.cookies.insert("idp_sid".into(), old);
    let reply = leftover
        .get(&format!("/authorize?{}", authorize_query(&[("prompt", "none")])))
        .await;
    assert_eq!(reply.redirected("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_session_ends_after_a_quarter_of_an_hour_unused_and_twelve_hours_at_most() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let silent = format!("/authorize?{}", authorize_query(&[("prompt", "none")]));
    for _ in 0..72 {
        world.advance(9 * 60 + 59);
        assert!(browser.get(&silent).await.redirected("code").is_some());
    }
    world.advance(5 * 60);
    assert_eq!(
        browser.get(&silent).await.redirected("error").as_deref(),
        Some("login_required")
    );
    // Consent is remembered: the log-in leads straight back to the service.
    let mut idle = world.enrolled().await;
    idle.reach_consent(&authorize_query(&[])).await;
    assert!(idle.get(&silent).await.redirected("code").is_some());
    world.advance(15 * 60);
    assert_eq!(
        idle.get(&silent).await.redirected("error").as_deref(),
        Some("login_required")
    );
}

#[tokio::test]
async fn prompt_login_and_max_age_ask_again_although_a_session_lives() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    world.advance(60);
    for change in [("prompt", "login"), ("max_age", "30")] {
        let reply = browser.get(&format!("/authorize?{}", authorize_query(&[change]))).await;
        assert!(reply.location().starts_with("/login?i="), "{change:?}");
        let done = browser.use_passkey(&reply.location()).await;
        let resumed = browser.get(done.json()["next"].as_str().unwrap()).await;
        assert!(resumed.redirected("code").is_some(), "{change:?}");
        world.advance(60);
    }
}

#[tokio::test]
async fn cancelling_tells_the_service_access_denied() {
    let world = World::new().await;
    let mut browser = world.browser();
    let login = browser
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    let csrf = browser.get(&login).await.csrf();
    let i = login.split_once("i=").unwrap().1.to_owned();
    let reply = browser
        .post_form(&format!("/login/cancel?i={i}"), &[("csrf", &csrf)])
        .await;
    assert_eq!(reply.redirected("error").as_deref(), Some("access_denied"));
    assert_eq!(browser.get(&login).await.status, 403, "its cookie is gone");
}
