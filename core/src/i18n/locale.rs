//! The reader's language in a request: extractor, cookie and the `/language` switch.

use axum::extract::{FromRequestParts, Query};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};

use super::Lang;
use crate::http::{CookieKit, cookie_value};

/// The cookie that keeps the choice; it says nothing of who the person is.
pub const LANG_COOKIE: &str = "lang";

/// Extractor: the language to answer this request in.
#[derive(Clone, Copy, Debug)]
pub struct Locale(pub Lang);

impl Locale {
    /// From the query's `ui_locales`, the cookie and `Accept-Language`.
    pub fn of(uri: &http::Uri, headers: &HeaderMap) -> Self {
        let query = uri.query().unwrap_or_default();
        let ui_locales = url::form_urlencoded::parse(query.as_bytes())
            .find(|(k, _)| k == "ui_locales")
            .map(|(_, v)| v);
        let cookie = cookie_value(headers, LANG_COOKIE);
        let accept = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
        Self(Lang::negotiate(ui_locales.as_deref(), cookie.as_deref(), accept))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Locale {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.uri, &parts.headers))
    }
}

#[derive(serde::Deserialize)]
struct Choice {
    set: Option<String>,
    next: Option<String>,
}

/// `GET /language?set=TAG&next=/path`: keeps the choice for a year and goes back.
pub fn router<S: Clone + Send + Sync + 'static>(cookies: CookieKit) -> axum::Router<S> {
    axum::Router::new().route(
        "/language",
        get(async move |Query(choice): Query<Choice>| switch(&cookies, &choice)),
    )
}

fn switch(cookies: &CookieKit, choice: &Choice) -> Response {
    let next = choice.next.as_deref().filter(|next| local_path(next)).unwrap_or("/");
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, next)]).into_response();
    if let Some(lang) = choice.set.as_deref().and_then(Lang::parse) {
        response
            .headers_mut()
            .append(header::SET_COOKIE, cookies.plain(LANG_COOKIE, lang.tag()));
    }
    response
}

/// Whether `next` is a path on this very host. `//host`, `/\host` and control characters are how redirects are abused:
/// browsers drop tabs and line ends from an address and read a backslash as a slash.
pub fn local_path(next: &str) -> bool {
    next.starts_with('/')
        && !next.starts_with("//")
        && next.len() <= 2048
        && next.chars().all(|c| c.is_ascii_graphic() && c != '\\')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn go(set: &str, next: &str) -> Response {
        let kit = CookieKit::new(&"https://idp.example.org".parse().unwrap());
        switch(
            &kit,
            &Choice {
                set: Some(set.to_owned()),
                next: Some(next.to_owned()),
            },
        )
    }

    #[test]
    fn a_choice_is_kept_and_the_person_goes_back() {
        let response = go("sr-Latn", "/login?i=7&x=%2F");
        assert_eq!(response.headers()[header::LOCATION], "/login?i=7&x=%2F");
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.starts_with("lang=sr-Latn; Path=/; Max-Age="), "{cookie}");
        assert!(cookie.contains("Secure"), "{cookie}");
    }

    #[test]
    fn an_unknown_language_changes_nothing() {
        assert!(go("tlh", "/").headers().get(header::SET_COOKIE).is_none());
    }

    #[test]
    fn another_host_is_never_gone_to() {
        for next in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "",
            "x",
            "/\t/evil.example",
            "/a\r\nb",
            "/ë",
        ] {
            assert_eq!(go("sq", next).headers()[header::LOCATION], "/", "{next:?}");
        }
    }
}
