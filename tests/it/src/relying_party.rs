//! The client `demo-rp` as the tests play it: authorization requests with PKCE, and token requests right and wrong.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

use crate::app::TestApp;
use crate::trip::through_idp;
use crate::visitor::{Answer, Visitor};

/// One authorization request under way.
pub struct Request {
    pub verifier: String,
    pub state: String,
    pub nonce: String,
    pub url: String,
}

fn fresh() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// A correct request for `openid profile`.
pub fn request(app: &TestApp) -> Request {
    Request::of(&app.idp, "demo-rp", &app.redirect_uri)
}

impl Request {
    /// A correct request for `openid profile` of any client.
    pub fn of(idp: &str, client_id: &str, redirect_uri: &str) -> Self {
        let (verifier, state, nonce) = (fresh(), fresh(), fresh());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let parameters = [
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", redirect_uri),
            ("scope", "openid profile"),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let url = Url::parse_with_params(&format!("{idp}/authorize"), parameters)
            .expect("an address")
            .to_string();
        Self {
            verifier,
            state,
            nonce,
            url,
        }
    }
}

/// Takes the visitor through log-in and consent and answers the code.
pub async fn code(app: &TestApp, visitor: &mut Visitor, request: &Request) -> String {
    let answer = through_idp(app, visitor, &request.url, &app.redirect_uri).await;
    assert_eq!(
        answer.redirect_parameter("state").as_ref(),
        Some(&request.state),
        "{}",
        answer.text()
    );
    assert_eq!(answer.redirect_parameter("iss").as_ref(), Some(&app.idp));
    answer.redirect_parameter("code").expect("a code")
}

/// Exchanges a code as the client with its secret.
pub async fn token(app: &TestApp, code: &str, verifier: &str) -> Answer {
    let server = Visitor::new();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", verifier),
    ];
    let request = server
        .request(Method::POST, &format!("{}/token", app.idp))
        .form(&fields);
    server
        .send(request.basic_auth("demo-rp", Some(&app.client_secret)))
        .await
}

/// Asks /userinfo with an access token.
pub async fn userinfo(app: &TestApp, access_token: &str) -> Answer {
    let server = Visitor::new();
    let request = server
        .request(Method::GET, &format!("{}/userinfo", app.idp))
        .bearer_auth(access_token);
    server.send(request).await
}
