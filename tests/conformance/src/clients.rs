//! Relying parties of the tests: two of each profile, with keys and secrets that are printed for whoever plays them.

use anyhow::Result;
use serde::Serialize;
use serde_json::Value as Json;
use signum_core::{Cx, Random};
use signum_idp::clients::{self, NewClient, Words};

/// What a player of this relying party needs to know.
#[derive(Clone, Debug, Serialize)]
pub struct TestClient {
    pub client_id: String,
    pub profile: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Private keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Json>,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
}

/// Where the relying parties are.
#[derive(Clone, Debug)]
pub struct Addresses {
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
}

/// Registers them all.
pub async fn register(cx: &Cx, addresses: &Addresses) -> Result<Vec<TestClient>> {
    let mut all = Vec::new();
    for id in ["basic-1", "basic-2"] {
        all.push(basic(cx, id, addresses).await?);
    }
    Ok(all)
}

async fn basic(cx: &Cx, id: &str, addresses: &Addresses) -> Result<TestClient> {
    let random: &dyn Random = &*cx.random;
    let secret = random.token();
    let new = NewClient {
        client_id: id.to_owned(),
        name: words(id),
        purpose: words("To test the identity provider."),
        redirect_uris: addresses.redirect_uris.clone(),
        post_logout_redirect_uris: addresses.post_logout_redirect_uris.clone(),
        secret: secret.clone().into(),
        legal_basis_personal_number: false,
    };
    clients::register(cx, new).await?;
    Ok(TestClient {
        client_id: id.to_owned(),
        profile: "gov-basic",
        client_secret: Some(secret),
        jwks: None,
        redirect_uris: addresses.redirect_uris.clone(),
        post_logout_redirect_uris: addresses.post_logout_redirect_uris.clone(),
    })
}

fn words(text: &str) -> Words {
    ["sq", "sr-Latn", "en"]
        .map(|tag| (tag.to_owned(), text.to_owned()))
        .into()
}
