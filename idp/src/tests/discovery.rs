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
async fn issuer_and_addresses_follow_configuration_whatever_host_a_request_names() {
    let world = World::new().await;
    let plain = metadata(&world).await;
    let forged = |path: &str| {
        let request = http::Request::get(path)
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("x-forwarded-proto", "https")
            .header("forwarded", "host=evil.example;proto=https");
        request.body(axum::body::Body::empty()).unwrap()
    };
    let mut browser = world.browser();
    let document = browser.send(forged("/.well-known/openid-configuration")).await;
    if document.status == 200 {
        assert_eq!(document.json(), plain);
    }
    let query = authorize_query(&[("prompt", "none")]);
    let answer = browser.send(forged(&format!("/authorize?{query}"))).await;
    assert!(!answer.body.contains("evil.example"));
    if answer.status == 303 {
        assert_eq!(answer.redirected("iss").as_deref(), Some(ISSUER));
    }
    assert!(!ISSUER.ends_with('/'));
}

#[tokio::test]
async fn the_listed_grants_are_known_at_the_token_endpoint_and_no_others() {
    let world = World::new().await;
    let listed = listed(&metadata(&world).await, "grant_types_supported");
    let mut browser = world.browser();
    for grant in [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:openid:params:grant-type:ciba",
        "password",
        "implicit",
    ] {
        let error = browser
            .redeem_with(&[("grant_type", grant), ("code", "x")])
            .await
            .json()["error"]
            .clone();
        let known = error != "unsupported_grant_type";
        assert_eq!(known, listed.iter().any(|name| name == grant), "{grant}: {error}");
    }
}

#[tokio::test]
async fn what_is_signed_by_a_listed_algorithm_verifies_with_a_published_key_of_it() {
    let world = World::new().await;
    let metadata = metadata(&world).await;
    let keys = world.browser().get("/jwks").await.json();
    let published: Vec<_> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["alg"].clone())
        .collect();
    let ours: Vec<_> = metadata
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| {
            name.ends_with("signing_alg_values_supported")
                && !name.contains("_auth_")
                && !name.starts_with("request_object")
                && !name.starts_with("dpop")
        })
        .collect();
    assert!(ours.len() >= 3, "{ours:?}");
    for name in ours {
        for algorithm in metadata[name].as_array().unwrap() {
            assert!(published.contains(algorithm), "{name}: {algorithm}");
        }
    }
}

#[tokio::test]
async fn every_claim_that_is_released_is_listed_and_every_listed_one_can_be_had() {
    use crate::claim::Claim;
    let world = World::new().await;
    let listed = listed(&metadata(&world).await, "claims_supported");
    let mut browser = world.enrolled().await;
    let query = authorize_query(&[
        ("client_id", "signer"),
        ("redirect_uri", super::world::OTHER_CALLBACK),
        ("scope", "openid profile personal_number representee_list representee.*"),
    ]);
    let code = browser.sign_in(&query).await.redirected("code").unwrap();
    let changes = [("code", code.as_str()), ("redirect_uri", super::world::OTHER_CALLBACK)];
    let tokens = browser.redeem_as("signer", super::world::SECRET, &changes).await.json();
    let id_token = super::tokens::claims(tokens["id_token"].as_str().unwrap());
    let userinfo = browser.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    let both = [&id_token, &userinfo].map(|claims| claims.as_object().unwrap().keys().cloned());
    let released: std::collections::BTreeSet<_> = both.into_iter().flatten().collect();
    assert!(released.iter().all(|claim| listed.contains(claim)), "{released:?}");
    // Acting for somebody is told only when somebody is acted for.
    let missing: Vec<_> = listed
        .iter()
        .filter(|claim| !released.contains(*claim) && *claim != "representee" && *claim != "representee_list")
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(
        Claim::ALL
            .iter()
            .all(|claim| listed.iter().any(|name| name == claim.name()))
    );
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

/// The names of the IANA registry "OAuth Authorization Server Metadata" and of the OpenID specifications that we have a part of.
const KNOWN: &str = "issuer authorization_endpoint token_endpoint jwks_uri registration_endpoint scopes_supported
    response_types_supported response_modes_supported grant_types_supported token_endpoint_auth_methods_supported
    token_endpoint_auth_signing_alg_values_supported service_documentation ui_locales_supported op_policy_uri op_tos_uri
    revocation_endpoint revocation_endpoint_auth_methods_supported revocation_endpoint_auth_signing_alg_values_supported
    introspection_endpoint introspection_endpoint_auth_methods_supported
    introspection_endpoint_auth_signing_alg_values_supported code_challenge_methods_supported
    device_authorization_endpoint tls_client_certificate_bound_access_tokens mtls_endpoint_aliases userinfo_endpoint
    acr_values_supported subject_types_supported id_token_signing_alg_values_supported
    id_token_encryption_alg_values_supported id_token_encryption_enc_values_supported
    userinfo_signing_alg_values_supported userinfo_encryption_alg_values_supported
    userinfo_encryption_enc_values_supported request_object_signing_alg_values_supported display_values_supported
    claim_types_supported claims_supported claims_parameter_supported request_parameter_supported
    request_uri_parameter_supported require_signed_request_object pushed_authorization_request_endpoint
    require_pushed_authorization_requests introspection_signing_alg_values_supported
    authorization_response_iss_parameter_supported authorization_signing_alg_values_supported
    dpop_signing_alg_values_supported end_session_endpoint backchannel_logout_supported
    backchannel_logout_session_supported prompt_values_supported authorization_details_types_supported";

#[tokio::test]
async fn every_member_is_one_that_a_specification_knows_and_says_something() {
    let world = World::new().await;
    let metadata = metadata(&world).await;
    let known: Vec<_> = KNOWN.split_ascii_whitespace().collect();
    for (name, value) in metadata.as_object().unwrap() {
        assert!(
            known.contains(&name.as_str()),
            "{name}: misspelt, or of no specification"
        );
        let says = match value {
            Value::Array(list) => {
                let mut once: Vec<_> = list.iter().map(|value| value.as_str().unwrap()).collect();
                once.sort_unstable();
                once.dedup();
                once.len() == list.len() && !list.is_empty()
            }
            Value::String(text) => !text.is_empty(),
            Value::Bool(_) | Value::Object(_) => true,
            Value::Null | Value::Number(_) => false,
        };
        assert!(says, "{name}: {value}");
    }
}
