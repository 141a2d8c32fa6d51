//! The shell: head, masthead, language switch, content, foot. No inline script or style, so the strict policy holds.

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use maud::{DOCTYPE, Markup, html};

use crate::http::asset_url;
use crate::i18n::{Lang, SHELL};

/// Who is logged in, as the masthead shows it.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    pub name: &'a str,
    /// Where the log-out form is sent (POST with the page's CSRF token).
    pub log_out: &'a str,
}

/// One page of a service.
pub struct Page<'a> {
    pub lang: Lang,
    /// The browser's title; the body has its own `h1`.
    pub title: &'a str,
    /// The service's name in this language.
    pub service: &'a str,
    /// Path and query of this page, to which the language switch returns. Empty: the home page.
    pub path: &'a str,
    /// For scripts (`<meta name="csrf">`) and for the log-out form.
    pub csrf: Option<&'a str>,
    /// Embedded scripts by name.
    pub scripts: &'a [&'a str],
    pub user: Option<User<'a>>,
    pub body: Markup,
}

impl Page<'_> {
    /// A page with nothing but its body, to be completed by `..`.
    pub fn new(lang: Lang, body: Markup) -> Self {
        Self {
            lang,
            title: "",
            service: "",
            path: "",
            csrf: None,
            scripts: &[],
            user: None,
            body,
        }
    }

    pub fn render(self) -> Response {
        self.render_as(StatusCode::OK)
    }

    pub fn render_as(self, status: StatusCode) -> Response {
        (status, Html(self.markup().into_string())).into_response()
    }

    fn markup(&self) -> Markup {
        let titles = [self.title, self.service, "Signum"];
        let titles: Vec<&str> = titles.into_iter().filter(|part| !part.is_empty()).collect();
        html! {
            (DOCTYPE)
            html lang=(self.lang.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    @if let Some(csrf) = self.csrf { meta name="csrf" content=(csrf); }
                    title { (titles.join(" · ")) }
                    link rel="icon" type="image/svg+xml" href=(asset_url("signum.svg"));
                    link rel="stylesheet" href=(asset_url("signum.css"));
                    @for script in self.scripts { script type="module" src=(asset_url(script)) {} }
                }
                body {
                    a.skip href="#content" { (self.word("skip")) }
                    (self.masthead())
                    main #content tabindex="-1" { (self.body) }
                    footer.foot {
                        p { strong { "Signum" } " · " (self.word("platform")) }
                    }
                }
            }
        }
    }

    fn masthead(&self) -> Markup {
        html! {
            header.masthead {
                div.masthead-row {
                    a.brand href="/" {
                        img src=(asset_url("signum.svg")) alt="" width="40" height="40";
                        span.brand-names {
                            span.brand-name { "Signum" }
                            @if !self.service.is_empty() { span.brand-service { (self.service) } }
                        }
                    }
                    (self.languages())
                }
                @if let Some(user) = self.user {
                    div.session {
                        span { (SHELL.text_with(self.lang, "signed-in-as", &[("name", user.name.into())])) }
                        form method="post" action=(user.log_out) {
                            @if let Some(csrf) = self.csrf { input type="hidden" name="csrf" value=(csrf); }
                            button.quiet type="submit" { (self.word("log-out")) }
                        }
                    }
                }
            }
        }
    }

    fn languages(&self) -> Markup {
        let next = if self.path.is_empty() { "/" } else { self.path };
        let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        html! {
            nav.languages aria-label=(self.word("language-switch")) {
                ul {
                    @for lang in Lang::ALL {
                        li {
                            a href=(format!("/language?set={}&next={next}", lang.tag())) lang=(lang.tag())
                                hreflang=(lang.tag()) rel="nofollow" aria-current=[(lang == self.lang).then_some("true")] {
                                (lang.own_name())
                            }
                        }
                    }
                }
            }
        }
    }

    fn word(&self, key: &str) -> String {
        SHELL.text(self.lang, key)
    }
}
