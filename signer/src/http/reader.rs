//! Who reads the page and in which language; and the checks that every handler that changes something begins with.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use maud::Markup;
use signum_core::http::{Problem, RequestId};
use signum_core::i18n::{Lang, Locale, Value};
use signum_core::ui::{Page, User};

use crate::service::Signer;
use crate::session::{self, Session};
use crate::words::WORDS;

/// The request's reader: language, log-in if there is one, reference code.
pub(crate) struct Reader {
    pub lang: Lang,
    pub session: Option<Session>,
    pub reference: String,
    pub headers: HeaderMap,
    cookie: String,
    path: String,
}

impl FromRequestParts<Arc<Signer>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, signer: &Arc<Signer>) -> Result<Self, Problem> {
        let Locale(lang) = Locale::of(&parts.uri, &parts.headers);
        let Ok(id) = RequestId::from_request_parts(parts, signer).await;
        let cookie = signer.cookies.get(&parts.headers, session::COOKIE).unwrap_or_default();
        let session = match cookie.is_empty() {
            true => None,
            false => session::find(&signer.cx, &signer.config, &cookie)
                .await
                .map_err(super::problem::database)?,
        };
        let Ok(OriginalUri(uri)) = OriginalUri::from_request_parts(parts, signer).await;
        Ok(Self {
            lang,
            session,
            reference: id.as_str().to_owned(),
            headers: parts.headers.clone(),
            cookie,
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }
}

impl Reader {
    pub(crate) fn text(&self, key: &str) -> String {
        WORDS.text(self.lang, key)
    }

    pub(crate) fn text_with<'a>(&self, key: &str, values: &[(&'a str, Value<'a>)]) -> String {
        WORDS.text_with(self.lang, key, values)
    }

    /// The log-in, or the problem of there being none.
    pub(crate) fn logged_in(&self) -> Result<&Session, Problem> {
        self.session.as_ref().ok_or_else(|| {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "not_logged_in",
                "You are not logged in (any more)",
            )
            .detail("Open the home page and log in.")
        })
    }

    /// The same for a request that changes something: it must come from our own page.
    pub(crate) fn acting(&self, signer: &Signer, token: Option<&str>) -> Result<&Session, Problem> {
        let session = self.logged_in()?;
        signer
            .csrf
            .check(&self.cookie, token, &self.headers, &signer.config.public_url)?;
        Ok(session)
    }

    pub(crate) fn csrf(&self, signer: &Signer) -> Option<String> {
        self.session.as_ref().map(|_| signer.csrf.token(&self.cookie))
    }

    /// Puts a body into the house's shell.
    pub(crate) fn page(&self, signer: &Signer, title: &str, scripts: &[&str], body: Markup) -> Response {
        let csrf = self.csrf(signer);
        let service = self.text("service");
        let name = self.session.as_ref().map(|session| session.person.full_name());
        Page {
            lang: self.lang,
            title,
            service: &service,
            path: &self.path,
            csrf: csrf.as_deref(),
            scripts,
            user: name.as_deref().map(|name| User {
                name,
                log_out: "/logout",
            }),
            body,
        }
        .render()
    }

    /// Whether the browser shows what we answer, not a script.
    pub(crate) fn wants_page(&self) -> bool {
        let accept = self
            .headers
            .get(http::header::ACCEPT)
            .and_then(|value| value.to_str().ok());
        accept.is_some_and(|accept| accept.contains("text/html"))
    }

    /// The page of something that went wrong here, in our own words: `error-KEY-happened` and `error-KEY-do`.
    pub(crate) fn error(&self, status: StatusCode, key: &str) -> Response {
        self.error_with(status, key, &[])
    }

    /// The same with values in the words.
    pub(crate) fn error_with<'a>(&self, status: StatusCode, key: &str, values: &[(&'a str, Value<'a>)]) -> Response {
        let happened = self.text_with(&format!("error-{key}-happened"), values);
        let to_do = self.text_with(&format!("error-{key}-do"), values);
        signum_core::ui::error_page(self.lang, status, &happened, &to_do, &self.reference)
    }
}
