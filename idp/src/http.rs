//! Addresses of the provider and what its handlers have in common. A handler parses, makes one flow call and renders.

mod account;
mod activate;
mod authorize;
mod consent;
mod deliver;
mod device;
mod discovery;
mod failure;
mod going_on;
mod guard;
mod home;
mod introspect;
pub(crate) mod login;
mod logout;
mod par;
mod register;
mod token;
mod userinfo;
mod waiting;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use signum_core::Id;

use crate::authorize::response::address;
use crate::client_auth::shown::Believed;
use crate::interaction::Interaction;
use crate::interaction::browser::OpenCookie;
use crate::login::Door;
use crate::service::Idp;

/// State of every handler.
pub(crate) type Shared = Arc<Idp>;

/// Name of the session cookie, before the prefix that https brings.
pub(crate) const SESSION: &str = "idp_sid";

/// Interaction cookies' names begin so.
const INTERACTION: &str = "idp_tx-";

pub(crate) fn routes(idp: Shared) -> Router {
    let means = idp
        .means
        .iter()
        .map(|means| means.routes(Door::new(idp.clone(), means.name())));
    let means = means.fold(Router::new(), Router::merge);
    Router::new()
        .merge(account::routes())
        .route("/", get(home::page))
        .route("/.well-known/openid-configuration", get(discovery::metadata))
        .route("/.well-known/oauth-authorization-server", get(discovery::metadata))
        .route("/jwks", get(discovery::jwks))
        .route("/par", post(par::post))
        .route("/authorize", get(authorize::get).post(authorize::post))
        .route("/authorize/resume", get(authorize::resume))
        .route("/login", get(login::page))
        .route("/login/cancel", post(login::cancel))
        .route("/consent", get(consent::page).post(consent::decide))
        .route("/continue", get(going_on::page).post(going_on::decide))
        .route("/activate/{code}", get(activate::page).post(activate::finish))
        .route("/activate/{code}/options", post(activate::options))
        .route("/activated", get(activate::done))
        .route("/token", post(token::post))
        .route("/device_authorization", post(device::authorization))
        .route("/device", get(device::page).post(device::typed))
        .route("/device/entered", get(device::entered))
        .route("/device/confirm", get(device::confirm).post(device::decide))
        .route("/device/done", get(device::done))
        .route("/device/granted", get(device::granted))
        .route("/device/denied", get(device::denied))
        .route("/device/over", get(device::over))
        .route("/register", post(register::create))
        .route(
            "/register/{client_id}",
            get(register::read).put(register::update).delete(register::delete),
        )
        .route("/introspect", post(introspect::introspect))
        .route("/revoke", post(introspect::revoke))
        .route("/userinfo", get(userinfo::get).post(userinfo::post))
        .route("/logout", get(logout::get).post(logout::post))
        .route("/logout/confirm", post(logout::confirm))
        .route("/logged-out", get(logout::logged_out))
        .with_state(idp.clone())
        .merge(means)
        .layer(from_fn_with_state(idp, guard::guard))
}

/// The routes of the port on which cards are shown in the TLS handshake.
pub(crate) fn card_routes(idp: Shared, believed: Believed) -> Router {
    login::card_port::port(idp.clone(), believed).layer(from_fn_with_state(idp, guard::guard))
}

/// `?i=ID` of the pages of an interaction.
#[derive(serde::Deserialize)]
struct InteractionQuery {
    i: Id<Interaction>,
}

impl Idp {
    fn session_cookie(&self, headers: &HeaderMap) -> Option<String> {
        self.cookies.get(headers, SESSION)
    }

    /// The cookies of every interaction that this browser has open; no browser keeps more than this.
    fn open_interactions(&self, headers: &HeaderMap) -> Vec<OpenCookie> {
        let all = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok());
        let names = all.flat_map(|line| line.split(';')).filter_map(|pair| {
            let (name, _) = pair.trim().split_once('=')?;
            let name = name.strip_prefix("__Host-").unwrap_or(name);
            name.starts_with(INTERACTION).then(|| name.to_owned())
        });
        let open = names.take(64).filter_map(|name| {
            let secret = self.cookies.get(headers, &name)?;
            Some(OpenCookie { name, secret })
        });
        open.collect()
    }

    /// The cookie of one interaction, so that several tabs do not disturb one another.
    fn interaction_cookie(&self, headers: &HeaderMap, id: Id<Interaction>) -> Option<String> {
        self.cookies.get(headers, &interaction_cookie_name(id))
    }
}

fn interaction_cookie_name(id: Id<Interaction>) -> String {
    let short: String = id.to_string().chars().take(8).collect();
    format!("{INTERACTION}{short}")
}

/// A page of an interaction; the client's wish for a language goes along until the person has chosen one.
fn interaction_page(page: &str, id: Id<Interaction>, ui_locales: Option<&str>) -> String {
    let id = id.to_string();
    address(page, &[("i", Some(id.as_str())), ("ui_locales", ui_locales)])
}

/// 303: the browser goes there with GET, and never repeats a POST (RFC 9110 section 15.4.4).
fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(error) => failure::internal(&error),
    }
}

/// Adds a Set-Cookie header.
fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
