//! The consent page: who asks, why, and each datum with its value.

use axum::extract::{Query, RawForm, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use signum_core::http::{FormAction, Problem, RequestId};
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Page};

use super::words::{WORDS, in_language, shown};
use super::going_on;
use super::{InteractionQuery, Shared, failure, interaction_cookie_name, see_other, with_cookie};
use crate::authorize::error::AuthorizeError;
use crate::authorize::resume::{self, Asked, Finish, InteractionError, Resumed};
use crate::form::Form;
use crate::people::{self, Person};

pub(super) async fn page(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    Query(query): Query<InteractionQuery>,
    headers: HeaderMap,
) -> Response {
    let asked = match asked(&idp, &query, &headers).await {
        Ok(Resumed::AskConsent(asked)) => asked,
        Ok(other) => return elsewhere(&idp, &query, other),
        Err(error) => return failure::interaction(lang, &id, &error),
    };
    let person = match people::find(&idp.cx, asked.session.person).await {
        Ok(Some(person)) => person,
        Ok(None) => return failure::interaction(lang, &id, &InteractionError::Gone),
        Err(error) => return failure::database(&error),
    };
    let cookie = idp.interaction_cookie(&headers, query.i).unwrap_or_default();
    let csrf = idp.csrf.token(&cookie);
    let mut response = Page {
        title: &WORDS.text(lang, "consent-title"),
        service: &WORDS.text(lang, "service"),
        path: &format!("/consent?i={}", query.i),
        csrf: Some(&csrf),
        ..Page::new(lang, body(lang, &asked, &person, &csrf))
    }
    .render();
    response
        .extensions_mut()
        .insert(FormAction(asked.interaction.request.redirect_uri.clone()));
    response
}

async fn asked(idp: &Shared, query: &InteractionQuery, headers: &HeaderMap) -> Result<Resumed, InteractionError> {
    let (cookie, session) = (idp.interaction_cookie(headers, query.i), idp.session_cookie(headers));
    resume::resume(idp, query.i, cookie.as_deref(), session.as_deref()).await
}

fn elsewhere(idp: &Shared, query: &InteractionQuery, resumed: Resumed) -> Response {
    match resumed {
        Resumed::LogIn | Resumed::AskConsent(_) => see_other(&format!("/login?i={}", query.i)),
        Resumed::Continue(_) => see_other(&format!("/continue?i={}", query.i)),
        Resumed::Client { location } => with_cookie(
            see_other(&location),
            idp.cookies.clear(&interaction_cookie_name(query.i)),
        ),
    }
}

fn body(lang: Lang, asked: &Asked, person: &Person, csrf: &str) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    let name = in_language(&asked.client.name, lang);
    let data = asked.interaction.request.scope.data(person);
    let labels: Vec<_> = data
        .iter()
        .map(|datum| word(&format!("claim-{}", datum.claim)))
        .collect();
    let rows: Vec<_> = labels
        .iter()
        .zip(&data)
        .map(|(label, d)| (label.as_str(), html! { (shown(lang, d)) }))
        .collect();
    let whole_name = format!("{} {}", person.given_name, person.family_name);
    let represented = asked.interaction.request.scope.asks_for_representation();
    html! {
        h1 { (WORDS.text_with(lang, "consent-heading", &[("service", name.as_str().into())])) }
        p.lead { (in_language(&asked.client.purpose, lang)) }
        p { (WORDS.text_with(lang, "consent-person", &[("name", whole_name.as_str().into())])) }
        (going_on::another_account(lang, asked.interaction.id, csrf))
        @if represented {
            p { (WORDS.text_with(lang, "consent-representation", &[("service", name.as_str().into())])) }
        }
        @if rows.is_empty() && !represented {
            p { (word("consent-nothing")) }
        } @else {
            h2 { (word("consent-data")) }
            (ui::facts(&rows))
        }
        p { (WORDS.text_with(lang, "consent-where", &[
            ("service", name.as_str().into()), ("address", asked.client.sector.as_str().into())])) }
        p.hint { (word("consent-pseudonym")) }
        (ui::form(&format!("/consent?i={}", asked.interaction.id), Some(csrf), html! {
            (ui::actions(html! {
                (ui::decision_button(true, "decision", "allow", word("consent-allow")))
                (ui::decision_button(false, "decision", "deny", word("consent-deny")))
            }))
        }))
        p.hint { (word("consent-remembered")) }
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
    let asked = match asked(&idp, &query, &headers).await {
        Ok(Resumed::AskConsent(asked)) => asked,
        Ok(other) => return elsewhere(&idp, &query, other),
        Err(error) => return failure::interaction(lang, &id, &error),
    };
    let outcome = match form.get("decision") {
        Some("allow") => resume::finish(&idp, &asked.interaction, &asked.session, Finish::AgreesNow).await,
        Some("deny") => resume::refuse(&idp, &asked.interaction, AuthorizeError::AccessDenied)
            .await
            .map(|location| Resumed::Client { location }),
        _ => return Problem::of_status(StatusCode::BAD_REQUEST).into_response(),
    };
    match outcome {
        Ok(resumed) => elsewhere(&idp, &query, resumed),
        Err(error) => failure::interaction(lang, &id, &error),
    }
}
