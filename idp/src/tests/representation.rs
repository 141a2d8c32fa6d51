//! Acting for a child or a company: what services are told, and that a register that is away stops nobody.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::browser::Browser;
use super::world::{OTHER_CALLBACK, SECRET, World, add_person, authorize_query};
use crate::representation::{self, Party, Registry, RegistryUnavailable, Represented, TableRegistry};
use crate::scope::Scopes;

pub fn table() -> TableRegistry {
    let child = Represented {
        reference: "2010000001".to_owned(),
        party: Party::Natural {
            given_name: "Fëmija".to_owned(),
            family_name: "Shembulli".to_owned(),
        },
        roles: vec!["PARENT".to_owned()],
    };
    let company = Represented {
        reference: "810000001".to_owned(),
        party: Party::Legal {
            name: "Shembull sh.p.k.".to_owned(),
        },
        roles: vec!["BOARD_MEMBER".to_owned(), "ACCOUNTANT".to_owned()],
    };
    TableRegistry::new(vec![
        ("1234567892".to_owned(), child),
        ("1234567892".to_owned(), company),
    ])
}

struct Away;

#[async_trait]
impl Registry for Away {
    async fn represented_by(&self, _: &str) -> Result<Vec<Represented>, RegistryUnavailable> {
        Err(RegistryUnavailable("refused".to_owned()))
    }
}

async fn world(registry: impl Registry + 'static) -> World {
    let world = World::new().await;
    let _ = world.service.clone().with_registry(Arc::new(registry));
    world
}

/// Logs in with these scopes and returns what /userinfo says.
async fn told(world: &World, browser: &mut Browser, changes: &[(&str, &str)]) -> Value {
    let query = authorize_query(changes);
    let mut reply = browser.get(&format!("/authorize?{query}")).await;
    if reply.location().starts_with("/login") {
        let next = browser.use_passkey(&reply.location()).await.json()["next"]
            .as_str()
            .unwrap()
            .to_owned();
        reply = browser.get(&next).await;
    }
    if reply.location().starts_with("/consent") {
        let consent = reply.location();
        let page = browser.get(&consent).await;
        assert!(
            page.body.contains("merr vesh edhe për kë mund të veproni"),
            "{}",
            page.body
        );
        let csrf = page.csrf();
        reply = browser
            .post_form(&consent, &[("csrf", &csrf), ("decision", "allow")])
            .await;
    }
    let code = reply.redirected("code").expect("a log-in that goes on");
    let client = changes
        .iter()
        .find(|(name, _)| *name == "client_id")
        .map_or("demo-rp", |(_, id)| id);
    let redirect = changes
        .iter()
        .find(|(name, _)| *name == "redirect_uri")
        .map(|(_, uri)| *uri);
    let mut form = vec![("code", code.as_str())];
    form.extend(redirect.map(|uri| ("redirect_uri", uri)));
    let tokens = browser.redeem_as(client, SECRET, &form).await.json();
    let request = http::Request::get("/userinfo")
        .header(
            "authorization",
            format!("Bearer {}", tokens["access_token"].as_str().unwrap()),
        )
        .body(axum::body::Body::empty())
        .unwrap();
    world.browser().send(request).await.json()
}

#[tokio::test]
async fn a_service_learns_for_whom_the_person_may_act_under_subs_of_its_own() {
    let world = world(table()).await;
    let mut browser = world.enrolled().await;
    let here = told(&world, &mut browser, &[("scope", "openid representee_list")]).await;
    let list = &here["representee_list"];
    assert_eq!(list["status"], "REPRESENTEE_LIST_CURRENT");
    assert_eq!(list["list"].as_array().unwrap().len(), 2);
    assert_eq!(list["list"][0]["type"], "NATURAL_PERSON");
    assert_eq!(list["list"][1]["name"], "Shembull sh.p.k.");
    assert!(
        !here.to_string().contains("2010000001"),
        "the register's own number is not told"
    );
    assert!(here.get("representee").is_none());
    let there = [
        ("client_id", "signer"),
        ("redirect_uri", OTHER_CALLBACK),
        ("scope", "openid representee_list"),
    ];
    let there = told(&world, &mut browser, &there).await;
    assert_ne!(
        there["representee_list"]["list"][0]["sub"], list["list"][0]["sub"],
        "pairwise"
    );
}

#[tokio::test]
async fn acting_for_somebody_is_confirmed_with_the_mandate_and_stands_in_the_persons_activity() {
    let world = world(table()).await;
    let mut browser = world.enrolled().await;
    let list = told(&world, &mut browser, &[("scope", "openid representee_list")]).await;
    let sub = list["representee_list"]["list"][1]["sub"].as_str().unwrap().to_owned();
    let scope = format!("openid representee.{sub}");
    let said = told(&world, &mut browser, &[("scope", &scope)]).await;
    let expected = json!({"status": "REQUESTED_REPRESENTEE_CURRENT", "sub": sub, "type": "LEGAL_PERSON",
        "name": "Shembull sh.p.k.", "mandates": [{"role": "BOARD_MEMBER"}, {"role": "ACCOUNTANT"}]});
    assert_eq!(said["representee"], expected);
    assert!(said.get("representee_list").is_none());
    let page = browser.get("/account/activity").await;
    assert!(page.body.contains("Vepruat për dikë tjetër") && !page.body.contains("sh.p.k."));
    assert_eq!(world.audit("mandate.confirmed").await.0, 1);
}

#[tokio::test]
async fn nobody_acts_for_somebody_elses_child() {
    let world = world(table()).await;
    let mut parent = world.enrolled().await;
    let list = told(&world, &mut parent, &[("scope", "openid representee_list")]).await;
    let sub = list["representee_list"]["list"][0]["sub"].as_str().unwrap().to_owned();
    let second = add_person(&world.service, "Provo", "1234567893").await;
    let mut stranger = world.enrolled_as(&second).await;
    let scope = format!("openid representee.{sub}");
    let said = told(&world, &mut stranger, &[("scope", &scope)]).await;
    assert_eq!(
        said["representee"],
        json!({"status": "REQUESTED_REPRESENTEE_NOT_ALLOWED", "sub": sub})
    );
    assert_eq!(world.audit("mandate.confirmed").await.0, 0);
}

#[tokio::test]
async fn a_register_that_is_away_or_missing_never_stops_a_log_in() {
    let scope = format!("openid representee_list representee.{}", "0".repeat(32));
    let away = world(Away).await;
    for world in [away, World::new().await] {
        let mut browser = world.enrolled().await;
        let said = told(&world, &mut browser, &[("scope", &scope)]).await;
        assert_eq!(said["representee_list"], json!({"status": "SERVICE_NOT_AVAILABLE"}));
        assert_eq!(said["representee"], json!({"status": "SERVICE_NOT_AVAILABLE"}));
        assert!(said["sub"].is_string());
    }
}

struct Silent;

#[async_trait]
impl Registry for Silent {
    async fn represented_by(&self, _: &str) -> Result<Vec<Represented>, RegistryUnavailable> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_register_that_does_not_answer_counts_as_away() {
    let world = world(Silent).await;
    let scopes = Scopes::parse("openid representee_list").unwrap();
    // Nothing but the register is waited for, so its patience passes at once.
    tokio::time::pause();
    let answered = representation::claims(&world.service.idp, &world.person, "demo.localhost", &scopes).await;
    let expected = json!({"representee_list": {"status": "SERVICE_NOT_AVAILABLE"}});
    assert_eq!(Value::Object(answered.claims), expected);
    assert!(!answered.mandate_used);
}

#[tokio::test]
async fn who_acts_for_themselves_is_told_about_without_representation() {
    let world = world(table()).await;
    let mut browser = world.enrolled().await;
    browser.sign_in(&authorize_query(&[])).await;
    let said = told(&world, &mut browser, &[]).await;
    assert!(said.get("representee").is_none() && said.get("representee_list").is_none());
}
