//! "Continue as ...": before a session is used for a service that it was not used for before, the person sees as whom they go
//! on, and may take another account instead.

use axum::extract::{Query, RawForm, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use signum_core::Id;
use signum_core::http::{FormAction, Problem, RequestId};
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Page};

use super::deliver::deliver;
use super::words::{WORDS, in_language};
use super::{InteractionQuery, SESSION, Shared, failure, interaction_cookie_name, see_other, with_cookie};
use crate::authorize::resume::{self, Asked, Finish, InteractionError, Resumed};
use crate::form::Form;
use crate::interaction::Interaction;
use crate::people::Person;
use crate::session::switch;

pub(super) async fn page(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    Query(query): Query<InteractionQuery>,
    headers: HeaderMap,
) -> Response {
    let asked = match resumed(&idp, &query, &headers).await {
        Ok(Resumed::Continue(asked)) => asked,
        Ok(other) => return elsewhere(&idp, lang, &query, other),
        Err(error) => return failure::interaction(lang, &id, &error),
    };
    let person = match idp.people.find(asked.session.person).await {
        Ok(Some(person)) => person,
        Ok(None) => return failure::interaction(lang, &id, &InteractionError::Gone),
        Err(error) => return failure::database(&error),
    };
    let csrf = idp
        .csrf
        .token(&idp.interaction_cookie(&headers, query.i).unwrap_or_default());
    let mut response = Page {
        title: &WORDS.text(lang, "continue-title"),
        service: &WORDS.text(lang, "service"),
        path: &format!("/continue?i={}", query.i),
        csrf: Some(&csrf),
        ..Page::new(lang, body(lang, &asked, &person, &csrf))
    }
    .render();
    response
        .extensions_mut()
        .insert(FormAction(asked.interaction.request.redirect_uri.clone()));
    response
}

async fn resumed(idp: &Shared, query: &InteractionQuery, headers: &HeaderMap) -> Result<Resumed, InteractionError> {
    let (cookie, session) = (idp.interaction_cookie(headers, query.i), idp.session_cookie(headers));
    resume::resume(idp, query.i, cookie.as_deref(), session.as_deref()).await
}

fn elsewhere(idp: &Shared, lang: Lang, query: &InteractionQuery, resumed: Resumed) -> Response {
    match resumed {
        Resumed::LogIn | Resumed::Continue(_) => see_other(&format!("/login?i={}", query.i)),
        Resumed::AskConsent(_) => see_other(&format!("/consent?i={}", query.i)),
        Resumed::Client(answer) => with_cookie(
            deliver(lang, answer),
            idp.cookies.clear(&interaction_cookie_name(query.i)),
        ),
    }
}

fn body(lang: Lang, asked: &Asked, person: &Person, csrf: &str) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    let service = in_language(&asked.client.name, lang);
    let name = format!("{} {}", person.given_name, person.family_name);
    html! {
        h1 { (WORDS.text_with(lang, "continue-heading", &[("service", service.as_str().into())])) }
        p.lead { (in_language(&asked.client.purpose, lang)) }
        (ui::facts(&[
            (&word("continue-person"), html! { strong { (name) } }),
            (&word("login-service"), html! { (service) }),
            (&word("login-address"), html! { (asked.client.sector) }),
        ]))
        (ui::form(&format!("/continue?i={}", asked.interaction.id), Some(csrf), html! {
            (ui::actions(html! {
                button #continue.primary type="submit" name="decision" value="continue" {
                    (WORDS.text_with(lang, "continue-as", &[("name", name.as_str().into())]))
                }
                button #switch.secondary type="submit" name="decision" value="switch" { (word("continue-switch")) }
                button #cancel.secondary type="submit" name="decision" value="cancel" { (word("login-cancel")) }
            }))
        }))
        p.hint { (word("continue-hint")) }
    }
}

/// On other pages with a logged-in person: a small form that leads to the log-in of somebody else.
pub(super) fn another_account(lang: Lang, interaction: Id<Interaction>, csrf: &str) -> Markup {
    html! {
        form.inline method="post" action=(format!("/continue?i={interaction}")) {
            input type="hidden" name="csrf" value=(csrf);
            button #switch.quiet type="submit" name="decision" value="switch" {
                (WORDS.text(lang, "continue-switch"))
            }
        }
    }
}

pub(super) async fn decide(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    Query(query): Query<InteractionQuery>,
    headers: HeaderMap,
    RawForm(body): RawForm,
) -> Response {
    let form = Form::parse(&body);
    let cookie = idp.interaction_cookie(&headers, query.i).unwrap_or_default();
    let presented = Some(form.get("csrf").unwrap_or_default());
    if let Err(problem) = idp.csrf.check(&cookie, presented, &headers, idp.issuer()) {
        return problem.into_response();
    }
    // A wish for another account is heard on the consent page as well.
    let asked = match (resumed(&idp, &query, &headers).await, form.get("decision")) {
        (Ok(Resumed::Continue(asked)), _) | (Ok(Resumed::AskConsent(asked)), Some("switch")) => asked,
        (Ok(other), _) => return elsewhere(&idp, lang, &query, other),
        (Err(error), _) => return failure::interaction(lang, &id, &error),
    };
    let outcome = match form.get("decision") {
        Some("continue") => resume::finish(&idp, &asked.interaction, &asked.session, Finish::AgreedBefore).await,
        Some("cancel") => resume::cancel(&idp, &asked.interaction).await.map(Resumed::Client),
        Some("switch") => {
            return match switch::switch_account(&idp.cx, asked.interaction.id, asked.session.id).await {
                Ok(()) => with_cookie(see_other(&format!("/login?i={}", query.i)), idp.cookies.clear(SESSION)),
                Err(error) => failure::database(&error),
            };
        }
        _ => return Problem::of_status(StatusCode::BAD_REQUEST).into_response(),
    };
    match outcome {
        Ok(resumed) => elsewhere(&idp, lang, &query, resumed),
        Err(error) => failure::interaction(lang, &id, &error),
    }
}
