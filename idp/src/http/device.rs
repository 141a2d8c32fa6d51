//! Pages of the device grant (RFC 8628 section 3.3): type the code, see who asks, decide; and the endpoint that devices call.
//! Everything works without scripts.

use axum::extract::{Query, RawForm, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use signum_core::http::{Problem, RequestId};
use signum_core::i18n::{Lang, Locale};
use signum_core::ui::{self, Notice, Page};

use super::token::{self, OAuthForm};
use super::words::{WORDS, in_language};
use super::{Shared, authorize, failure, see_other, with_cookie};
use crate::abuse::address;
use crate::account::house_client;
use crate::authorize::{current_session, response};
use crate::client_auth::TlsCertificate;
use crate::clients::Client;
use crate::device::browser::{self, Ended, Typed};
use crate::device::{self, LIFE, Waiting};
use crate::form::Form;
use crate::secret;
use crate::token::TokenRequest;

/// The cookie of the browser in which a code is typed; also the verifier of what follows.
const COOKIE: &str = "idp_device";

/// POST /device_authorization
pub(super) async fn authorization(
    State(idp): State<Shared>,
    headers: HeaderMap,
    certificate: Option<Extension<TlsCertificate>>,
    OAuthForm(form): OAuthForm,
) -> Response {
    let request = TokenRequest {
        form: &form,
        headers: &headers,
        certificate: certificate.as_deref(),
    };
    let answered = match device::begin(&idp, &request).await {
        Ok(codes) => token::not_stored(Json(codes).into_response()),
        Err(error) => token::failure(&error),
    };
    match headers.contains_key("dpop") {
        true => token::with_nonce(&idp, answered),
        false => answered,
    }
}

/// What stands in the address of the first page.
#[derive(serde::Deserialize)]
pub(super) struct Prefilled {
    user_code: Option<String>,
    ui_locales: Option<String>,
    /// The last code was `wrong`, or there were too `many`.
    refused: Option<String>,
}

/// GET /device: a code that came along (`verification_uri_complete`) is shown to be compared, never taken by itself.
pub(super) async fn page(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    Query(query): Query<Prefilled>,
    headers: HeaderMap,
) -> Response {
    let code = query.user_code.as_deref().unwrap_or_default();
    let code = if code.len() <= 20 { code } else { "" };
    match current_session(&idp, idp.session_cookie(&headers).as_deref()).await {
        Ok(Some(_)) => {}
        // Only who is logged in may try a code: so wrong ones are somebody's.
        Ok(None) => return see_other(&house_client::connect_device(&idp, code, query.ui_locales.as_deref())),
        Err(error) => return failure::database(&error),
    }
    let known = idp
        .cookies
        .get(&headers, COOKIE)
        .filter(|cookie| secret::has_the_form(cookie));
    let cookie = known.unwrap_or_else(|| idp.cx.random.token());
    let csrf = idp.csrf.token(&cookie);
    let word = |key: &str| WORDS.text(lang, key);
    let refused = match query.refused.as_deref() {
        Some("wrong") => Some(word("device-wrong")),
        Some("many") => Some(word("device-many")),
        _ => None,
    };
    let body = html! {
        h1 { (word("device-title")) }
        p.lead { (word("device-lead")) }
        @if let Some(text) = &refused { (ui::notice(Notice::Failure, text)) }
        (ui::form("/device", Some(&csrf), html! {
            div.field {
                label for="user_code" { (word("device-code")) }
                p.hint id="user_code-hint" { (word(if code.is_empty() { "device-code-hint" } else { "device-code-compare" })) }
                input type="text" id="user_code" name="user_code" value=(code) required maxlength="20" autocomplete="off"
                    autocapitalize="characters" spellcheck="false" aria-describedby="user_code-hint";
            }
            (ui::actions(ui::primary_button(word("device-go-on"))))
        }))
        (ui::notice(Notice::Warning, word("device-warning")))
    };
    let response = render(lang, "/device", Some(&csrf), body);
    with_cookie(response, idp.cookies.set(COOKIE, &cookie, Some(LIFE * 2)))
}

/// Where the log-in for these pages leads: the answer's code is of no use to anybody and is left behind, the user code that came
/// along is shown again.
pub(super) async fn entered(RawQuery(query): RawQuery) -> Response {
    let answer = Form::parse(query.unwrap_or_default().as_bytes());
    let code = answer.get("state").filter(|_| answer.has("code"));
    see_other(&response::address("/device", &[("user_code", code)]))
}

/// POST /device
pub(super) async fn typed(State(idp): State<Shared>, headers: HeaderMap, RawForm(body): RawForm) -> Response {
    let form = Form::parse(&body);
    let cookie = match guarded(&idp, &headers, &form).await {
        Ok(cookie) => cookie,
        Err(refused) => return refused,
    };
    let code = form.get("user_code").unwrap_or_default();
    let session = match current_session(&idp, idp.session_cookie(&headers).as_deref()).await {
        Ok(Some(session)) => session,
        Ok(None) => return see_other(&house_client::connect_device(&idp, "", None)),
        Err(error) => return failure::database(&error),
    };
    match browser::typed(&idp, code, &cookie, &session, address::noted(&headers)).await {
        Ok(Typed::Right) => see_other("/device/confirm"),
        Ok(Typed::Wrong) => see_other("/device?refused=wrong"),
        Ok(Typed::TooMany) => see_other("/device?refused=many"),
        Err(error) => failure::database(&error),
    }
}

/// GET /device/confirm
pub(super) async fn confirm(State(idp): State<Shared>, Locale(lang): Locale, headers: HeaderMap) -> Response {
    let cookie = idp.cookies.get(&headers, COOKIE).unwrap_or_default();
    match browser::waiting(&idp, &cookie).await {
        Ok(Some((waiting, client))) => {
            let csrf = idp.csrf.token(&cookie);
            let body = asked(lang, &waiting, &client, &csrf);
            render(lang, "/device/confirm", Some(&csrf), body)
        }
        Ok(None) => see_other("/device"),
        Err(error) => failure::database(&error),
    }
}

fn asked(lang: Lang, waiting: &Waiting, client: &Client, csrf: &str) -> Markup {
    let word = |key: &str| WORDS.text(lang, key);
    let name = in_language(&client.name, lang);
    let claims = waiting.scope.claims();
    let claims: Vec<_> = claims
        .shown()
        .map(|claim| word(&format!("claim-{}", claim.name())))
        .collect();
    html! {
        h1 { (WORDS.text_with(lang, "device-heading", &[("service", name.as_str().into())])) }
        p.lead { (in_language(&client.purpose, lang)) }
        (ui::facts(&[
            (&word("login-service"), html! { (name) }),
            (&word("login-data"), html! {
                @if claims.is_empty() { (word("login-data-none")) } @else { (claims.join(", ")) }
            }),
        ]))
        (ui::notice(Notice::Warning, word("device-warning")))
        (ui::form("/device/confirm", Some(csrf), html! {
            (ui::actions(html! {
                (ui::decision_button(true, "decision", "allow", word("device-mine")))
                (ui::decision_button(false, "decision", "deny", word("device-not-mine")))
            }))
        }))
        p.hint { (word("device-next")) }
    }
}

/// POST /device/confirm
pub(super) async fn decide(
    State(idp): State<Shared>,
    Locale(lang): Locale,
    id: RequestId,
    headers: HeaderMap,
    RawForm(body): RawForm,
) -> Response {
    let form = Form::parse(&body);
    let cookie = match guarded(&idp, &headers, &form).await {
        Ok(cookie) => cookie,
        Err(refused) => return refused,
    };
    let (waiting, client) = match browser::waiting(&idp, &cookie).await {
        Ok(Some(found)) => found,
        Ok(None) => return ended(Ended::Over),
        Err(error) => return failure::database(&error),
    };
    match form.get("decision") {
        Some("allow") => {
            let session = idp.session_cookie(&headers);
            let answer = browser::go_on(&idp, &waiting, &client, &cookie, session.as_deref()).await;
            authorize::respond(&idp, lang, &id, &headers, answer).await
        }
        Some("deny") => match browser::refuse(&idp, waiting.id, &cookie).await {
            Ok(()) => ended(Ended::Denied),
            Err(error) => failure::database(&error),
        },
        _ => Problem::of_status(StatusCode::BAD_REQUEST).into_response(),
    }
}

/// GET /device/done: our own authorization request was answered.
pub(super) async fn done(State(idp): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let answer = Form::parse(query.unwrap_or_default().as_bytes());
    let cookie = idp.cookies.get(&headers, COOKIE).unwrap_or_default();
    match browser::done(&idp, &answer, &cookie).await {
        // The cookie has done its work; the next device gets another.
        Ok(how) => with_cookie(ended(how), idp.cookies.clear(COOKIE)),
        Err(error) => failure::database(&error),
    }
}

/// A page of its own, so that reading it again answers nothing again.
fn ended(how: Ended) -> Response {
    see_other(match how {
        Ended::Granted => "/device/granted",
        Ended::Denied => "/device/denied",
        Ended::Over => "/device/over",
    })
}

pub(super) async fn granted(Locale(lang): Locale) -> Response {
    told(lang, "/device/granted", Notice::Success, "device-granted")
}

pub(super) async fn denied(Locale(lang): Locale) -> Response {
    told(lang, "/device/denied", Notice::Information, "device-denied")
}

pub(super) async fn over(Locale(lang): Locale) -> Response {
    told(lang, "/device/over", Notice::Failure, "device-over")
}

fn told(lang: Lang, path: &str, kind: Notice, key: &str) -> Response {
    let body = html! {
        h1 { (WORDS.text(lang, "device-title")) }
        (ui::notice(kind, WORDS.text(lang, key)))
        p { (WORDS.text(lang, &format!("{key}-next"))) }
    };
    render(lang, path, None, body)
}

fn render(lang: Lang, path: &str, csrf: Option<&str>, body: Markup) -> Response {
    Page {
        title: &WORDS.text(lang, "device-title"),
        service: &WORDS.text(lang, "service"),
        path,
        csrf,
        ..Page::new(lang, body)
    }
    .render()
}

/// The browser's cookie, where the form is that of its own page.
async fn guarded(idp: &Shared, headers: &HeaderMap, form: &Form) -> Result<String, Response> {
    let cookie = idp
        .cookies
        .get(headers, COOKIE)
        .filter(|cookie| secret::has_the_form(cookie));
    let cookie = cookie.unwrap_or_default();
    let presented = Some(form.get("csrf").unwrap_or_default());
    match idp.csrf.check(&cookie, presented, headers, idp.issuer()) {
        Ok(()) if !cookie.is_empty() => Ok(cookie),
        Ok(()) => Err(see_other("/device")),
        Err(problem) => Err(problem.into_response()),
    }
}
