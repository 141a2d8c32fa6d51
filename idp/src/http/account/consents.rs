//! Services that receive the person's data: who, why, what and since when; and taking a consent back.

use axum::extract::{RawForm, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use signum_core::http::Problem;
use signum_core::i18n::Lang;
use signum_core::ui;

use super::super::words::{WORDS, in_language};
use super::super::{Shared, failure, see_other};
use super::{Visitor, acting};
use crate::claim::Claim;
use crate::consent::{self, Agreed, Remembered};
use crate::form::Form;
use crate::scope::Scope;

/// The list on the person's first page.
pub(super) fn list(lang: Lang, visitor: &Visitor, consents: &[Remembered]) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    html! {
        h2 #consents { (word("account-services")) }
        @if consents.is_empty() { p { (word("account-services-none")) } }
        @else { p.hint { (word("account-withdraw-hint")) } }
        @for remembered in consents { (card(lang, visitor, remembered)) }
    }
}

fn card(lang: Lang, visitor: &Visitor, remembered: &Remembered) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    let client = remembered.client.as_ref();
    // A service that is no longer there keeps its id as name.
    let name = client.map_or_else(
        || remembered.client_id.clone(),
        |client| in_language(&client.name, lang),
    );
    let withdraw = word("account-withdraw");
    let resources: Vec<_> = remembered.agreed.resources.iter().map(String::as_str).collect();
    let (data, at, since) = (word("account-data"), word("account-resources"), word("account-agreed"));
    let mut facts = vec![(data.as_str(), html! { (agreed(lang, &remembered.agreed).join(", ")) })];
    if !resources.is_empty() {
        facts.push((at.as_str(), html! { (resources.join(", ")) }));
    }
    facts.push((
        since.as_str(),
        html! { (visitor.zone.date_time(lang, remembered.given_at)) },
    ));
    ui::card(html! {
        h3 { (name) }
        @if let Some(client) = client { p { (in_language(&client.purpose, lang)) } }
        (ui::facts(&facts))
        (ui::form("/account/consents/withdraw", Some(&visitor.csrf), html! {
            button.secondary type="submit" name="client" value=(remembered.client_id)
                aria-label=(format!("{withdraw}: {name}")) { (withdraw) }
        }))
    })
}

/// What was agreed to, in words; never empty.
fn agreed(lang: Lang, agreed: &Agreed) -> Vec<String> {
    let word = |key: &str| WORDS.text(lang, key);
    let claims = agreed.released();
    let mut words: Vec<_> = claims
        .shown()
        .map(|claim: Claim| word(&format!("claim-{}", claim.name())))
        .collect();
    if agreed.scopes.asks_for_representation() {
        words.push(word("account-data-representation"));
    }
    if agreed.scopes.contains(Scope::OfflineAccess) {
        words.push(word("account-data-offline"));
    }
    if words.is_empty() {
        words.push(word("login-data-none"));
    }
    words
}

/// Takes one consent back; one that is not there any more is as good as withdrawn.
pub(super) async fn withdraw(State(idp): State<Shared>, headers: HeaderMap, RawForm(body): RawForm) -> Response {
    let form = Form::parse(&body);
    let visitor = match acting(&idp, &headers, form.get("csrf")).await {
        Ok(visitor) => visitor,
        Err(elsewhere) => return elsewhere,
    };
    let Some(client) = form.get("client") else {
        return Problem::of_status(StatusCode::BAD_REQUEST).into_response();
    };
    match consent::withdraw(&idp.cx, visitor.person.id, client).await {
        Ok(_) => see_other("/account#consents"),
        Err(error) => failure::database(&error),
    }
}
