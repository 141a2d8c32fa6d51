//! A browser without a window: cookies, no hidden redirects, and a look at the headers of every page.

use crate::{cookies::Jar, html};
use anyhow::{Context, Result, bail, ensure};
use reqwest::{
    RequestBuilder, StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{self, HeaderMap},
    redirect::Policy,
};
use serde_json::Value;
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use url::Url;

/// More hops than any honest log-in takes.
const MOST_HOPS: usize = 12;

/// `*.localhost` is this machine (RFC 6761 section 6.3).
struct LoopbackNames;

impl Resolve for LoopbackNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str();
            if host == "localhost" || host.ends_with(".localhost") {
                let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                return Ok(Box::new(std::iter::once(here)) as Addrs);
            }
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// An HTTP client that knows `*.localhost` and follows nothing by itself.
pub fn http_client(cookies: bool) -> Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .dns_resolver(Arc::new(LoopbackNames))
        .no_proxy()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(30));
    if cookies {
        builder = builder.cookie_provider(Arc::new(Jar::default()));
    }
    Ok(builder.build()?)
}

/// One answer.
#[derive(Debug)]
pub struct Page {
    pub url: Url,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Page {
    /// The body as a page that a person may see: 200, HTML, a policy without exceptions, no code inside.
    pub fn html(&self) -> Result<String> {
        let text = String::from_utf8_lossy(&self.body).into_owned();
        ensure!(
            self.status == StatusCode::OK,
            "{} answered {}: {}",
            self.place(),
            self.status,
            self.gist()
        );
        let policy = self.header(header::CONTENT_SECURITY_POLICY.as_str());
        ensure!(
            policy.contains("default-src 'none'"),
            "{} has no strict Content-Security-Policy",
            self.place()
        );
        ensure!(
            !policy.contains("unsafe-"),
            "{} allows unsafe code in its policy",
            self.place()
        );
        ensure!(
            !html::has_inline_code(&text),
            "{} has script or style inside",
            self.place()
        );
        Ok(text)
    }

    /// The body as JSON of a successful answer.
    pub fn json(&self) -> Result<Value> {
        ensure!(
            self.status.is_success(),
            "{} answered {}: {}",
            self.place(),
            self.status,
            self.gist()
        );
        serde_json::from_slice(&self.body).with_context(|| format!("{} did not answer JSON", self.place()))
    }

    /// Where a 303 (or 302) leads.
    pub fn location(&self) -> Result<Url> {
        ensure!(
            matches!(self.status, StatusCode::SEE_OTHER | StatusCode::FOUND),
            "{} answered {} instead of leading on: {}",
            self.place(),
            self.status,
            self.gist()
        );
        let location = self.header(header::LOCATION.as_str());
        Ok(self.url.join(&location)?)
    }

    /// A header as text; empty when absent.
    pub fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    }

    /// Host and path, without the query and without an activation code, which are nobody's business.
    pub fn place(&self) -> String {
        let path = if self.url.path().starts_with("/activate/") {
            "/activate/…"
        } else {
            self.url.path()
        };
        format!("{}{path}", self.url.host_str().unwrap_or_default())
    }

    /// The beginning of what the page says, for an error message.
    pub fn gist(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        let problem = serde_json::from_slice::<Value>(&self.body).ok();
        let told = problem.as_ref().and_then(|problem| {
            let part = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default();
            Some(format!("{} {} {}", part("type"), part("title"), part("detail"))).filter(|told| told.len() > 2)
        });
        let main = body.find("<main").and_then(|at| body.get(at..)).unwrap_or(&body);
        told.unwrap_or_else(|| html::text(main)).chars().take(300).collect()
    }
}

/// One person's browser.
pub struct Browser {
    http: reqwest::Client,
    /// Origins this browser may be led to; anything else is an error.
    known: Vec<String>,
}

impl Browser {
    /// A browser without cookies that will visit these services only.
    pub fn new(services: &[&Url]) -> Result<Self> {
        let known = services.iter().map(|url| origin(url)).collect();
        Ok(Self {
            http: http_client(true)?,
            known,
        })
    }

    pub async fn get(&self, url: &Url) -> Result<Page> {
        self.send(self.http.get(url.clone()), url).await
    }

    pub async fn post_form(&self, url: &Url, fields: &[(String, String)]) -> Result<Page> {
        let request = self
            .http
            .post(url.clone())
            .header(header::ORIGIN, origin(url))
            .form(fields);
        self.send(request, url).await
    }

    pub async fn post_multipart(&self, url: &Url, form: reqwest::multipart::Form) -> Result<Page> {
        let request = self
            .http
            .post(url.clone())
            .header(header::ORIGIN, origin(url))
            .multipart(form);
        self.send(request, url).await
    }

    /// What a page's script does: JSON with the page's CSRF value.
    pub async fn post_json(&self, url: &Url, csrf: &str, body: &Value) -> Result<Page> {
        let request = self
            .http
            .post(url.clone())
            .header(header::ORIGIN, origin(url))
            .header("X-CSRF-Token", csrf);
        self.send(request.json(body), url).await
    }

    async fn send(&self, request: RequestBuilder, url: &Url) -> Result<Page> {
        ensure!(
            self.known.contains(&origin(url)),
            "led to an unknown place: {}",
            origin(url)
        );
        let answer = request
            .header(header::ACCEPT_LANGUAGE, "en")
            .send()
            .await
            .map_err(reqwest::Error::without_url)
            .with_context(|| format!("{} does not answer; is Signum running (./run)?", origin(url)))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok(Page {
            url: url.clone(),
            status,
            headers,
            body: answer.bytes().await?.to_vec(),
        })
    }

    /// Follows redirects until a page is shown; also gives the addresses on the way.
    pub async fn follow(&self, mut page: Page) -> Result<(Page, Vec<Url>)> {
        let mut hops = Vec::new();
        while page.status.is_redirection() {
            if hops.len() >= MOST_HOPS {
                bail!("{} leads in circles", page.place());
            }
            let next = page.location()?;
            page = self.get(&next).await?;
            hops.push(next);
        }
        Ok((page, hops))
    }
}

/// Scheme, host and port.
pub fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The value of a query parameter.
pub fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(own, _)| own == name)
        .map(|(_, value)| value.into_owned())
}
