//! The identity provider as this service knows it: Discovery 1.0, Core 1.0 sections 3.1.2, 3.1.3 and 5.3, PKCE (RFC 7636),
//! RP-Initiated Logout 1.0. The protocol itself is the crate `openidconnect`; this service is an ordinary client.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreIdToken, CoreIdTokenClaims,
    CoreJwsSigningAlgorithm, CoreTokenResponse,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, LanguageTag, LocalizedClaim,
    LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, TokenResponse,
    UserInfoClaims,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use signum_core::contract::PersonName;
use signum_core::{Clock, Timestamp};
use tokio::sync::Mutex;
use url::Url;

#[cfg(test)]
mod tests;

/// How long the provider's metadata and keys are believed before they are read again.
const METADATA_AGE: Duration = Duration::from_secs(600);

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// Error codes of RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core section 3.1.2.6 and Unmet Authentication Requirements 1.0.
const CODES: [&str; 16] = [
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "login_required",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unmet_authentication_requirements",
    "unsupported_grant_type",
    "unsupported_response_type",
    "request_not_supported",
];

/// An error code as our log may have it: anybody can put any text into the address of the answer.
pub(crate) fn known_code(code: &str) -> &'static str {
    let known = CODES.into_iter().find(|known| *known == code);
    known.unwrap_or("an unknown code")
}

/// The claim behind the scope `personal_number`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct PersonalNumber {
    personal_number: Option<String>,
}
impl AdditionalClaims for PersonalNumber {}

/// Why a log-in did not succeed at the provider. The causes are for our log only.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// The provider cannot be reached or does not answer as OpenID Connect says.
    #[error("the provider is away: {0}")]
    Away(String),
    /// The provider did not accept the code.
    #[error("the provider refused the code: {0}")]
    Refused(&'static str),
    /// What the provider answered is not what we asked for, or not signed by it.
    #[error("the answer could not be verified: {0}")]
    Unverified(String),
    /// The person did not release what a certificate needs.
    #[error("the provider did not tell {0}")]
    Incomplete(&'static str),
}

/// What the answer to an authorization request will be checked against.
pub(crate) struct Begun {
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

/// Who logged in, and the ID token as hint for the logout.
pub(crate) struct LoggedIn {
    pub name: PersonName,
    /// `auth_time` of the ID token; 1970 if it has none.
    pub authenticated_at: Timestamp,
    pub id_token: String,
}

struct Known {
    client: Client,
    logout: Option<EndSessionUrl>,
    read: Timestamp,
}

/// The provider, asked for its metadata when it is first needed and again when that is old.
pub(crate) struct Provider {
    pub issuer: String,
    pub public_url: String,
    pub client_id: String,
    pub client_secret: SecretString,
    pub http: reqwest::Client,
    pub clock: Arc<dyn Clock>,
    known: Mutex<Option<Arc<Known>>>,
}

impl Provider {
    pub(crate) fn new(
        config: &crate::Config,
        client_secret: SecretString,
        http: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            issuer: config.issuer.clone(),
            public_url: config.public_url.clone(),
            client_id: config.client_id.clone(),
            client_secret,
            http,
            clock,
            known: Mutex::new(None),
        }
    }

    async fn known(&self) -> Result<Arc<Known>, ProviderError> {
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        if let Some(fresh) = known.as_ref().filter(|known| now.since(known.read) < METADATA_AGE) {
            return Ok(fresh.clone());
        }
        match self.discover().await {
            Ok(found) => Ok(known.insert(Arc::new(found)).clone()),
            // Old metadata is better than none: the provider's log-in page may well be there.
            Err(error) => known.clone().ok_or(error),
        }
    }

    async fn discover(&self) -> Result<Known, ProviderError> {
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(away)?;
        let metadata = ProviderMetadataWithLogout::discover_async(issuer, &self.http)
            .await
            .map_err(away)?;
        let logout = metadata.additional_metadata().end_session_endpoint.clone();
        let redirect = RedirectUrl::new(format!("{}/callback", self.public_url)).map_err(away)?;
        let secret = ClientSecret::new(self.client_secret.expose_secret().to_owned());
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(self.client_id.clone()), Some(secret))
            .set_redirect_uri(redirect);
        Ok(Known {
            client,
            logout,
            read: self.clock.now(),
        })
    }

    /// Where to send the browser; `again` asks for a gesture even of someone who is logged in. `fresh` makes the random values.
    pub(crate) async fn begin(
        &self,
        language: &str,
        again: bool,
        fresh: impl Fn() -> String,
    ) -> Result<(Url, Begun), ProviderError> {
        let known = self.known().await?;
        let verifier = PkceCodeVerifier::new(fresh());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let (state, nonce) = (CsrfToken::new(fresh()), Nonce::new(fresh()));
        let mut request = known
            .client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
            .add_scope(Scope::new("profile".to_owned()))
            .add_scope(Scope::new("personal_number".to_owned()))
            .add_ui_locale(LanguageTag::new(language.to_owned()))
            .set_pkce_challenge(challenge);
        if again {
            request = request.add_prompt(CoreAuthPrompt::Login);
        }
        let (url, state, nonce) = request.url();
        let begun = Begun {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        };
        Ok((url, begun))
    }

    /// Exchanges the code, verifies the ID token, and asks who the person is.
    pub(crate) async fn finish(&self, code: String, begun: Begun) -> Result<LoggedIn, ProviderError> {
        let known = self.known().await?;
        let tokens = known
            .client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(away)?
            .set_pkce_verifier(PkceCodeVerifier::new(begun.verifier))
            .request_async(&self.http)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(answer) => {
                    ProviderError::Refused(known_code(answer.error().as_ref()))
                }
                other => away(other),
            })?;
        let id_token = tokens
            .id_token()
            .ok_or_else(|| ProviderError::Unverified("no ID token".to_owned()))?;
        let nonce = Nonce::new(begun.nonce);
        let claims = match verified(&known.client, id_token, &tokens, &nonce) {
            Err(Unverified::UnknownKey) => {
                // The provider has changed its key since we read its metadata (Core 1.0 section 10.1.1).
                let renewed = Arc::new(self.discover().await?);
                *self.known.lock().await = Some(renewed.clone());
                verified(&renewed.client, id_token, &tokens, &nonce)
            }
            other => other,
        }
        .map_err(|error| ProviderError::Unverified(error.to_string()))?;
        Ok(LoggedIn {
            name: self.person(&known.client, &tokens, &claims).await?,
            authenticated_at: Timestamp::from_seconds(claims.auth_time().map_or(0, |time| time.timestamp())),
            id_token: id_token.to_string(),
        })
    }

    /// Asks the userinfo endpoint (Core 1.0 section 5.3); the subject must be that of the ID token.
    async fn person(
        &self,
        client: &Client,
        tokens: &CoreTokenResponse,
        claims: &CoreIdTokenClaims,
    ) -> Result<PersonName, ProviderError> {
        let info: UserInfoClaims<PersonalNumber, CoreGenderClaim> = client
            .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            .map_err(away)?
            .request_async(&self.http)
            .await
            .map_err(|error| ProviderError::Unverified(chain(&error)))?;
        let number = info.additional_claims().personal_number.clone();
        Ok(PersonName {
            given_name: first(info.given_name()).ok_or(ProviderError::Incomplete("given_name"))?,
            surname: first(info.family_name()).ok_or(ProviderError::Incomplete("family_name"))?,
            personal_number: number
                .filter(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_alphanumeric()))
                .ok_or(ProviderError::Incomplete("personal_number"))?,
        })
    }

    /// Where to send the browser so that the person is logged out at the provider too, if it offers that.
    pub(crate) async fn logout_url(&self, id_token: &str) -> Option<Url> {
        let endpoint = self.known().await.ok()?.logout.clone()?;
        let back = PostLogoutRedirectUrl::new(format!("{}/", self.public_url)).ok()?;
        let hint: CoreIdToken = id_token.parse().ok()?;
        Some(
            LogoutRequest::from(endpoint)
                .set_id_token_hint(&hint)
                .set_client_id(ClientId::new(self.client_id.clone()))
                .set_post_logout_redirect_uri(back)
                .http_get_url(),
        )
    }
}

#[derive(Debug, thiserror::Error)]
enum Unverified {
    #[error("signed by a key we do not know")]
    UnknownKey,
    #[error("{0}")]
    Claims(String),
    #[error("the access token is not the one the ID token speaks of")]
    AccessToken,
}

/// Verifies the ID token: signature (ES256 only), issuer, audience, expiry, nonce (Core 1.0 section 3.1.3.7) and the hash of
/// the access token (section 3.1.3.8).
fn verified(
    client: &Client,
    id_token: &CoreIdToken,
    tokens: &CoreTokenResponse,
    nonce: &Nonce,
) -> Result<CoreIdTokenClaims, Unverified> {
    let verifier = client
        .id_token_verifier()
        .set_allowed_algs([CoreJwsSigningAlgorithm::EcdsaP256Sha256]);
    let claims = id_token.claims(&verifier, nonce).map_err(|error| match error {
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            Unverified::UnknownKey
        }
        other => Unverified::Claims(chain(&other)),
    })?;
    if let Some(expected) = claims.access_token_hash() {
        let found = id_token
            .signing_alg()
            .and_then(|algorithm| Ok((algorithm, id_token.signing_key(&verifier)?)))
            .ok()
            .and_then(|(algorithm, key)| AccessTokenHash::from_token(tokens.access_token(), algorithm, key).ok());
        if found.as_ref() != Some(expected) {
            return Err(Unverified::AccessToken);
        }
    }
    Ok(claims.clone())
}

fn first<T: std::ops::Deref<Target = String>>(claim: Option<&LocalizedClaim<T>>) -> Option<String> {
    let (_, text) = claim?.iter().next()?;
    Some(text.to_string()).filter(|text| !text.trim().is_empty() && !text.chars().any(char::is_control))
}

fn away(error: impl Error) -> ProviderError {
    ProviderError::Away(chain(&error))
}

/// An error and all its causes in one line.
fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        line = format!("{line}: {deeper}");
        cause = deeper.source();
    }
    line
}
