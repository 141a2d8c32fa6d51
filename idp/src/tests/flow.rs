//! The steps of a FAPI client between its push and its tokens, for tests of what stands in them.

use super::browser::Reply;
use super::relying_party::{RP, RP_CALLBACK, RelyingParty};
use super::world::{VERIFIER, encode};
use serde_json::Value;

/// Pushes a good request with these changes; returns where the browser goes.
pub async fn pushed(rp: &mut RelyingParty, changes: &[(&str, &str)]) -> String {
    let reply = push(rp, changes).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let uri = reply.json()["request_uri"].as_str().unwrap().to_owned();
    format!("/authorize?{}", encode(&[("client_id", RP), ("request_uri", &uri)]))
}

pub async fn push(rp: &mut RelyingParty, changes: &[(&str, &str)]) -> Reply {
    rp.authenticated("/par", &parameters(changes), &[]).await
}

pub fn parameters<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![
        ("client_id", RP),
        ("redirect_uri", RP_CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", "state-0123456789"),
        ("nonce", "nonce-0123456789"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    for (name, _) in changes {
        all.retain(|(n, _)| n != name);
    }
    all.extend(changes);
    all
}

pub async fn redeem(rp: &mut RelyingParty, code: &str, more: &[(&str, &str)]) -> Reply {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", RP_CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    fields.extend(more);
    rp.bound("/token", &fields).await
}

pub async fn refresh(rp: &mut RelyingParty, token: &Value, more: &[(&str, &str)]) -> Reply {
    let mut fields = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str().unwrap()),
    ];
    fields.extend(more);
    rp.bound("/token", &fields).await
}
