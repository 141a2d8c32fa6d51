//! Relying parties of the tests: two of each profile, with keys and secrets that are printed for whoever plays them.

use anyhow::Result;
use serde::Serialize;
use serde_json::{Value as Json, json};
use signum_core::{Cx, Random};
use signum_idp::client_auth::AuthMethod;
use signum_idp::clients::{self, GrantType, Metadata, Profile, Realm, Registration, Words};
use signum_idp::jose::Algorithm;

use crate::keys;

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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
}

/// Where the relying parties are.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    /// Of the first client of `gov-basic`.
    pub backchannel_logout_uri: Option<String>,
}

impl Addresses {
    /// The host that may be told of log-outs although it is this machine or another of the same network.
    pub fn backchannel_host(&self) -> Option<String> {
        let address: http::Uri = self.backchannel_logout_uri.as_deref()?.parse().ok()?;
        address.host().map(str::to_owned)
    }
}

const ALL: [(&str, Profile); 7] = [
    ("basic-1", Profile::GovBasic),
    ("basic-2", Profile::GovBasic),
    ("fapi2-1", Profile::Fapi2),
    ("fapi2-2", Profile::Fapi2),
    ("fapi2-ms-1", Profile::Fapi2Ms),
    ("fapi2-ms-2", Profile::Fapi2Ms),
    ("native-1", Profile::Native),
];

/// What they may ask for: of people, and for themselves.
const SCOPE: &str = "openid profile representee_list registry:read";

/// Registers them all.
pub async fn register(cx: &Cx, addresses: &Addresses) -> Result<Vec<TestClient>> {
    let mut all = Vec::new();
    for (id, profile) in ALL {
        all.push(one(cx, id, profile, addresses).await?);
    }
    Ok(all)
}

async fn one(cx: &Cx, id: &str, profile: Profile, addresses: &Addresses) -> Result<TestClient> {
    let random: &dyn Random = &*cx.random;
    let secret = (profile == Profile::GovBasic).then(|| random.token());
    let strict = matches!(profile, Profile::Fapi2 | Profile::Fapi2Ms);
    let key = strict.then(|| keys::p256(id)).transpose()?;
    let client = TestClient {
        client_id: id.to_owned(),
        profile: profile.name(),
        client_secret: secret.clone(),
        jwks: key.as_ref().map(|key| json!({"keys": [key]})),
        redirect_uris: match profile {
            // RFC 8252 section 7.3: the port is the program's own.
            Profile::Native => vec!["http://127.0.0.1/callback".to_owned()],
            Profile::Fapi2 | Profile::Fapi2Ms => secure(&addresses.redirect_uris),
            Profile::GovBasic => addresses.redirect_uris.clone(),
        },
        post_logout_redirect_uris: match profile {
            Profile::Native => Vec::new(),
            Profile::Fapi2 | Profile::Fapi2Ms => secure(&addresses.post_logout_redirect_uris),
            Profile::GovBasic => addresses.post_logout_redirect_uris.clone(),
        },
        backchannel_logout_uri: addresses.backchannel_logout_uri.clone().filter(|_| id == "basic-1"),
    };
    let registration = Registration {
        client_id: id.to_owned(),
        profile,
        realm: Realm::Production,
        name: words(id),
        purpose: words("To test the identity provider."),
        metadata: metadata(profile, &client, key.as_ref().map(keys::public)),
        secret: secret.map(Into::into),
        legal_basis_personal_number: false,
    };
    clients::put(cx, registration).await?;
    Ok(client)
}

/// FAPI 2.0 takes no plain http in production, where these clients are.
fn secure(addresses: &[String]) -> Vec<String> {
    let secure = |address: &String| match address.strip_prefix("http://") {
        Some(rest) => format!("https://{rest}"),
        None => address.clone(),
    };
    addresses.iter().map(secure).collect()
}

fn metadata(profile: Profile, client: &TestClient, key: Option<Json>) -> Metadata {
    let mut grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
    if profile != Profile::Native {
        grant_types.push(GrantType::ClientCredentials);
    }
    let message_signing = profile == Profile::Fapi2Ms;
    Metadata {
        redirect_uris: client.redirect_uris.clone(),
        post_logout_redirect_uris: client.post_logout_redirect_uris.clone(),
        token_endpoint_auth_method: match profile {
            Profile::GovBasic => AuthMethod::ClientSecretBasic,
            Profile::Fapi2 | Profile::Fapi2Ms => AuthMethod::PrivateKeyJwt,
            Profile::Native => AuthMethod::Public,
        },
        grant_types,
        scope: (profile != Profile::Native).then(|| SCOPE.to_owned()),
        jwks: key.map(|key| json!({"keys": [key]})),
        require_pushed_authorization_requests: profile.requires_par(),
        require_signed_request_object: message_signing,
        authorization_signed_response_alg: message_signing.then_some(Algorithm::Es256),
        dpop_bound_access_tokens: profile != Profile::GovBasic,
        backchannel_logout_uri: client.backchannel_logout_uri.clone(),
        backchannel_logout_session_required: client.backchannel_logout_uri.is_some(),
        ..Metadata::default()
    }
}

fn words(text: &str) -> Words {
    ["sq", "sr-Latn", "en"]
        .map(|tag| (tag.to_owned(), text.to_owned()))
        .into()
}
