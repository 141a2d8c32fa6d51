//! What the provider says of itself (OpenID Connect Discovery, RFC 8414): complete, true, and cheap to ask again.

use serde_json::Value;

use super::world::{ISSUER, World, authorize_query};

async fn metadata(world: &World) -> Value {
    world.browser().get("/.well-known/openid-configuration").await.json()
}

fn listed(metadata: &Value, member: &str) -> Vec<String> {
    let list = metadata[member].as_array().unwrap_or_else(|| panic!("{member}"));
    list.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn both_documents_are_the_same_and_are_asked_for_again_by_their_tag() {
    let world = World::new().await;
    let mut browser = world.browser();
    let oidc = browser.get("/.well-known/openid-configuration").await;
    let oauth = browser.get("/.well-known/oauth-authorization-server").await;
    assert_eq!(oidc.json(), oauth.json());
    assert_eq!(oidc.json()["issuer"], ISSUER);
    assert_eq!(oidc.headers["cache-control"], "public, max-age=3600");
    let again = http::Request::get("/.well-known/openid-configuration")
        .header("if-none-match", oidc.headers["etag"].clone())
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(browser.send(again).await.status, 304);
}

#[tokio::test]
async fn every_endpoint_that_is_named_answers_at_this_issuer() {
    let world = World::new().await;
    let metadata = metadata(&world).await;
    let mut browser = world.browser();
    let named: Vec<_> = metadata
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri")
        .collect();
    assert!(named.len() >= 6);
    for (name, address) in named {
        let path = address
            .as_str()
            .unwrap()
            .strip_prefix(ISSUER)
            .unwrap_or_else(|| panic!("{name}: {address}"));
        assert_ne!(browser.get(path).await.status, 404, "{name}");
    }
}

#[tokio::test]
async fn every_listed_response_mode_scope_prompt_and_level_works() {
    let world = World::new().await;
    let metadata = metadata(&world).await;
    let mut browser = world.logged_in().await;
    let mut works = async |name: &str, value: &str| {
        let value = if name == "scope" {
            format!("openid {value}")
        } else {
            value.to_owned()
        };
        let query = authorize_query(&[(name, &value)]);
        let reply = browser.get(&format!("/authorize?{query}")).await;
        let error = match reply.status {
            303 => reply.redirected("error"),
            _ => reply.body.contains("name=\"error\"").then(|| reply.body.clone()),
        };
        // A client without the legal basis is told so of that scope.
        let allowed = name == "scope" && value.contains("personal_number");
        assert!(error.is_none() || allowed, "{name}={value}: {error:?}");
    };
    for (member, name) in [
        ("response_modes_supported", "response_mode"),
        ("scopes_supported", "scope"),
        ("prompt_values_supported", "prompt"),
        ("acr_values_supported", "acr_values"),
        ("display_values_supported", "display"),
        ("ui_locales_supported", "ui_locales"),
    ] {
        for value in listed(&metadata, member) {
            works(name, &value).await;
        }
    }
    works("acr_values", &listed(&metadata, "acr_values_supported").join(" ")).await;
}

#[tokio::test]
async fn weak_and_absent_things_are_not_offered() {
    let world = World::new().await;
    let metadata = metadata(&world).await;
    assert_eq!(listed(&metadata, "response_types_supported"), ["code"]);
    assert_eq!(listed(&metadata, "code_challenge_methods_supported"), ["S256"]);
    assert_eq!(listed(&metadata, "subject_types_supported"), ["pairwise"]);
    assert_eq!(metadata["request_uri_parameter_supported"], false);
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    let text = metadata.to_string();
    for absent in ["\"none\",\"", "HS256", "implicit", "password", "fragment", "\"high\""] {
        let fine = absent == "\"none\",\"" && metadata["prompt_values_supported"].to_string().contains(absent);
        assert!(fine || !text.contains(absent), "{absent}: {text}");
    }
}
