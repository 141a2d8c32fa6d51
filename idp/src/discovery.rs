//! Provider metadata (OpenID Connect Discovery section 3, RFC 8414 section 2 and the specifications that add to it): only what
//! works.

use serde_json::{Map, Value as Json, json};

use crate::authorize::mode::ResponseMode;
use crate::claim::Claim;
use crate::client_auth::AuthMethod;
use crate::clients::Profile;
use crate::jose::{Algorithm, encrypt};
use crate::level::Level;
use crate::scope::Scope;
use crate::service::Idp;
use crate::token::DEVICE_CODE;

/// What an ID token says of the log-in.
const OF_THE_LOG_IN: [&str; 12] = [
    "iss",
    "sub",
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

pub(crate) fn metadata(idp: &Idp) -> Json {
    let parts = [endpoints(idp), requests(idp), answers(idp), clients()];
    let all: Map<String, Json> = parts.into_iter().filter_map(object).flatten().collect();
    all.into()
}

fn object(part: Json) -> Option<Map<String, Json>> {
    match part {
        Json::Object(members) => Some(members),
        _ => None,
    }
}

fn endpoints(idp: &Idp) -> Json {
    let issuer = idp.issuer();
    let at = |path: &str| format!("{issuer}{path}");
    let registration = idp.config.registration.open.then(|| at("/register"));
    let mut told = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "pushed_authorization_request_endpoint": at("/par"),
        "token_endpoint": at("/token"),
        "device_authorization_endpoint": at("/device_authorization"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/jwks"),
        "introspection_endpoint": at("/introspect"),
        "revocation_endpoint": at("/revoke"),
        "end_session_endpoint": at("/logout"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
    });
    if let (Some(members), Some(address)) = (told.as_object_mut(), registration) {
        members.insert("registration_endpoint".to_owned(), json!(address));
    }
    told
}

/// What may be asked for at the authorization endpoint.
fn requests(idp: &Idp) -> Json {
    let levels = [Level::Low, Level::Substantial, Level::High];
    let acr: Vec<_> = levels
        .into_iter()
        .filter(|level| *level <= idp.best_level())
        .map(Level::name)
        .collect();
    let claims = OF_THE_LOG_IN
        .into_iter()
        .chain(Claim::ALL.map(Claim::name))
        .chain(["representee_list", "representee"]);
    let mut told = json!({
        "scopes_supported": Scope::ALL.map(Scope::name),
        "claims_supported": claims.collect::<Vec<_>>(),
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": true,
        "acr_values_supported": acr,
        "response_types_supported": ["code"],
        "response_modes_supported": ResponseMode::NAMES,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "display_values_supported": ["page", "popup", "touch", "wap"],
        "ui_locales_supported": ["sq", "sr-Latn", "sr-Cyrl", "en"],
        "code_challenge_methods_supported": ["S256"],
        "request_parameter_supported": true,
        "request_uri_parameter_supported": false,
        "request_object_signing_alg_values_supported": Algorithm::ALL.map(Algorithm::name),
        // For profiles and clients that say so, not for everybody.
        "require_pushed_authorization_requests": false,
        "require_signed_request_object": false,
    });
    let types = &idp.config.authorization_details_types;
    if let (Some(members), false) = (told.as_object_mut(), types.is_empty()) {
        members.insert("authorization_details_types_supported".to_owned(), json!(types));
    }
    told
}

/// How it is answered.
fn answers(idp: &Idp) -> Json {
    let offered = idp.keys.current().offered();
    let ours: Vec<_> = offered.into_iter().map(Algorithm::name).collect();
    json!({
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ours,
        "authorization_signing_alg_values_supported": ours,
        "introspection_signing_alg_values_supported": ours,
        "userinfo_signing_alg_values_supported": ours,
        "id_token_encryption_alg_values_supported": [encrypt::ALG],
        "id_token_encryption_enc_values_supported": [encrypt::ENC],
        "userinfo_encryption_alg_values_supported": [encrypt::ALG],
        "userinfo_encryption_enc_values_supported": [encrypt::ENC],
        "authorization_response_iss_parameter_supported": true,
    })
}

/// How clients prove themselves, and what for.
fn clients() -> Json {
    let mut methods: Vec<Json> = Vec::new();
    for method in Profile::ALL.into_iter().flat_map(Profile::client_auth_methods) {
        let name = json!(method);
        if !methods.contains(&name) {
            methods.push(name);
        }
    }
    let algorithms = Algorithm::ALL.map(Algorithm::name);
    // Whoever can call themselves anything is not told what a token is worth.
    let proven: Vec<_> = methods
        .iter()
        .filter(|method| **method != json!(AuthMethod::Public))
        .collect();
    json!({
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", DEVICE_CODE],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": proven,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "dpop_signing_alg_values_supported": Algorithm::FAPI.map(Algorithm::name),
    })
}
