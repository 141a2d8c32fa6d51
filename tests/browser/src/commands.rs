//! WebDriver commands that the client library lacks: WebAuthn Level 3 section 11 "User Agent Automation", the console log, and
//! Chromium's DevTools.

use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::{Value as Json, json};
use url::{ParseError, Url};

/// A command below `/session/{id}/`.
#[derive(Debug)]
pub struct Extension {
    method: Method,
    path: String,
    body: Option<Json>,
}

impl Extension {
    fn post(path: impl Into<String>, body: Json) -> Self {
        Self {
            method: Method::POST,
            path: path.into(),
            body: Some(body),
        }
    }

    /// An internal authenticator that verifies its user and agrees to everything; at most three discoverable credentials.
    pub fn add_authenticator() -> Self {
        let options = json!({
            "protocol": "ctap2_1", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "isUserConsenting": true,
        });
        Self::post("webauthn/authenticator", options)
    }

    pub fn remove_authenticator(id: &str) -> Self {
        Self {
            method: Method::DELETE,
            path: format!("webauthn/authenticator/{id}"),
            body: None,
        }
    }

    pub fn credentials(id: &str) -> Self {
        Self {
            method: Method::GET,
            path: format!("webauthn/authenticator/{id}/credentials"),
            body: None,
        }
    }

    /// Whether the person succeeds when the authenticator asks for PIN or fingerprint.
    pub fn user_verified(id: &str, verified: bool) -> Self {
        Self::post(
            format!("webauthn/authenticator/{id}/uv"),
            json!({ "isUserVerified": verified }),
        )
    }

    /// What the console said since the last call, refusals of the Content Security Policy included.
    pub fn console() -> Self {
        Self::post("se/log", json!({ "type": "browser" }))
    }

    pub fn devtools(command: &str, parameters: Json) -> Self {
        Self::post("goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/{}", session_id.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (self.method.clone(), self.body.as_ref().map(Json::to_string))
    }
}
