//! Levels of assurance: what is asked is reached or refused, and no session is ever raised.

use super::means::{at_the_door, submitted, world};
use super::world::{World, add_person, authorize_query};
use crate::Level;
use crate::people::Person;

async fn log_in(
    browser: &mut super::browser::Browser,
    login: &str,
    person: &Person,
    level: &str,
) -> super::browser::Reply {
    let id = person.id.to_string();
    let done = submitted(browser, login, &[("person", &id), ("level", level)]).await;
    assert_eq!(done.status, 303, "{}", done.body);
    browser.get(&done.location()).await
}

/// Logged in at this level, with consent given.
async fn session_at(level: &str) -> (World, super::browser::Browser) {
    let (world, mut browser) = world(Level::High).await;
    let login = at_the_door(&mut browser, &[("acr_values", "low")]).await;
    let consent = log_in(&mut browser, &login, &world.person, level).await.location();
    let done = super::agency::decide(&mut browser, &consent, "allow").await;
    assert!(done.redirected("code").is_some());
    (world, browser)
}

async fn acr(browser: &mut super::browser::Browser, code: &str) -> serde_json::Value {
    let tokens = browser.redeem(code).await.json();
    super::tokens::claims(tokens["id_token"].as_str().unwrap())
}

#[tokio::test]
async fn a_request_above_the_sessions_level_begins_a_new_session_and_ends_the_old_one() {
    let (world, mut browser) = session_at("substantial").await;
    let before = browser.clone();
    let login = at_the_door(&mut browser, &[("acr_values", "high")]).await;
    assert!(login.starts_with("/login?i="), "{login}");
    world.advance(1);
    let back = log_in(&mut browser, &login, &world.person, "high").await;
    let claims = acr(&mut browser, &back.redirected("code").unwrap()).await;
    assert_eq!(claims["acr"], "high");
    assert_eq!(claims["auth_time"], 1_790_000_001);
    assert_eq!(world.audit("session.ended").await.0, 1);
    let rows = world
        .cx
        .db
        .all("SELECT acr FROM session WHERE ended_at IS NOT NULL", vec![])
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        rows[0].get::<String>("acr").unwrap(),
        "substantial",
        "the old session was never raised"
    );
    let mut leftover = before;
    let silent = leftover
        .get(&format!("/authorize?{}", authorize_query(&[("prompt", "none")])))
        .await;
    assert_eq!(silent.redirected("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn somebody_else_cannot_complete_a_step_up() {
    let (world, mut browser) = session_at("substantial").await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    let login = at_the_door(&mut browser, &[("acr_values", "high")]).await;
    let back = log_in(&mut browser, &login, &second, "high").await;
    assert_eq!(back.redirected("error").as_deref(), Some("login_required"));
    assert_eq!(world.audit("code.issued").await.0, 1);
}

#[tokio::test]
async fn a_log_in_that_does_not_reach_the_level_is_told_as_unmet() {
    let (world, mut browser) = session_at("low").await;
    let login = at_the_door(&mut browser, &[("acr_values", "http://eidas.europa.eu/LoA/high")]).await;
    let back = log_in(&mut browser, &login, &world.person, "substantial").await;
    assert_eq!(
        back.redirected("error").as_deref(),
        Some("unmet_authentication_requirements")
    );
}

#[tokio::test]
async fn a_silent_request_above_the_sessions_level_is_login_required() {
    let (_world, mut browser) = session_at("low").await;
    for (level, error) in [
        ("low", None),
        ("substantial", Some("login_required")),
        ("high", Some("login_required")),
    ] {
        let query = authorize_query(&[("acr_values", level), ("prompt", "none")]);
        let reply = browser.get(&format!("/authorize?{query}")).await;
        assert_eq!(reply.redirected("error").as_deref(), error, "{level}");
    }
}

#[tokio::test]
async fn without_acr_values_substantial_is_asked_for() {
    let (world, mut browser) = session_at("low").await;
    let login = at_the_door(&mut browser, &[]).await;
    assert!(login.starts_with("/login?i="));
    let back = log_in(&mut browser, &login, &world.person, "substantial").await;
    let claims = acr(&mut browser, &back.redirected("code").unwrap()).await;
    assert_eq!(
        (claims["acr"].as_str(), claims["amr"][0].as_str()),
        (Some("substantial"), Some("pwd"))
    );
}

#[tokio::test]
async fn an_essential_acr_of_the_claims_parameter_is_a_demand() {
    let (_world, mut browser) = session_at("substantial").await;
    let essential = |level: &str| format!(r#"{{"id_token":{{"acr":{{"essential":true,"values":["{level}"]}}}}}}"#);
    let high = essential("high");
    assert!(
        at_the_door(&mut browser, &[("claims", &high)])
            .await
            .starts_with("/login?i=")
    );
    let gold = essential("gold");
    let query = authorize_query(&[("claims", &gold)]);
    let refused = browser.get(&format!("/authorize?{query}")).await;
    assert_eq!(
        refused.redirected("error").as_deref(),
        Some("unmet_authentication_requirements")
    );
    let wish = high.replace("true", "false");
    let plain = World::new().await;
    let query = authorize_query(&[("claims", &wish)]);
    let reply = plain.browser().get(&format!("/authorize?{query}")).await;
    assert!(
        reply.location().starts_with("/login?i="),
        "a wish beyond us is passed over: {}",
        reply.location()
    );
}

#[tokio::test]
async fn a_level_that_no_means_reaches_is_refused_before_anybody_is_asked() {
    let world = World::new().await;
    let mut browser = world.browser();
    for level in ["high", "http://eidas.europa.eu/LoA/high"] {
        let query = authorize_query(&[("acr_values", level)]);
        let reply = browser.get(&format!("/authorize?{query}")).await;
        assert_eq!(
            reply.redirected("error").as_deref(),
            Some("unmet_authentication_requirements"),
            "{level}"
        );
    }
}

/// RFC 9470: a resource server that finds `acr` too low or `auth_time` too old by introspection sends the client here again.
#[tokio::test]
async fn a_resource_servers_challenge_is_met_by_a_new_log_in_and_the_old_token_stays_what_it_was() {
    let (world, mut browser) = session_at("substantial").await;
    let back = browser.get(&format!("/authorize?{}", authorize_query(&[]))).await;
    let first = browser.redeem(&back.redirected("code").unwrap()).await.json();
    let introspected = async |browser: &mut super::browser::Browser, token: &serde_json::Value| {
        let body = super::world::encode(&[("token", token.as_str().unwrap())]);
        let told = browser
            .form_as("/introspect", "demo-rp", super::world::SECRET, body)
            .await;
        told.json()
    };
    let told = introspected(&mut browser, &first["access_token"]).await;
    assert_eq!(
        (told["acr"].as_str(), told["auth_time"].as_i64()),
        (Some("substantial"), Some(1_790_000_000))
    );
    world.advance(60);
    let challenge = [("acr_values", "high"), ("max_age", "30")];
    let login = at_the_door(&mut browser, &challenge).await;
    assert!(login.starts_with("/login?i="), "{login}");
    let back = log_in(&mut browser, &login, &world.person, "high").await;
    let second = browser.redeem(&back.redirected("code").unwrap()).await.json();
    let told = introspected(&mut browser, &second["access_token"]).await;
    assert_eq!(
        (told["acr"].as_str(), told["auth_time"].as_i64()),
        (Some("high"), Some(1_790_000_060))
    );
    let before = introspected(&mut browser, &first["access_token"]).await;
    assert!(
        before["active"] == false || before["acr"] == "substantial",
        "never raised: {before}"
    );
    // A log-in that is young and high enough is not asked for again.
    let again = browser
        .get(&format!("/authorize?{}", authorize_query(&challenge)))
        .await;
    assert!(again.redirected("code").is_some(), "{}", again.location());
}
