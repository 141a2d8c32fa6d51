//! The log-in page: service, purpose, data, and every means that reaches the asked level.

pub(crate) mod card;
mod card_help;
pub(crate) mod card_port;
pub(crate) mod passkey;

use axum::extract::{Query, RawForm, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use maud::{Markup, html};
use signum_core::Id;
use signum_core::http::{FormAction, Problem, RequestId, cookie_value};
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Page};

use super::deliver::deliver;
use super::words::{WORDS, in_language};
use super::{InteractionQuery, SESSION, Shared, failure, interaction_cookie_name, see_other, with_cookie};
use crate::abuse::address;
use crate::authorize::current_session;
use crate::authorize::resume;
use crate::clients::Client;
use crate::form::Form;
use crate::interaction::Interaction;
use crate::login::{Admitted, LoginError, Means, Shown, Visit, VisitQuery};

/// The cookie with the means that this browser's person used last: a preference, and nothing is decided by it.
const LAST_MEANS: &str = "idp_means";

#[derive(serde::Deserialize)]
pub(super) struct PageQuery {
    i: Id<Interaction>,
    /// Name of the means whose last attempt was refused; after a dot, what it has to say about that.
    refused: Option<String>,
}

pub(super) async fn page(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Response {
    let cookie = idp.interaction_cookie(&headers, query.i);
    match resume::open(&idp, query.i, cookie.as_deref()).await {
        Ok((interaction, client)) => {
            let csrf = idp.csrf.token(&cookie.unwrap_or_default());
            let mut shown: Vec<_> = idp.means_for(interaction.request.acr).collect();
            // What was used here last comes first; the others stay in their order.
            let last = cookie_value(&headers, LAST_MEANS);
            shown.sort_by_key(|means| last.as_deref() != Some(means.name()));
            let refused = query.refused.as_deref().unwrap_or_default();
            let (refused, why) = refused
                .split_once('.')
                .map_or((refused, None), |(means, why)| (means, Some(why)));
            let on = |means: &dyn Means| {
                let refused = refused == means.name();
                means.markup(&Shown {
                    lang,
                    interaction: &query.i.to_string(),
                    csrf: &csrf,
                    refused,
                    why: why.filter(|_| refused),
                    acr: interaction.request.acr,
                    presence: interaction.wants_presence(),
                })
            };
            let means = html! { @for means in &shown { (on(*means)) } };
            let scripts: Vec<_> = shown.iter().flat_map(|means| means.scripts()).copied().collect();
            let mut response = Page {
                title: &WORDS.text(lang, "login-title"),
                service: &WORDS.text(lang, "service"),
                path: &format!("/login?i={}", query.i),
                csrf: Some(&csrf),
                scripts: &scripts,
                ..Page::new(lang, body(lang, &interaction, &client, &csrf, &means))
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

fn body(lang: Lang, interaction: &Interaction, client: &Client, csrf: &str, means: &Markup) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    let name = in_language(&client.name, lang);
    let i = interaction.id;
    let claims: Vec<_> = interaction
        .request
        .released()
        .shown()
        .map(|claim| word(&format!("claim-{}", claim.name())))
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
        (means)
        (ui::form(&format!("/login/cancel?i={i}"), Some(csrf), html! {
            (ui::actions(html! { button #cancel.secondary type="submit" { (word("login-cancel")) } }))
        }))
    }
}

/// The open interaction of a changing request: its cookie is there, and the token is that of its page.
async fn guarded(
    idp: &Shared,
    id: Id<Interaction>,
    headers: &HeaderMap,
    presented: Option<&str>,
) -> Result<Interaction, Response> {
    let cookie = idp.interaction_cookie(headers, id).unwrap_or_default();
    idp.csrf
        .check(&cookie, presented, headers, idp.issuer())
        .map_err(Problem::into_response)?;
    let (interaction, _) = resume::open(idp, id, Some(&cookie))
        .await
        .map_err(|e| failure::interaction_problem(&e))?;
    Ok(interaction)
}

/// Whoever follows a link of a means of log-in: the interaction is open and its cookie is there. For what by itself changes nothing
/// that matters to anybody else.
async fn visiting(
    idp: &Shared,
    lang: Lang,
    id: &RequestId,
    interaction: Id<Interaction>,
    headers: &HeaderMap,
) -> Result<(Visit, Interaction), Response> {
    let cookie = idp.interaction_cookie(headers, interaction);
    let open = resume::open(idp, interaction, cookie.as_deref()).await;
    let (open, _) = open.map_err(|error| failure::interaction(lang, id, &error))?;
    let old = current_session(idp, idp.session_cookie(headers).as_deref()).await;
    let old = old.map_err(|error| failure::login_problem(&LoginError::Db(error)))?;
    let visit = Visit {
        interaction,
        old,
        address: address::noted(headers),
    };
    Ok((visit, open))
}

/// The browser's session begins with `response`, and the means is remembered.
fn logged_in(idp: &Shared, means: &'static str, cookie: &str, response: Response) -> Response {
    let life = Some(idp.config.session_absolute());
    let response = with_cookie(response, idp.cookies.set(SESSION, cookie, life));
    with_cookie(response, idp.cookies.plain(LAST_MEANS, means))
}

/// Whoever posts to a means of log-in.
pub(crate) async fn visit(
    idp: &Shared,
    query: &VisitQuery,
    headers: &HeaderMap,
    csrf: Option<&str>,
) -> Result<Visit, Response> {
    let interaction = guarded(idp, query.i, headers, csrf).await?.id;
    let old = current_session(idp, idp.session_cookie(headers).as_deref()).await;
    let old = old.map_err(|error| failure::login_problem(&LoginError::Db(error)))?;
    Ok(Visit {
        interaction,
        old,
        address: address::noted(headers),
    })
}

/// What a form of a means is answered: on with the interaction, or the page once more.
pub(crate) fn admitted(
    idp: &Shared,
    visit: &Visit,
    means: &'static str,
    outcome: Result<Admitted, LoginError>,
) -> Response {
    match outcome {
        Ok(Admitted { cookie, next }) => logged_in(idp, means, &cookie, see_other(&next)),
        Err(LoginError::Refused(_)) => see_other(&format!("/login?i={}&refused={means}", visit.interaction)),
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
    let interaction = match guarded(&idp, query.i, &headers, Some(form.get("csrf").unwrap_or_default())).await {
        Ok(interaction) => interaction,
        Err(refused) => return refused,
    };
    match resume::cancel(&idp, &interaction).await {
        Ok(answer) => with_cookie(
            deliver(lang, answer),
            idp.cookies.clear(&interaction_cookie_name(query.i)),
        ),
        Err(error) => failure::interaction(lang, &id, &error),
    }
}
