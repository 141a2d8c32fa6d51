//! A browser without a screen: cookies, pages, the passkey script's calls; and a relying party's token request.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, Request, header};
use http_body_util::BodyExt;
use serde_json::Value;
use signum_softauth::SoftAuthenticator;
use tower::ServiceExt;

use super::world::{CALLBACK, ISSUER, SECRET, VERIFIER, encode};

pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
    pub fn location(&self) -> String {
        let location = self
            .headers
            .get(header::LOCATION)
            .map(|value| value.to_str().unwrap().to_owned());
        location.unwrap_or_else(|| panic!("no redirect but {}: {}", self.status, self.body))
    }
    /// A parameter of the address it redirects to.
    pub fn redirected(&self, name: &str) -> Option<String> {
        let location = url::Url::parse(ISSUER).unwrap().join(&self.location()).unwrap();
        location
            .query_pairs()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.into_owned())
    }
    pub fn csrf(&self) -> String {
        let (_, rest) = self
            .body
            .split_once("<meta name=\"csrf\" content=\"")
            .expect("a token in the page");
        rest.split('"').next().unwrap().to_owned()
    }
    pub fn problem(&self) -> String {
        self.json()["type"].as_str().unwrap_or_default().to_owned()
    }
}

#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
    pub authenticator: SoftAuthenticator,
    /// The other end of its connections, where the test says so.
    pub address: Option<std::net::IpAddr>,
}

impl Browser {
    pub fn new(router: Router) -> Self {
        Self {
            router,
            cookies: BTreeMap::new(),
            authenticator: SoftAuthenticator::new(),
            address: None,
        }
    }

    pub async fn send(&mut self, mut request: Request<Body>) -> Reply {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request
                .headers_mut()
                .insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        if let Some(address) = self.address {
            let peer = axum::extract::ConnectInfo(std::net::SocketAddr::new(address, 40_000));
            request.extensions_mut().insert(peer);
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        for cookie in head.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        let request = Request::get(path)
            .header(header::ACCEPT, "text/html")
            .body(Body::empty())
            .unwrap();
        self.send(request).await
    }

    pub async fn post_form(&mut self, path: &str, pairs: &[(&str, &str)]) -> Reply {
        let request = Request::post(path)
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(encode(pairs)))
            .unwrap();
        self.send(request).await
    }

    pub async fn post_json(&mut self, path: &str, csrf: &str, body: &Value) -> Reply {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ORIGIN, ISSUER)
            .header("x-csrf-token", csrf)
            .body(Body::from(body.to_string()))
            .unwrap();
        self.send(request).await
    }

    /// Opens the activation page and makes a passkey; the reply is that of the last call.
    pub async fn activate(&mut self, code: &str) -> Reply {
        let path = format!("/activate/{code}");
        let page = self.get(&path).await;
        if page.status != 200 {
            return page;
        }
        let options = self
            .post_json(&format!("{path}/options"), &page.csrf(), &Value::Null)
            .await;
        assert_eq!(options.status, 200, "{}", options.body);
        let credential = self.authenticator.create(&options.json(), ISSUER).unwrap();
        self.post_json(&path, &page.csrf(), &credential).await
    }

    /// Presses the passkey button of a log-in page; the reply is that of the last call.
    pub async fn use_passkey(&mut self, login: &str) -> Reply {
        let page = self.get(login).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let i = login.split_once("i=").unwrap().1.split('&').next().unwrap();
        let options = self
            .post_json(&format!("/login/passkey/options?i={i}"), &page.csrf(), &Value::Null)
            .await;
        assert_eq!(options.status, 200, "{}", options.body);
        let assertion = self.authenticator.get(&options.json(), ISSUER).unwrap();
        self.post_json(&format!("/login/passkey?i={i}"), &page.csrf(), &assertion)
            .await
    }

    /// From the authorization request through log-in to the consent page (its address).
    pub async fn reach_consent(&mut self, query: &str) -> String {
        let reply = self.get(&format!("/authorize?{query}")).await;
        let done = self.use_passkey(&reply.location()).await;
        assert_eq!(done.status, 200, "{}", done.body);
        let next = done.json()["next"].as_str().unwrap().to_owned();
        let resumed = self.get(&next).await;
        resumed.location()
    }

    /// The whole trip; the reply redirects to the relying party.
    pub async fn sign_in(&mut self, query: &str) -> Reply {
        let consent = self.reach_consent(query).await;
        if !consent.starts_with("/consent") {
            panic!("consent expected, not {consent}");
        }
        let page = self.get(&consent).await;
        let csrf = page.csrf();
        self.post_form(&consent, &[("csrf", &csrf), ("decision", "allow")])
            .await
    }

    /// A code redeemed by the demo client.
    pub async fn redeem(&mut self, code: &str) -> Reply {
        self.redeem_with(&[("code", code)]).await
    }

    /// A token request of the demo client with changes.
    pub async fn redeem_with(&mut self, changes: &[(&str, &str)]) -> Reply {
        self.redeem_as("demo-rp", SECRET, changes).await
    }

    pub async fn redeem_as(&mut self, client: &str, secret: &str, changes: &[(&str, &str)]) -> Reply {
        let mut all = vec![
            ("grant_type", "authorization_code"),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        for (name, value) in changes {
            all.retain(|(n, _)| n != name);
            if !value.is_empty() {
                all.push((name, value));
            }
        }
        self.token_request(client, secret, encode(&all)).await
    }

    /// A token request of the demo client with this very body.
    pub async fn redeem_raw(&mut self, body: String) -> Reply {
        self.token_request("demo-rp", SECRET, body).await
    }

    async fn token_request(&mut self, client: &str, secret: &str, body: String) -> Reply {
        self.form_as("/token", client, secret, body).await
    }

    /// Posts a form as a client with its secret.
    pub async fn form_as(&mut self, path: &str, client: &str, secret: &str, body: String) -> Reply {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(
                header::AUTHORIZATION,
                format!("Basic {}", STANDARD.encode(format!("{client}:{secret}"))),
            )
            .body(Body::from(body))
            .unwrap();
        // A relying party's own connection: no cookies.
        Browser::new(self.router.clone()).send(request).await
    }

    pub async fn userinfo(&mut self, token: &str) -> Reply {
        let request = Request::get("/userinfo").header(header::AUTHORIZATION, format!("Bearer {token}"));
        Browser::new(self.router.clone())
            .send(request.body(Body::empty()).unwrap())
            .await
    }
}
