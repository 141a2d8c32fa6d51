//! Requests before they are sent, which a row spoils, and what came back.

use reqwest::{Method, Response};
use serde_json::{Value as Json, json};

use super::jwt;

/// A JWT before it is signed.
#[derive(Clone)]
pub struct Jwt {
    pub header: Json,
    pub claims: Json,
    pub key: Json,
    /// What happens to it after it is signed.
    pub after: Option<fn(&str) -> String>,
}

impl Jwt {
    pub fn claim(&mut self, name: &str, value: Json) {
        self.claims[name] = value;
    }

    pub fn without(&mut self, name: &str) {
        self.claims.as_object_mut().unwrap().remove(name);
    }

    pub fn header(&mut self, name: &str, value: Json) {
        self.header[name] = value;
    }

    pub fn without_header(&mut self, name: &str) {
        self.header.as_object_mut().unwrap().remove(name);
    }

    pub fn sign(&self) -> String {
        let signed = jwt::sign(&self.header, &self.claims, &self.key);
        self.after.map_or(signed.clone(), |after| after(&signed))
    }
}

#[derive(Clone)]
pub struct Attempt {
    pub method: Method,
    pub path: String,
    pub form: Vec<(String, String)>,
    pub assertion: Option<Jwt>,
    pub proofs: Vec<Jwt>,
    /// A signed request object (RFC 9101); it goes as `request`.
    pub object: Option<Jwt>,
    /// The Authorization header.
    pub authorization: Option<String>,
}

impl Attempt {
    pub fn new(method: Method, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            form: Vec::new(),
            assertion: None,
            proofs: Vec::new(),
            object: None,
            authorization: None,
        }
    }

    /// An empty value leaves the parameter out.
    pub fn set(&mut self, name: &str, value: &str) {
        self.form.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.form.push((name.to_owned(), value.to_owned()));
        }
    }

    pub fn assertion(&mut self) -> &mut Jwt {
        self.assertion.as_mut().unwrap()
    }

    pub fn proof(&mut self) -> &mut Jwt {
        &mut self.proofs[0]
    }

    pub fn object(&mut self) -> &mut Jwt {
        self.object.as_mut().unwrap()
    }

    /// What is signed is made anew, so that nothing is refused only because it was used.
    pub fn refresh(&mut self) {
        let signed = [&mut self.assertion, &mut self.object].into_iter().flatten();
        for jwt in signed.chain(&mut self.proofs) {
            if jwt.claims["jti"].is_string() {
                jwt.claims["jti"] = json!(jwt::fresh());
            }
        }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    /// From JSON, from the address, or from the challenge.
    pub error: String,
    pub location: String,
    pub nonce: Option<String>,
    pub challenge: String,
    pub body: String,
}

impl Said {
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A parameter of the address that the browser is sent to, or of the JWT in it (JARM).
    pub fn sent(&self, name: &str) -> Option<String> {
        sent(&self.location, name)
    }

    pub async fn read(answer: Response) -> Self {
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let (status, nonce) = (answer.status().as_u16(), header("dpop-nonce"));
        let challenge = header("www-authenticate").unwrap_or_default();
        let location = header("location").unwrap_or_default();
        let body = answer.text().await.unwrap();
        let json: Json = serde_json::from_str(&body).unwrap_or_default();
        let challenged = challenge
            .split_once("error=\"")
            .and_then(|(_, rest)| rest.split('"').next());
        let error = match json["error"].as_str() {
            Some(error) => error.to_owned(),
            None => sent(&location, "error")
                .or(challenged.map(str::to_owned))
                .unwrap_or_default(),
        };
        Self {
            status,
            error,
            location,
            nonce,
            challenge,
            body,
        }
    }
}

pub fn sent(location: &str, name: &str) -> Option<String> {
    let url = reqwest::Url::parse("http://localhost").unwrap().join(location).ok()?;
    let find = |name: &str| {
        url.query_pairs()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    };
    match find("response") {
        Some(signed) => jwt::claims(&signed)[name].as_str().map(str::to_owned),
        None => find(name),
    }
}
