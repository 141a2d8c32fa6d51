//! Logging in: to the provider and back (OpenID Connect Core 1.0 section 3.1.2, RFC 9207 `iss`).

use crate::{
    App,
    failure::Failure,
    language::Reader,
    session::{LoggedIn, random},
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;
use std::sync::Arc;

/// `GET /login`: sends the browser to the provider.
pub(crate) async fn start(State(app): State<Arc<App>>, jar: CookieJar, reader: Reader) -> Response {
    if app.sessions.who(&jar).is_some() {
        return Redirect::to("/me").into_response();
    }
    let (url, begun) = match app.provider.begin(reader.words.tag).await {
        Ok(begin) => begin,
        Err(error) => return Failure::from(error).page(&reader),
    };
    match app.sessions.begin(&app, jar, begun) {
        Some(jar) => (jar, Redirect::to(url.as_str())).into_response(),
        None => Failure::Busy.page(&reader),
    }
}

/// What the provider sends back with the browser.
#[derive(Deserialize)]
pub(crate) struct Answer {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// `GET /callback`: the browser comes back with a code or a refusal.
pub(crate) async fn finish(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Query(answer): Query<Answer>,
    reader: Reader,
) -> Response {
    match log_in(&app, &jar, answer).await {
        Ok(logged_in) => (app.sessions.log_in(&app, jar, logged_in), Redirect::to("/me")).into_response(),
        // The back button after logging in: the answer is used up, the person is here.
        Err(Failure::NotBegunHere) if app.sessions.who(&jar).is_some() => Redirect::to("/me").into_response(),
        Err(failure) => failure.page(&reader),
    }
}

async fn log_in(app: &App, jar: &CookieJar, answer: Answer) -> Result<LoggedIn, Failure> {
    // The state first: whoever did not begin here learns nothing and changes nothing.
    let begun = answer
        .state
        .and_then(|state| app.sessions.take_begun(jar, &state))
        .ok_or(Failure::NotBegunHere)?;
    // The provider's metadata say that it always names itself, so an answer that does not is not its own (RFC 9207 section 2.4).
    if answer.iss.as_deref() != Some(app.provider.issuer()) {
        return Err(Failure::OtherProvider);
    }
    match (answer.error.as_deref(), answer.code) {
        (Some("access_denied"), _) => Err(Failure::AccessDenied),
        (Some(error), _) => Err(Failure::refused(error)),
        (None, None) => Err(Failure::refused("no code")),
        (None, Some(code)) => {
            let (person, id_token) = app.provider.finish(code, begun).await?;
            Ok(LoggedIn {
                person,
                id_token,
                csrf: random(),
            })
        }
    }
}
