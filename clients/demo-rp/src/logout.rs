//! Logging out, here and at the provider (OpenID Connect RP-Initiated Logout 1.0).

use crate::{App, failure::Failure, language::Reader, session::random};
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
pub(crate) struct Wish {
    #[serde(default)]
    csrf: String,
}

/// `POST /logout`: ends the session here, then sends the browser to the provider.
pub(crate) async fn leave(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    reader: Reader,
    Form(wish): Form<Wish>,
) -> Response {
    let Some(logged_in) = app.sessions.who(&jar) else {
        return Redirect::to("/").into_response();
    };
    if wish.csrf != logged_in.csrf {
        return Failure::NotBegunHere.page(&reader);
    }
    let state = random();
    let url = app.provider.logout_url(&logged_in.id_token, &state).await;
    let jar = app.sessions.log_out(&app, jar, state);
    match url {
        Some(url) => (jar, Redirect::to(url.as_str())).into_response(),
        None => (jar, Failure::OnlyHere.page(&reader)).into_response(),
    }
}
