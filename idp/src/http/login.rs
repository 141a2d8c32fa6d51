//! The log-in page and its passkey calls.

use axum::Json;
use axum::extract::{Query, RawForm, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use maud::{Markup, html};
use serde_json::{Value, json};
use signum_core::http::{FormAction, Problem, RequestId};
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Page, Passkey, PasskeyKind};

use super::words::{WORDS, in_language};
use super::{InteractionQuery, SESSION, Shared, failure, interaction_cookie_name, see_other, with_cookie};
use crate::authorize::current_session;
use crate::authorize::error::AuthorizeError;
use crate::authorize::resume::{self, InteractionError};
use crate::clients::Client;
use crate::form::Form;
use crate::interaction::Interaction;
use crate::login::{self, LoginError};
use crate::scope::Scope;

pub(super) async fn page(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    Query(query): Query<InteractionQuery>,
    headers: HeaderMap,
) -> Response {
    let cookie = idp.interaction_cookie(&headers, query.i);
    match resume::open(&idp, query.i, cookie.as_deref()).await {
        Ok((interaction, client)) => {
            let csrf = idp.csrf.token(&cookie.unwrap_or_default());
            let mut response = Page {
                title: &WORDS.text(lang, "login-title"),
                service: &WORDS.text(lang, "service"),
                path: &format!("/login?i={}", query.i),
                csrf: Some(&csrf),
                scripts: &["passkey.js"],
                ..Page::new(lang, body(lang, &interaction, &client, &csrf))
            }
            .render();
            response
                .extensions_mut()
                .insert(FormAction(interaction.request.redirect_uri.clone()));
            response
        }
        Err(error) => failure::interaction(lang, &id, &error),
    }
}

fn body(lang: Lang, interaction: &Interaction, client: &Client, csrf: &str) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    let name = in_language(&client.name, lang);
    let i = interaction.id;
    let claims = interaction
        .request
        .scope
        .iter()
        .filter(|scope| *scope != Scope::Openid)
        .flat_map(Scope::claims);
    let claims: Vec<_> = claims
        .filter(|claim| **claim != "name")
        .map(|claim| word(&format!("claim-{claim}")))
        .collect();
    html! {
        h1 { (WORDS.text_with(lang, "login-heading", &[("service", name.as_str().into())])) }
        p.lead { (in_language(&client.purpose, lang)) }
        (ui::facts(&[
            (&word("login-service"), html! { (name) }),
            (&word("login-address"), html! { (client.sector) }),
            (&word("login-data"), html! {
                @if claims.is_empty() { (word("login-data-none")) } @else { (claims.join(", ")) }
            }),
        ]))
        (Passkey {
            kind: PasskeyKind::Get,
            options: &format!("/login/passkey/options?i={i}"),
            finish: &format!("/login/passkey?i={i}"),
            label: &word("login-button"),
            messages: &[("login_refused", word("login-refused"))],
        }.markup(lang))
        p.hint { (word("login-hint")) }
        (ui::form(&format!("/login/cancel?i={i}"), Some(csrf), html! {
            (ui::actions(ui::secondary_button(word("login-cancel"))))
        }))
    }
}

/// What every changing request of an interaction's pages needs: the cookie, and the token of the page.
async fn guarded(
    idp: &Shared,
    query: &InteractionQuery,
    headers: &HeaderMap,
    presented: Option<&str>,
) -> Result<Interaction, Response> {
    let cookie = idp.interaction_cookie(headers, query.i).unwrap_or_default();
    idp.csrf
        .check(&cookie, presented, headers, idp.issuer())
        .map_err(Problem::into_response)?;
    let (interaction, _) = resume::open(idp, query.i, Some(&cookie))
        .await
        .map_err(|e| failure::interaction_problem(&e))?;
    Ok(interaction)
}

pub(super) async fn options(
    State(idp): State<Shared>,
    Query(query): Query<InteractionQuery>,
    headers: HeaderMap,
) -> Response {
    let interaction = match guarded(&idp, &query, &headers, None).await {
        Ok(interaction) => interaction,
        Err(refused) => return refused,
    };
    match login::options(&idp, interaction.id).await {
        Ok(options) => Json(options).into_response(),
        Err(error) => failure::login_problem(&error),
    }
}

pub(super) async fn finish(
    State(idp): State<Shared>,
    Query(query): Query<InteractionQuery>,
    headers: HeaderMap,
    Json(credential): Json<Value>,
) -> Response {
    let interaction = match guarded(&idp, &query, &headers, None).await {
        Ok(interaction) => interaction,
        Err(refused) => return refused,
    };
    let old = match current_session(&idp, idp.session_cookie(&headers).as_deref()).await {
        Ok(old) => old,
        Err(error) => return failure::login_problem(&LoginError::Db(error)),
    };
    match login::finish(&idp, interaction.id, old.as_ref(), credential).await {
        Ok(cookie) => {
            let next = format!("/authorize/resume?i={}", interaction.id);
            let life = Some(idp.config.session_absolute());
            with_cookie(
                Json(json!({"next": next})).into_response(),
                idp.cookies.set(SESSION, &cookie, life),
            )
        }
        Err(error) => failure::login_problem(&error),
    }
}

/// The person does not want to log in: the client is told (`access_denied`).
pub(super) async fn cancel(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    Query(query): Query<InteractionQuery>,
    headers: HeaderMap,
    RawForm(body): RawForm,
) -> Response {
    let form = Form::parse(&body);
    let interaction = match guarded(&idp, &query, &headers, Some(form.get("csrf").unwrap_or_default())).await {
        Ok(interaction) => interaction,
        Err(refused) => return refused,
    };
    let denied: Result<String, InteractionError> =
        resume::refuse(&idp, &interaction, AuthorizeError::AccessDenied).await;
    match denied {
        Ok(location) => with_cookie(
            see_other(&location),
            idp.cookies.clear(&interaction_cookie_name(query.i)),
        ),
        Err(error) => failure::interaction(lang, &id, &error),
    }
}
