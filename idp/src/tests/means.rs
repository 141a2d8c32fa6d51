//! The seam of log-in: another means than the passkey, brought by whoever starts the provider.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use axum::Router;
use axum::extract::{Query, RawForm, State};
use axum::response::Response;
use axum::routing::post;
use http::HeaderMap;
use maud::{Markup, html};
use signum_core::{Id, Timestamp, Tx};

use super::browser::{Browser, Reply};
use super::world::{ISSUER, World, authorize_query};
use crate::form::Form;
use crate::login::{Door, LoginError, Means, Outcome, Shown, Spend, VisitQuery};
use crate::people::Person;
use crate::worth::Levels;
use crate::{Config, Deps, Level, Service};

/// Logs in whomever the form names, at the level it names.
struct Named {
    best: Level,
}

impl Means for Named {
    fn name(&self) -> &'static str {
        "named"
    }
    fn best_level(&self, _: &Levels) -> Level {
        self.best
    }
    fn markup(&self, on: &Shown<'_>) -> Markup {
        html! { div id="named" data-refused=(on.refused) {} }
    }
    fn routes(&self, door: Door) -> Router {
        Router::new().route("/login/named", post(submit)).with_state(door)
    }
}

static SPENT: AtomicBool = AtomicBool::new(false);

/// A proof that is good once.
struct Once(bool);

#[async_trait]
impl Spend for Once {
    async fn spend(&self, _: &Tx, _: Timestamp) -> Result<(), LoginError> {
        match self.0 && SPENT.swap(true, Ordering::SeqCst) {
            true => Err(LoginError::Refused("spent")),
            false => Ok(()),
        }
    }
}

async fn submit(
    State(door): State<Door>,
    Query(query): Query<VisitQuery>,
    headers: HeaderMap,
    RawForm(body): RawForm,
) -> Response {
    let form = Form::parse(&body);
    let visit = match door
        .visit(&query, &headers, Some(form.get("csrf").unwrap_or_default()))
        .await
    {
        Ok(visit) => visit,
        Err(refused) => return refused,
    };
    let person: Option<Id<Person>> = form.get("person").and_then(|id| serde_json::from_value(id.into()).ok());
    let Some(person) = person else {
        return door.refuse(&visit, None, "nobody_named").await;
    };
    let outcome = Outcome {
        person,
        level: form.get("level").and_then(Level::parse).unwrap_or(Level::Low),
        amr: vec!["pwd".to_owned()],
    };
    door.admit(&visit, &outcome, &Once(form.has("once"))).await
}

pub(super) async fn world(best: Level) -> (World, Browser) {
    let world = World::new().await;
    let deps = Deps {
        cx: world.cx.clone(),
        hsm: world.hsm.clone(),
        csrf: world.csrf.clone(),
    };
    let service = Service::with_means(Config::at(ISSUER), deps, vec![Box::new(Named { best })]);
    let browser = Browser::new(service.await.unwrap().router());
    (world, browser)
}

/// Address of the log-in page of a fresh request.
pub(super) async fn at_the_door(browser: &mut Browser, changes: &[(&str, &str)]) -> String {
    browser
        .get(&format!("/authorize?{}", authorize_query(changes)))
        .await
        .location()
}

pub(super) async fn submitted(browser: &mut Browser, login: &str, fields: &[(&str, &str)]) -> Reply {
    let csrf = browser.get(login).await.csrf();
    let mut fields = fields.to_vec();
    fields.push(("csrf", &csrf));
    browser
        .post_form(&login.replace("/login?", "/login/named?"), &fields)
        .await
}

#[tokio::test]
async fn a_means_of_another_crate_logs_in_through_the_same_code_as_the_passkey() {
    let (world, mut browser) = world(Level::High).await;
    let person = world.person.id.to_string();
    let login = at_the_door(&mut browser, &[]).await;
    let done = submitted(&mut browser, &login, &[("person", &person), ("level", "high")]).await;
    assert_eq!(done.status, 303);
    let first = browser.cookies["idp_sid"].clone();
    let consent = browser.get(&done.location()).await.location();
    assert!(consent.starts_with("/consent"), "{consent}");
    let (_, detail) = world.audit("login.succeeded").await;
    assert!(detail.contains("\"named\"") && detail.contains("\"high\""), "{detail}");
    let again = at_the_door(&mut browser, &[("prompt", "login")]).await;
    submitted(&mut browser, &again, &[("person", &person), ("level", "high")]).await;
    assert_ne!(browser.cookies["idp_sid"], first, "the session's secret is rotated");
}

#[tokio::test]
async fn a_means_admits_nobody_above_its_own_level() {
    let (world, mut browser) = world(Level::Substantial).await;
    let person = world.person.id.to_string();
    let login = at_the_door(&mut browser, &[]).await;
    let refused = submitted(&mut browser, &login, &[("person", &person), ("level", "high")]).await;
    assert_eq!(refused.status, 500);
    assert!(!browser.cookies.contains_key("idp_sid"));
}

#[tokio::test]
async fn a_means_below_the_asked_level_is_not_shown() {
    let (_world, mut browser) = world(Level::Low).await;
    let login = at_the_door(&mut browser, &[("acr_values", "substantial")]).await;
    assert!(!browser.get(&login).await.body.contains("id=\"named\""));
    let login = at_the_door(&mut browser, &[("acr_values", "low")]).await;
    assert!(browser.get(&login).await.body.contains("id=\"named\""));
}

#[tokio::test]
async fn a_refusal_of_a_means_is_recorded_and_the_page_comes_again() {
    let (world, mut browser) = world(Level::High).await;
    let login = at_the_door(&mut browser, &[]).await;
    let refused = submitted(&mut browser, &login, &[]).await;
    assert_eq!(refused.status, 303);
    assert!(
        browser
            .get(&refused.location())
            .await
            .body
            .contains("data-refused=\"true\"")
    );
    let (count, detail) = world.audit("login.refused").await;
    assert!(
        count == 1 && detail.contains("nobody_named") && detail.contains("\"named\""),
        "{detail}"
    );
}

#[tokio::test]
async fn a_means_has_no_visit_without_the_pages_token_or_the_interactions_cookie() {
    let (world, mut browser) = world(Level::High).await;
    let person = world.person.id.to_string();
    let login = at_the_door(&mut browser, &[]).await;
    let action = login.replace("/login?", "/login/named?");
    let forged = browser.post_form(&action, &[("person", &person), ("csrf", "00")]).await;
    assert_eq!(forged.status, 403);
    let csrf = browser.get(&login).await.csrf();
    browser.cookies.clear();
    let stolen = browser
        .post_form(&action, &[("person", &person), ("csrf", &csrf)])
        .await;
    assert_eq!(stolen.status, 403);
    assert!(!browser.cookies.contains_key("idp_sid"));
}

#[tokio::test]
async fn a_proof_that_cannot_be_spent_logs_nobody_in() {
    let (world, mut browser) = world(Level::High).await;
    let person = world.person.id.to_string();
    let fields = [("person", person.as_str()), ("once", "1")];
    let login = at_the_door(&mut browser, &[]).await;
    assert!(
        submitted(&mut browser, &login, &fields)
            .await
            .location()
            .contains("/resume")
    );
    browser.cookies.clear();
    let login = at_the_door(&mut browser, &[]).await;
    let refused = submitted(&mut browser, &login, &fields).await;
    assert!(refused.location().contains("refused=named"), "{}", refused.location());
    assert!(!browser.cookies.contains_key("idp_sid"));
    assert!(world.audit("login.refused").await.1.contains("spent"));
}

#[tokio::test]
async fn the_providers_own_start_knows_the_passkey_alone() {
    let (world, mut browser) = world(Level::High).await;
    let login = at_the_door(&mut browser, &[]).await;
    let mut production = world.browser();
    production.cookies = browser.cookies.clone();
    let plain = submitted(&mut production, &login, &[]).await;
    assert_eq!(plain.status, 404);
}
