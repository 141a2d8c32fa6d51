//! Which language a person reads: their choice (cookie `lang`), else their browser's wish, else Albanian.

use crate::{App, words::Words};
use axum::{
    extract::{FromRequestParts, OriginalUri, Query, State},
    http::{HeaderMap, header, request::Parts},
    response::Redirect,
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::Deserialize;
use std::{convert::Infallible, sync::Arc};

/// The words of this visit, and where the visitor is.
pub(crate) struct Reader {
    pub(crate) words: &'static Words,
    /// Path of this page without its query (a callback's query must not travel on).
    pub(crate) path: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let chosen = CookieJar::from_headers(&parts.headers)
            .get("lang")
            .and_then(|cookie| Words::of(cookie.value()))
            .or_else(|| wished(&parts.headers))
            .unwrap_or_else(Words::default_language);
        let uri = parts
            .extensions
            .get::<OriginalUri>()
            .map_or(&parts.uri, |original| &original.0);
        Ok(Self {
            words: chosen,
            path: uri.path().to_owned(),
        })
    }
}

/// The first language of `Accept-Language` (RFC 9110 section 12.5.4) that we speak.
fn wished(headers: &HeaderMap) -> Option<&'static Words> {
    let wishes = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    wishes
        .split(',')
        .find_map(|wish| Words::of(wish.split(';').next()?.trim()))
}

#[derive(Deserialize)]
pub(crate) struct Choice {
    set: String,
    #[serde(default)]
    next: String,
}

/// `GET /language`: remembers the choice and goes back to the page.
pub(crate) async fn choose(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Query(choice): Query<Choice>,
) -> (CookieJar, Redirect) {
    let jar = match Words::of(&choice.set) {
        Some(words) => jar.add(
            Cookie::build(("lang", words.tag))
                .path("/")
                .http_only(true)
                .secure(app.secure)
                .same_site(SameSite::Lax)
                .permanent(),
        ),
        None => jar,
    };
    (jar, Redirect::to(own_page(&choice.next)))
}

/// Only this service's own pages are followed; anything else leads home.
fn own_page(next: &str) -> &str {
    match next {
        "/me" => "/me",
        _ => "/",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn the_first_language_we_speak_is_taken() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, "de-DE,sr-RS;q=0.8,en;q=0.5".parse().unwrap());
        assert_eq!(wished(&headers).unwrap().tag, "sr-Latn");
        headers.insert(header::ACCEPT_LANGUAGE, "sr-Cyrl-RS".parse().unwrap());
        assert_eq!(wished(&headers).unwrap().tag, "sr-Cyrl");
    }

    #[test]
    fn a_foreign_address_is_not_followed_after_choosing_a_language() {
        for next in [
            "//evil.example",
            "https://evil.example/",
            "/\\evil.example",
            "",
            "/callback?code=x",
        ] {
            assert_eq!(own_page(next), "/");
        }
        assert_eq!(own_page("/me"), "/me");
    }
}
