//! GET and POST /authorize; GET /authorize/resume after log-in.

use axum::extract::{Query, RawForm, RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use signum_core::http::RequestId;
use signum_core::i18n::{Lang, Locale};

use super::deliver::deliver;
use super::{InteractionQuery, Shared, failure, interaction_cookie_name, interaction_page, see_other, with_cookie};
use crate::authorize::error::Unanswered;
use crate::authorize::resume::Resumed;
use crate::authorize::{self, Answer, Step};
use crate::form::Form;
use crate::interaction::browser::opened;
use crate::session::device::device;

pub(super) async fn get(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    let cookie = idp.session_cookie(&headers);
    answer(&idp, lang, &id, &form, cookie.as_deref(), &headers).await
}

async fn answer(
    idp: &Shared,
    lang: Lang,
    id: &RequestId,
    form: &Form,
    cookie: Option<&str>,
    headers: &HeaderMap,
) -> Response {
    let answer = authorize::authorize(idp, form, cookie).await;
    respond(idp, lang, id, headers, answer).await
}

/// What the browser gets for an answer; the device pages have such answers too.
pub(super) async fn respond(
    idp: &Shared,
    lang: Lang,
    id: &RequestId,
    headers: &HeaderMap,
    answer: Result<Answer, Unanswered>,
) -> Response {
    match answer {
        Ok(Answer::Page(error)) => failure::authorize(lang, id, error),
        Ok(Answer::Client(answer)) => deliver(lang, answer),
        Ok(Answer::Interaction {
            id,
            cookie,
            step,
            ui_locales,
        }) => {
            let page = match step {
                Step::LogIn => "/login",
                Step::Consent => "/consent",
                Step::Continue => "/continue",
            };
            let response = see_other(&interaction_page(page, id, ui_locales.as_deref()));
            let life = Some(idp.config.interaction_ttl());
            let mut response = with_cookie(response, idp.cookies.set(&interaction_cookie_name(id), &cookie, life));
            match opened(&idp.cx, id, &device(headers), &idp.open_interactions(headers)).await {
                Ok(worthless) => {
                    for name in worthless {
                        response = with_cookie(response, idp.cookies.clear(&name));
                    }
                    response
                }
                Err(error) => failure::database(&error),
            }
        }
        Err(error) => failure::unanswered(&error),
    }
}

/// The cookies are SameSite=Lax and do not come with a POST from another site; they do with the GET that follows.
pub(super) async fn post(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    RawForm(body): RawForm,
) -> Response {
    let form = Form::parse(&body);
    match form.flaw() {
        // Refused whoever it is, so the cookies need not be waited for.
        Some(_) => answer(&idp, lang, &id, &form, None, &HeaderMap::new()).await,
        None => see_other(&format!("/authorize?{}", form.to_query())),
    }
}

pub(super) async fn resume(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    request_id: RequestId,
    Query(query): Query<InteractionQuery>,
    headers: HeaderMap,
) -> Response {
    let cookie = idp.interaction_cookie(&headers, query.i);
    let session = idp.session_cookie(&headers);
    match authorize::resume::resume(&idp, query.i, cookie.as_deref(), session.as_deref()).await {
        Ok(Resumed::LogIn) => see_other(&format!("/login?i={}", query.i)),
        Ok(Resumed::AskConsent(asked)) => {
            let wish = asked.interaction.request.ui_locales.as_deref();
            see_other(&interaction_page("/consent", query.i, wish))
        }
        Ok(Resumed::Continue(_)) => see_other(&format!("/continue?i={}", query.i)),
        Ok(Resumed::Client(answer)) => with_cookie(
            deliver(lang, answer),
            idp.cookies.clear(&interaction_cookie_name(query.i)),
        ),
        Err(error) => failure::interaction(lang, &request_id, &error),
    }
}
