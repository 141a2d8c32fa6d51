//! Provider metadata (OpenID Connect Discovery section 3, RFC 8414, RFC 9207): only what works.

use serde_json::{Value as Json, json};

use crate::level::Level;
use crate::scope::Scope;
use crate::service::Idp;

pub(crate) fn metadata(idp: &Idp) -> Json {
    let issuer = idp.issuer();
    let at = |path: &str| format!("{issuer}{path}");
    let levels = [Level::Low, Level::Substantial, Level::High];
    let acr: Vec<_> = levels
        .into_iter()
        .filter(|level| *level <= idp.best_level())
        .map(Level::name)
        .collect();
    let mut claims = vec![
        "iss",
        "aud",
        "exp",
        "iat",
        "jti",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "sid",
        "at_hash",
    ];
    claims.extend(["representee_list", "representee"]);
    claims.extend(Scope::ALL.into_iter().flat_map(Scope::claims));
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/jwks"),
        "end_session_endpoint": at("/logout"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "scopes_supported": Scope::ALL.map(Scope::name),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "acr_values_supported": acr,
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "claim_types_supported": ["normal"],
        "claims_supported": claims,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["sq", "sr-Latn", "sr-Cyrl", "en"],
        "authorization_response_iss_parameter_supported": true,
    })
}
