//! Home page, log-in and log-out.

use std::sync::Arc;

use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{StatusCode, header};
use serde::Deserialize;
use signum_core::http::{FormAction, Problem};

use super::problem;
use super::reader::Reader;
use crate::login::{self, Answer, LoginError};
use crate::provider::ProviderError;
use crate::service::Signer;
use crate::{enrol, pages, session, sign};

/// `GET /`: what one can do here.
pub(crate) async fn page(State(signer): State<Arc<Signer>>, reader: Reader) -> Result<Response, Problem> {
    let Some(session) = &reader.session else {
        return Ok(pages::home::welcome(&signer, &reader));
    };
    let person = &session.person.reference;
    let enrolment = enrol::of_person(&signer.cx, person).await.map_err(problem::database)?;
    let documents = sign::of_person(&signer.cx, person).await.map_err(problem::database)?;
    let response = pages::home::home(&signer, &reader, enrolment.as_ref(), &documents);
    Ok(leading_to_provider(&signer, response))
}

/// The log-out form's POST is redirected to the provider, which form-action must allow.
pub(super) fn leading_to_provider(signer: &Signer, mut response: Response) -> Response {
    response
        .extensions_mut()
        .insert(FormAction(signer.config.issuer.clone()));
    response
}

#[derive(Deserialize)]
pub(crate) struct Login {
    /// The person is logged in and has to show again that they are there.
    #[serde(default)]
    again: bool,
}

/// `GET /login`: sends the browser to the identity provider.
pub(crate) async fn login(State(signer): State<Arc<Signer>>, reader: Reader, Query(query): Query<Login>) -> Response {
    if reader.session.is_some() && !query.again {
        return Redirect::to("/").into_response();
    }
    match login::begin(&signer, reader.lang.tag(), query.again).await {
        Ok((url, browser)) => {
            let cookie = signer.cookies.set(login::COOKIE, &browser, Some(login::PATIENCE));
            ([(header::SET_COOKIE, cookie)], Redirect::to(url.as_str())).into_response()
        }
        Err(error) => failed(&reader, &error),
    }
}

/// `GET /callback`: the browser comes back with a code or a refusal.
pub(crate) async fn callback(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Query(answer): Query<Answer>,
) -> Response {
    let browser = signer.cookies.get(&reader.headers, login::COOKIE);
    let old = signer.cookies.get(&reader.headers, session::COOKIE);
    match login::finish(&signer, browser.as_deref(), old.as_deref(), answer).await {
        Ok((secret, again)) => {
            let to = if again { "/enrol/restart" } else { "/" };
            let mut response = Redirect::to(to).into_response();
            let headers = response.headers_mut();
            headers.append(header::SET_COOKIE, signer.cookies.set(session::COOKIE, &secret, None));
            headers.append(header::SET_COOKIE, signer.cookies.clear(login::COOKIE));
            response
        }
        // The back button after logging in: the answer is used up, the person is here.
        Err(LoginError::NotBegunHere) if reader.session.is_some() => Redirect::to("/").into_response(),
        Err(error) => failed(&reader, &error),
    }
}

fn failed(reader: &Reader, error: &LoginError) -> Response {
    let (status, key) = match error {
        LoginError::NotBegunHere => (StatusCode::BAD_REQUEST, "login-not-begun"),
        LoginError::Refused("access_denied") => (StatusCode::FORBIDDEN, "login-denied"),
        LoginError::OtherProvider | LoginError::Refused(_) => (StatusCode::BAD_GATEWAY, "login-refused"),
        LoginError::Provider(ProviderError::Away(_)) => (StatusCode::SERVICE_UNAVAILABLE, "login-away"),
        LoginError::Provider(ProviderError::Incomplete(_)) => (StatusCode::FORBIDDEN, "login-incomplete"),
        LoginError::Provider(ProviderError::Refused(_) | ProviderError::Unverified(_)) => {
            (StatusCode::BAD_GATEWAY, "login-refused")
        }
        LoginError::Db(_) => (StatusCode::INTERNAL_SERVER_ERROR, "login-away"),
    };
    match status.is_server_error() {
        true => tracing::error!(%error, "log-in"),
        false => tracing::warn!(%error, "log-in"),
    }
    reader.error(status, key)
}

#[derive(Deserialize)]
pub(crate) struct Logout {
    csrf: Option<String>,
}

/// `POST /logout`: ends the session here, then at the provider.
pub(crate) async fn logout(
    State(signer): State<Arc<Signer>>,
    reader: Reader,
    Form(form): Form<Logout>,
) -> Result<Response, Problem> {
    if reader.session.is_none() {
        return Ok(Redirect::to("/").into_response());
    }
    let session = reader.acting(&signer, form.csrf.as_deref())?;
    session::end(&signer.cx, session.id).await.map_err(problem::database)?;
    let url = signer.provider.logout_url(&session.id_token).await;
    let to = url.map_or("/".to_owned(), |url| url.to_string());
    let cookie = signer.cookies.clear(session::COOKIE);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&to)).into_response())
}
