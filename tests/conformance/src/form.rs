//! A means of log-in of one plain form: user name and password of a test person. No script, element ids that stay as they are.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::response::Response;
use axum::routing::post;
use http::HeaderMap;
use maud::{Markup, html};
use signum_core::ui;
use signum_idp::login::{Door, Means, Nothing, Outcome, Shown, VisitQuery};
use signum_idp::{Level, Levels};

use crate::people::TestPerson;

/// Ids of what a program fills in and presses, from the first page to the last; printed with the target's configuration.
pub const IDS: [(&str, &str); 9] = [
    ("username", "username"),
    ("password", "password"),
    ("log_in", "log-in"),
    ("refused", "log-in-refused"),
    ("allow", "decision-allow"),
    ("deny", "decision-deny"),
    ("continue", "continue"),
    ("switch", "switch"),
    ("cancel", "cancel"),
];

/// The means.
pub struct TestForm {
    people: Arc<Vec<TestPerson>>,
}

impl TestForm {
    pub fn new(people: &[TestPerson]) -> Self {
        Self {
            people: Arc::new(people.to_vec()),
        }
    }
}

impl Means for TestForm {
    fn name(&self) -> &'static str {
        "form"
    }

    fn best_level(&self, _: &Levels) -> Level {
        Level::High
    }

    fn markup(&self, on: &Shown<'_>) -> Markup {
        // Only programs read it, so it is in one language.
        html! {
            (ui::form(&format!("/login/form?i={}", on.interaction), Some(on.csrf), html! {
                @if on.refused { p id="log-in-refused" lang="en" { "Test log-in: wrong user name or password." } }
                div.field {
                    label for="username" lang="en" { "Test user name" }
                    input type="text" id="username" name="username" required autocomplete="off";
                }
                div.field {
                    label for="password" lang="en" { "Test password" }
                    input type="password" id="password" name="password" required autocomplete="off";
                }
                (ui::actions(html! { button.primary type="submit" id="log-in" lang="en" { "Test log-in" } }))
            }))
        }
    }

    fn routes(&self, door: Door) -> Router {
        let state = (door, self.people.clone());
        Router::new().route("/login/form", post(submit)).with_state(state)
    }
}

async fn submit(
    State((door, people)): State<(Door, Arc<Vec<TestPerson>>)>,
    Query(query): Query<VisitQuery>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let visit = match door.visit(&query, &headers, Some(field("csrf"))).await {
        Ok(visit) => visit,
        Err(refused) => return refused,
    };
    let Some(known) = people.iter().find(|person| person.username == field("username")) else {
        return door.refuse(&visit, None, "unknown_username").await;
    };
    if known.password != field("password") {
        return door.refuse(&visit, Some(known.person), "wrong_password").await;
    }
    let outcome = Outcome {
        person: known.person,
        level: known.level,
        amr: vec!["pwd".to_owned()],
    };
    door.admit(&visit, &outcome, &Nothing).await
}
