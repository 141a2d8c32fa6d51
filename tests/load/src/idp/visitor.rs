//! A person with a browser and the relying party they come from, on one connection: cookies, redirects, forms by element id.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::provider::Provider;
use super::wire::{Answer, Wire};

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub struct Visitor {
    wire: Wire,
    cookies: BTreeMap<String, String>,
    issuer: String,
    host: String,
    /// Authorization header of the relying party.
    basic: String,
    client_id: String,
    redirect_uri: String,
    username: String,
    password: String,
    paths: BTreeMap<&'static str, String>,
    pub access_token: String,
    pub refresh_token: String,
}

const ENDPOINTS: [&str; 5] = [
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "introspection_endpoint",
    "jwks_uri",
];

impl Visitor {
    /// The `n`th person of the load.
    pub async fn new(provider: &Provider, n: usize) -> Result<Self> {
        let described = &provider.described;
        let text = |of: &Json, at: &str| {
            of.pointer(at)
                .and_then(Json::as_str)
                .map(str::to_owned)
                .with_context(|| format!("no {at}"))
        };
        let client = described.pointer("/clients/0").context("a client")?;
        let people = described.get("people").and_then(Json::as_array).context("people")?;
        let mut loaded = people.iter().filter(|p| {
            p.get("username")
                .and_then(Json::as_str)
                .is_some_and(|name| name.starts_with("load-"))
        });
        let person = loaded.nth(n).context("a person")?;
        let (client_id, secret) = (text(client, "/client_id")?, text(client, "/client_secret")?);
        let path = |name: &'static str| Some((name, provider.path(name)?.to_owned()));
        Ok(Self {
            wire: Wire::open(provider.address).await?,
            cookies: BTreeMap::new(),
            host: provider.issuer.trim_start_matches("http://").to_owned(),
            issuer: provider.issuer.clone(),
            basic: format!(
                "Authorization: Basic {}\r\n",
                STANDARD.encode(format!("{client_id}:{secret}"))
            ),
            client_id,
            redirect_uri: text(client, "/redirect_uris/0")?,
            username: text(person, "/username")?,
            password: text(person, "/password")?,
            paths: ENDPOINTS.into_iter().filter_map(path).collect(),
            access_token: String::new(),
            refresh_token: String::new(),
        })
    }

    pub fn path(&self, endpoint: &str) -> Result<String> {
        Ok(self
            .paths
            .get(endpoint)
            .with_context(|| format!("no {endpoint}"))?
            .clone())
    }

    /// A request without cookies.
    pub async fn plain(&mut self, path: &str) -> Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host);
        self.wire.ask(&request).await
    }

    /// What the relying party posts.
    pub async fn post_as_client(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Json> {
        let body = encode(fields);
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\n{}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            self.basic,
            body.len()
        );
        Ok(serde_json::from_str(&self.wire.ask(&request).await?.expect(200)?.body)?)
    }

    pub fn forget(&mut self) {
        self.cookies.clear();
    }

    /// From the authorization request to the code, through whatever pages there are. `prompt=none` shows none.
    pub async fn code(&mut self, prompt: Option<&str>) -> Result<String> {
        let redirect_uri = self.redirect_uri.clone();
        let client_id = self.client_id.clone();
        let mut fields = vec![
            ("client_id", client_id.as_str()),
            ("redirect_uri", &redirect_uri),
            ("response_type", "code"),
            ("scope", "openid profile"),
            ("state", "state-0123456789"),
            ("nonce", "nonce-0123456789"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        fields.extend(prompt.map(|prompt| ("prompt", prompt)));
        let mut answer = self
            .browse(
                &format!("{}?{}", self.path("authorization_endpoint")?, encode(&fields)),
                None,
            )
            .await?;
        for _ in 0..16 {
            answer = match &answer.location {
                Some(to) if to.starts_with(&redirect_uri) => {
                    let code = to.split(['?', '&']).find_map(|pair| pair.strip_prefix("code="));
                    return Ok(code.with_context(|| to.clone())?.to_owned());
                }
                Some(to) => {
                    let to = to.strip_prefix(&self.issuer).unwrap_or(to).to_owned();
                    self.browse(&to, None).await?
                }
                None => self.fill_in(&answer).await?,
            };
        }
        bail!("the provider asks and asks")
    }

    /// Exchanges a code.
    pub async fn redeem(&mut self, code: &str) -> Result<()> {
        let redirect_uri = self.redirect_uri.clone();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        let tokens = self.post_as_client(&self.path("token_endpoint")?, &fields).await?;
        let text = |name: &str| tokens.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        (self.access_token, self.refresh_token) = (text("access_token"), text("refresh_token"));
        tokens.get("id_token").and_then(Json::as_str).context("no ID token")?;
        Ok(())
    }

    /// Reads the person's data with the access token.
    pub async fn userinfo(&mut self) -> Result<()> {
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
            self.path("userinfo_endpoint")?,
            self.host,
            self.access_token
        );
        let about: Json = serde_json::from_str(&self.wire.ask(&request).await?.expect(200)?.body)?;
        about.get("given_name").context("no given name")?;
        Ok(())
    }

    /// Sends the first form of a page: name and password where it has such fields, agreement where it asks for it.
    async fn fill_in(&mut self, page: &Answer) -> Result<Answer> {
        let body = page.body.as_str();
        let form = ["id=\"log-in\"", "id=\"decision-allow\"", "id=\"continue\""]
            .iter()
            .find_map(|wanted| {
                let at = body.find(wanted)?;
                let (before, after) = body.split_at_checked(at)?;
                let from = before.rfind("<form")?;
                body.get(from..at + after.find("</form>")?)
            });
        let form = form.with_context(|| format!("{} {body}", page.status))?;
        let attribute = |tag: &str, name: &str| {
            let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
            Some(value.replace("&amp;", "&"))
        };
        let action = attribute(form, "action").context("a form without an action")?;
        let mut fields = Vec::new();
        for tag in form
            .split('<')
            .filter(|tag| tag.starts_with("input") || tag.starts_with("button"))
        {
            let Some(name) = attribute(tag, "name") else { continue };
            let value = match name.as_str() {
                "username" => self.username.clone(),
                "password" => self.password.clone(),
                "decision" if attribute(tag, "value").as_deref() != Some("allow") => continue,
                _ => attribute(tag, "value").unwrap_or_default(),
            };
            fields.push((name, value));
        }
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let action = action.strip_prefix(&self.issuer).unwrap_or(&action).to_owned();
        self.browse(&action, Some(encode(&fields))).await
    }

    async fn browse(&mut self, path: &str, form: Option<String>) -> Result<Answer> {
        let method = if form.is_some() { "POST" } else { "GET" };
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: text/html\r\n",
            self.host
        );
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            write!(request, "Cookie: {}\r\n", pairs.join("; "))?;
        }
        if let Some(form) = &form {
            let length = form.len();
            write!(
                request,
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"
            )?;
        }
        write!(request, "\r\n{}", form.unwrap_or_default())?;
        let answer = self.wire.ask(&request).await?;
        for cookie in &answer.cookies {
            let (name, value) = cookie
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='))
                .context("a cookie")?;
            if value.is_empty() || cookie.to_ascii_lowercase().contains("max-age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }
}

/// application/x-www-form-urlencoded.
fn encode(fields: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        for (n, part) in [name, value].into_iter().enumerate() {
            if n == 1 {
                text.push('=');
            }
            for byte in part.bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
                    other => {
                        let _written = write!(text, "%{other:02X}");
                    }
                }
            }
        }
    }
    text
}
