//! The consent page: who asks, why, each datum with its value and whether it is new, and every detail of what is wanted.

use axum::extract::{Query, RawForm, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use signum_core::DbError;
use signum_core::http::{FormAction, Problem, RequestId};
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Page};

use super::deliver::deliver;
use super::going_on;
use super::words::{WORDS, in_language, shown};
use super::{InteractionQuery, Shared, failure, interaction_cookie_name, see_other, with_cookie};
use crate::authorize::details::Details;
use crate::authorize::resume::{self, Asked, Finish, InteractionError, Resumed};
use crate::claim::{Claim, Claims};
use crate::consent::Agreed;
use crate::form::Form;
use crate::people::Person;
use crate::scope::Scope;
use crate::token::resource;

pub(super) async fn page(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    Query(query): Query<InteractionQuery>,
    headers: HeaderMap,
) -> Response {
    let asked = match asked(&idp, &query, &headers).await {
        Ok(Resumed::AskConsent(asked)) => asked,
        Ok(other) => return elsewhere(&idp, lang, &query, other),
        Err(error) => return failure::interaction(lang, &id, &error),
    };
    let person = match idp.people.find(asked.session.person).await {
        Ok(Some(person)) => person,
        Ok(None) => return failure::interaction(lang, &id, &InteractionError::Gone),
        Err(error) => return failure::database(&error),
    };
    let servers = match servers(&idp, lang, &asked.interaction.request.resources).await {
        Ok(servers) => servers,
        Err(error) => return failure::database(&error),
    };
    let cookie = idp.interaction_cookie(&headers, query.i).unwrap_or_default();
    let csrf = idp.csrf.token(&cookie);
    let mut response = Page {
        title: &WORDS.text(lang, "consent-title"),
        service: &WORDS.text(lang, "service"),
        path: &format!("/consent?i={}", query.i),
        csrf: Some(&csrf),
        ..Page::new(lang, body(lang, &asked, &person, &servers, &csrf))
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

fn elsewhere(idp: &Shared, lang: Lang, query: &InteractionQuery, resumed: Resumed) -> Response {
    match resumed {
        Resumed::LogIn | Resumed::AskConsent(_) => see_other(&format!("/login?i={}", query.i)),
        Resumed::Continue(_) => see_other(&format!("/continue?i={}", query.i)),
        Resumed::Client(answer) => with_cookie(
            deliver(lang, answer),
            idp.cookies.clear(&interaction_cookie_name(query.i)),
        ),
    }
}

/// Each resource server by the name that its client has for people, and its identifier.
async fn servers(idp: &Shared, lang: Lang, resources: &[String]) -> Result<Vec<(String, String)>, DbError> {
    let mut servers = Vec::new();
    for resource in resources {
        let server = resource::server(&idp.cx, resource).await?;
        let name = server.map_or_else(|| resource.clone(), |server| in_language(&server.name, lang));
        servers.push((name, resource.clone()));
    }
    Ok(servers)
}

/// At whose services the client may act in the person's name (RFC 8707).
fn at_others(lang: Lang, service: &str, servers: &[(String, String)]) -> Markup {
    let rows: Vec<_> = servers
        .iter()
        .map(|(name, resource)| (name.as_str(), html! { (resource) }))
        .collect();
    html! {
        @if !rows.is_empty() {
            h2 { (WORDS.text_with(lang, "consent-resources", &[("service", service.into())])) }
            (ui::facts(&rows))
            p.hint { (WORDS.text(lang, "consent-resources-hint")) }
        }
    }
}

fn body(lang: Lang, asked: &Asked, person: &Person, servers: &[(String, String)], csrf: &str) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    let name = in_language(&asked.client.name, lang);
    let request = &asked.interaction.request;
    let wanted = request.released();
    let before = asked.agreed.as_ref().map(Agreed::released).unwrap_or_default();
    let (new, known) = (wanted.minus(&before), wanted.minus(&wanted.minus(&before)));
    let whole_name = format!("{} {}", person.given_name, person.family_name);
    let represented = request.scope.asks_for_representation();
    html! {
        h1 { (WORDS.text_with(lang, "consent-heading", &[("service", name.as_str().into())])) }
        p.lead { (in_language(&asked.client.purpose, lang)) }
        p { (WORDS.text_with(lang, "consent-person", &[("name", whole_name.as_str().into())])) }
        (going_on::another_account(lang, asked.interaction.id, csrf))
        @if represented {
            p { (WORDS.text_with(lang, "consent-representation", &[("service", name.as_str().into())])) }
        }
        @if wanted.is_empty() && !represented { p { (word("consent-nothing")) } }
        @if !new.is_empty() {
            h2 { (word(if known.is_empty() { "consent-data" } else { "consent-data-new" })) }
            (data(lang, &new, person))
        }
        @if !known.is_empty() {
            h2 { (word(if new.is_empty() { "consent-data" } else { "consent-data-known" })) }
            (data(lang, &known, person))
        }
        @if wanted.contains(Claim::PersonalNumber) { p.hint { (word("consent-legal-basis")) } }
        @if request.scope.contains(Scope::OfflineAccess) { p { (word("consent-offline")) } }
        (details(lang, &request.details))
        (at_others(lang, &name, servers))
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

/// Each datum as it will be sent.
fn data(lang: Lang, claims: &Claims, person: &Person) -> Markup {
    let data = claims.data(person);
    let labels: Vec<_> = data
        .iter()
        .map(|datum| WORDS.text(lang, &format!("claim-{}", datum.claim)))
        .collect();
    let rows = labels.iter().zip(&data);
    let rows: Vec<_> = rows
        .map(|(label, d)| (label.as_str(), html! { (shown(lang, d)) }))
        .collect();
    ui::facts(&rows)
}

/// What else the service wants to do (RFC 9396 section 7): every member of every element, for nothing unseen is agreed to.
fn details(lang: Lang, details: &Details) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    html! {
        @if !details.is_empty() { h2 { (word("consent-details")) } }
        @for detail in details.iter() {
            @let identifier: Vec<_> = detail.identifier.iter().cloned().collect();
            @let members = [
                ("detail-type", vec![detail.kind.clone()]),
                ("detail-actions", detail.actions.clone()),
                ("detail-identifier", identifier),
                ("detail-datatypes", detail.datatypes.clone()),
                ("detail-privileges", detail.privileges.clone()),
                ("detail-locations", detail.locations.clone()),
            ];
            @let shown: Vec<_> = members.iter().filter(|(_, values)| !values.is_empty())
                .map(|(key, values)| (word(key), values.join(", "))).collect();
            @let rows: Vec<_> = shown.iter().map(|(label, values)| (label.as_str(), html! { (values) })).collect();
            (ui::facts(&rows))
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
    let asked = match asked(&idp, &query, &headers).await {
        Ok(Resumed::AskConsent(asked)) => asked,
        Ok(other) => return elsewhere(&idp, lang, &query, other),
        Err(error) => return failure::interaction(lang, &id, &error),
    };
    let outcome = match form.get("decision") {
        Some("allow") => resume::finish(&idp, &asked.interaction, &asked.session, Finish::AgreesNow).await,
        Some("deny") => resume::cancel(&idp, &asked.interaction).await.map(Resumed::Client),
        _ => return Problem::of_status(StatusCode::BAD_REQUEST).into_response(),
    };
    match outcome {
        Ok(resumed) => elsewhere(&idp, lang, &query, resumed),
        Err(error) => failure::interaction(lang, &id, &error),
    }
}
