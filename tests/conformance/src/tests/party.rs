//! A relying party of any profile with a person's browser: right requests, which a row then spoils.

use std::sync::Mutex;

use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::{Value as Json, json};
use signum_core::Clock;

use super::attempt::{Attempt, Jwt, Said};
use super::stand::{CALLBACK, Stand};
use super::{jwt, page};
use crate::keys;

/// RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const STATE: &str = "state-0123456789";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub struct Party<'s> {
    pub stand: &'s Stand,
    pub client: Json,
    pub dpop: Json,
    nonce: Mutex<Option<String>>,
    back: Client,
    browser: Client,
}

impl<'s> Party<'s> {
    pub fn new(stand: &'s Stand, client_id: &str) -> Self {
        let clients = stand.target.description["clients"].as_array().unwrap();
        let client = clients.iter().find(|client| client["client_id"] == client_id).unwrap();
        let http = || Client::builder().redirect(Policy::none());
        Self {
            stand,
            client: client.clone(),
            dpop: keys::p256("dpop").unwrap(),
            nonce: Mutex::new(None),
            back: http().build().unwrap(),
            browser: http().cookie_store(true).build().unwrap(),
        }
    }

    pub fn id(&self) -> &str {
        self.client["client_id"].as_str().unwrap()
    }

    fn profile(&self) -> &str {
        self.client["profile"].as_str().unwrap()
    }

    pub fn issuer(&self) -> &str {
        &self.stand.target.issuer
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer())
    }

    /// The time as the provider has it.
    pub fn now(&self) -> i64 {
        self.stand.clock.now().seconds()
    }

    fn key(&self) -> Json {
        self.client["jwks"]["keys"][0].clone()
    }

    pub fn assertion(&self) -> Jwt {
        Jwt {
            header: json!({"alg": "ES256", "kid": self.key()["kid"]}),
            claims: json!({
                "iss": self.id(), "sub": self.id(), "aud": self.issuer(), "jti": jwt::fresh(),
                "iat": self.now(), "exp": self.now() + 60,
            }),
            key: self.key(),
            after: None,
        }
    }

    pub fn proof(&self, method: &str, path: &str, token: Option<&str>) -> Jwt {
        let mut claims = json!({"jti": jwt::fresh(), "htm": method, "htu": self.url(path), "iat": self.now()});
        if let Some(nonce) = &*self.nonce.lock().unwrap() {
            claims["nonce"] = json!(nonce);
        }
        if let Some(token) = token {
            claims["ath"] = json!(jwt::hash(token));
        }
        Jwt {
            header: json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwt::public(&self.dpop)}),
            claims,
            key: self.dpop.clone(),
            after: None,
        }
    }

    /// The parameters of an authorization request.
    pub fn wishes(&self) -> [(&'static str, &str); 8] {
        [
            ("client_id", self.id()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile"),
            ("state", STATE),
            ("nonce", "nonce-0123456789"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]
    }

    /// The client proves itself as its profile does.
    fn posting(&self, path: &str, fields: &[(&str, &str)]) -> Attempt {
        let mut attempt = Attempt::new(Method::POST, path);
        for (name, value) in fields {
            attempt.set(name, value);
        }
        match self.client["client_secret"].as_str() {
            Some(secret) => attempt.authorization = Some(jwt::basic(self.id(), secret)),
            None => attempt.assertion = Some(self.assertion()),
        }
        attempt
    }

    /// A pushed authorization request; of `fapi2-ms` with a signed request object, as it has to be.
    pub fn pushing(&self) -> Attempt {
        if self.profile() != "fapi2-ms" {
            return self.posting("/par", &self.wishes());
        }
        let mut attempt = self.posting("/par", &[("client_id", self.id())]);
        let mut claims: Json = self
            .wishes()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        for (name, value) in [
            ("iss", json!(self.id())),
            ("aud", json!(self.issuer())),
            ("nbf", json!(self.now())),
            ("exp", json!(self.now() + 60)),
        ] {
            claims[name] = value;
        }
        attempt.object = Some(Jwt {
            header: json!({"alg": "ES256", "typ": "oauth-authz-req+jwt", "kid": self.key()["kid"]}),
            claims,
            key: self.key(),
            after: None,
        });
        attempt
    }

    fn at_token(&self, fields: &[(&str, &str)]) -> Attempt {
        let mut attempt = self.posting("/token", fields);
        if self.profile() != "gov-basic" {
            attempt.set("client_id", self.id());
            attempt.proofs.push(self.proof("POST", "/token", None));
        }
        attempt
    }

    pub fn redeeming(&self, code: &str) -> Attempt {
        self.at_token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
    }

    pub fn refreshing(&self, refresh_token: &str) -> Attempt {
        self.at_token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
    }

    pub fn asking_userinfo(&self, token: &str) -> Attempt {
        let mut attempt = Attempt::new(Method::GET, "/userinfo");
        if self.profile() == "gov-basic" {
            attempt.authorization = Some(format!("Bearer {token}"));
        } else {
            attempt.authorization = Some(format!("DPoP {token}"));
            attempt.proofs.push(self.proof("GET", "/userinfo", Some(token)));
        }
        attempt
    }

    pub async fn send(&self, attempt: &Attempt) -> Said {
        let mut form = attempt.form.clone();
        if let Some(assertion) = &attempt.assertion {
            form.push(("client_assertion_type".to_owned(), ASSERTION_TYPE.to_owned()));
            form.push(("client_assertion".to_owned(), assertion.sign()));
        }
        if let Some(object) = &attempt.object {
            form.push(("request".to_owned(), object.sign()));
        }
        let mut request = self.back.request(attempt.method.clone(), self.url(&attempt.path));
        if let Some(authorization) = &attempt.authorization {
            request = request.header("authorization", authorization);
        }
        for proof in &attempt.proofs {
            request = request.header("dpop", proof.sign());
        }
        if attempt.method != Method::GET {
            request = request.form(&form);
        }
        let said = Said::read(request.send().await.unwrap()).await;
        if let Some(nonce) = &said.nonce {
            *self.nonce.lock().unwrap() = Some(nonce.clone());
        }
        said
    }

    /// As `send`, once more where the provider first wants its nonce in the proof.
    pub async fn insist(&self, mut attempt: Attempt) -> Said {
        let said = self.send(&attempt).await;
        if said.error != "use_dpop_nonce" {
            return said;
        }
        for proof in &mut attempt.proofs {
            proof.claims["nonce"] = json!(said.nonce);
        }
        attempt.refresh();
        self.send(&attempt).await
    }

    /// What the browser is answered at `path`, without following it.
    pub async fn browse(&self, path: &str) -> Said {
        let path = path.strip_prefix(self.issuer()).unwrap_or(path);
        Said::read(self.browser.get(self.url(path)).send().await.unwrap()).await
    }

    /// The same with a form.
    pub async fn submit(&self, path: &str, form: &[(String, String)]) -> Said {
        let path = path.strip_prefix(self.issuer()).unwrap_or(path);
        Said::read(self.browser.post(self.url(path)).form(form).send().await.unwrap()).await
    }

    pub async fn pushed(&self) -> String {
        let said = self.insist(self.pushing()).await;
        assert_eq!(said.status, 201, "{said:?}");
        said.json()["request_uri"].as_str().unwrap().to_owned()
    }

    pub fn authorize(&self, request_uri: &str) -> String {
        query("/authorize", &[("client_id", self.id()), ("request_uri", request_uri)])
    }

    /// An authorization request: pushed by those who have to, in the address by others.
    pub async fn asking(&self) -> String {
        match self.profile() {
            "gov-basic" => query("/authorize", &self.wishes()),
            _ => self.authorize(&self.pushed().await),
        }
    }

    /// Follows redirects of the provider to a page or to the relying party.
    pub async fn follow(&self, path: &str) -> Said {
        let mut said = self.browse(path).await;
        for _ in 0..6 {
            if said.location.is_empty() || said.location.starts_with(CALLBACK) {
                return said;
            }
            said = self.browse(&said.location).await;
        }
        panic!("too many redirects: {said:?}")
    }

    /// Log in and agree as `besim`; the answer that sends the browser back.
    pub async fn answered(&self, path: &str) -> Said {
        let mut said = self.follow(path).await;
        for _ in 0..4 {
            if said.location.starts_with(CALLBACK) {
                return said;
            }
            let form = ["log-in", "decision-allow", "continue"]
                .iter()
                .find_map(|id| page::with_button(&said.body, id));
            let mut form = form.unwrap_or_else(|| panic!("no way on: {said:?}"));
            if form.action.starts_with("/login/form") {
                form.set("username", "besim");
                form.set("password", "besim-test");
            }
            let next = self.submit(&form.action, &form.fields).await;
            said = if next.location.is_empty() || next.location.starts_with(CALLBACK) {
                next
            } else {
                self.follow(&next.location).await
            };
        }
        panic!("the provider asks and asks: {said:?}")
    }

    pub async fn code(&self) -> String {
        let said = self.answered(&self.asking().await).await;
        said.sent("code").unwrap_or_else(|| panic!("{said:?}"))
    }

    pub async fn tokens(&self) -> Json {
        let said = self.insist(self.redeeming(&self.code().await)).await;
        assert_eq!(said.status, 200, "{said:?}");
        said.json()
    }
}

/// A path with a query.
pub fn query(path: &str, fields: &[(&str, &str)]) -> String {
    let url = reqwest::Url::parse_with_params("http://localhost", fields).unwrap();
    format!("{path}?{}", url.query().unwrap_or_default())
}
