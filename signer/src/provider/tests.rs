//! Logging in at a provider of a few lines, honest or not: the person's data come from userinfo, of the ID token's subject alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::Private;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use signum_core::SystemClock;

use super::*;

/// An ID token for the subject `pairwise` that names nobody, as the identity provider makes it.
fn id_token(issuer: &str, key: &EcKey<Private>) -> String {
    let now = SystemClock.now().seconds();
    let part = |value: Value| B64.encode(value.to_string());
    let signed = format!(
        "{}.{}",
        part(json!({"alg": "ES256", "kid": "k"})),
        part(json!({"iss": issuer, "aud": "signer", "sub": "pairwise", "nonce": "n", "iat": now, "exp": now + 60})),
    );
    let signature = EcdsaSig::sign(&Sha256::digest(&signed), key).unwrap();
    let raw = [signature.r(), signature.s()].map(|n| n.to_vec_padded(32).unwrap());
    format!("{signed}.{}", B64.encode(raw.concat()))
}

fn jwks(key: &EcKey<Private>) -> Value {
    let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
    let mut context = BigNumContext::new().unwrap();
    key.public_key()
        .affine_coordinates(key.group(), &mut x, &mut y, &mut context)
        .unwrap();
    let text = |n: &BigNum| B64.encode(n.to_vec_padded(32).unwrap());
    json!({"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "kid": "k", "x": text(&x), "y": text(&y)}]})
}

/// Logs in at a provider whose userinfo endpoint answers this.
async fn log_in(userinfo: Value) -> Result<LoggedIn, ProviderError> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://idp.localhost:{}", listener.local_addr().unwrap().port());
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = EcKey::generate(&group).unwrap();
    let at = |path: &str| format!("{issuer}{path}");
    let metadata = json!({
        "issuer": issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"), "jwks_uri": at("/jwks"), "end_session_endpoint": at("/logout"),
        "response_types_supported": ["code"], "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    let token = json!({"access_token": "token", "token_type": "Bearer", "id_token": id_token(&issuer, &key)});
    let keys = jwks(&key);
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(async move || Json(metadata)))
        .route("/jwks", get(async move || Json(keys)))
        .route("/token", post(async move || Json(token)))
        .route("/userinfo", get(async move || Json(userinfo)));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let config = crate::Config {
        issuer,
        ..crate::Config::default()
    };
    let http = crate::client().unwrap();
    let provider = Provider::new(&config, "secret".to_owned().into(), http, Arc::new(SystemClock));
    let begun = Begun {
        state: "s".to_owned(),
        nonce: "n".to_owned(),
        verifier: "v".repeat(43),
    };
    let outcome = provider.finish("code".to_owned(), begun).await;
    server.abort();
    outcome
}

fn person(sub: &str, given_name: &str) -> Value {
    json!({"sub": sub, "given_name": given_name, "family_name": "Shembulli", "personal_number": "1234567892"})
}

#[tokio::test]
async fn who_logged_in_is_told_by_userinfo() {
    let logged_in = log_in(person("pairwise", "Testa"))
        .await
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(logged_in.name.given_name, "Testa");
    assert_eq!(logged_in.name.personal_number, "1234567892");
}

#[tokio::test]
async fn userinfo_of_somebody_else_than_the_id_tokens_subject_is_refused() {
    let refused = log_in(person("somebody-else", "Testa")).await.err();
    assert!(matches!(refused, Some(ProviderError::Unverified(_))), "{refused:?}");
}

#[tokio::test]
async fn a_name_with_control_characters_is_no_name() {
    let refused = log_in(person("pairwise", "Te\0sta")).await.err();
    assert!(
        matches!(refused, Some(ProviderError::Incomplete("given_name"))),
        "{refused:?}"
    );
}
