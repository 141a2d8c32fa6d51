//! The OpenID provider as this service knows it: Discovery 1.0, Core 1.0 sections 3.1.2-3.1.3, PKCE (RFC 7636),
//! RP-Initiated Logout 1.0. The protocol itself is the crate `openidconnect`.

use crate::{Settings, claims::Person, failure::known_code, resolver::LoopbackNames, session::Begun};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndSessionUrl,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, LanguageTag, LogoutRequest, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, Scope,
    SignatureVerificationError, TokenResponse,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreIdTokenClaims, CoreJwsSigningAlgorithm, CoreTokenResponse,
        CoreUserInfoClaims,
    },
};
use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;
use url::Url;

/// How long the provider's metadata and keys are believed before they are read again.
const METADATA_AGE: Duration = Duration::from_secs(600);

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

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
}

/// What one reading of the metadata gave.
struct Known {
    client: Client,
    logout: Option<EndSessionUrl>,
    read: Instant,
}

/// The provider, asked for its metadata when it is first needed and again when that is old.
pub(crate) struct Provider {
    settings: Settings,
    http: reqwest::Client,
    known: Mutex<Option<Arc<Known>>>,
}

impl Provider {
    pub(crate) fn new(settings: Settings) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            // The provider has no reason to redirect us, and following would let it send us into our own network.
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(LoopbackNames))
            .no_proxy()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self {
            settings,
            http,
            known: Mutex::new(None),
        })
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    fn own_url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.public_url.as_str().trim_end_matches('/'))
    }

    async fn known(&self) -> Result<Arc<Known>, ProviderError> {
        let mut known = self.known.lock().await;
        if let Some(fresh) = known.as_ref().filter(|known| known.read.elapsed() < METADATA_AGE) {
            return Ok(fresh.clone());
        }
        match self.discover().await {
            Ok(found) => Ok(known.insert(Arc::new(found)).clone()),
            // Old metadata is better than none: the provider's log-in page may well be there.
            Err(error) => known.clone().ok_or(error),
        }
    }

    /// Reads the metadata and the keys, twice at most.
    async fn discover(&self) -> Result<Known, ProviderError> {
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(away)?;
        let metadata = match ProviderMetadataWithLogout::discover_async(issuer.clone(), &self.http).await {
            Ok(metadata) => metadata,
            Err(first) => {
                tracing::info!(
                    cause = chain(&first),
                    "the provider's metadata could not be read, trying again"
                );
                tokio::time::sleep(Duration::from_millis(300)).await;
                ProviderMetadataWithLogout::discover_async(issuer, &self.http)
                    .await
                    .map_err(away)?
            }
        };
        let logout = metadata.additional_metadata().end_session_endpoint.clone();
        let redirect = RedirectUrl::new(self.own_url("/callback")).map_err(away)?;
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(self.settings.client_id.clone()),
            Some(ClientSecret::new(self.settings.client_secret.clone())),
        )
        .set_redirect_uri(redirect);
        Ok(Known {
            client,
            logout,
            read: Instant::now(),
        })
    }

    /// Where to send the browser, and what the answer will be checked against.
    pub(crate) async fn begin(&self, language: &str) -> Result<(Url, Begun), ProviderError> {
        let known = self.known().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = known
            .client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("profile".to_owned()))
            .add_ui_locale(LanguageTag::new(language.to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        Ok((
            url,
            Begun {
                state,
                nonce,
                verifier,
                at: Instant::now(),
            },
        ))
    }

    /// Exchanges the code and verifies everything that comes back.
    pub(crate) async fn finish(&self, code: String, begun: Begun) -> Result<(Person, CoreIdToken), ProviderError> {
        let known = self.known().await?;
        let tokens = known
            .client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(away)?
            .set_pkce_verifier(begun.verifier)
            .request_async(&self.http)
            .await
            .map_err(|error| match error {
                openidconnect::RequestTokenError::ServerResponse(answer) => {
                    ProviderError::Refused(known_code(answer.error().as_ref()))
                }
                other => away(other),
            })?;
        let id_token = tokens
            .id_token()
            .ok_or_else(|| ProviderError::Unverified("no ID token".to_owned()))?
            .clone();
        let claims = match verified(&known.client, &id_token, &tokens, &begun.nonce) {
            Err(Unverified::UnknownKey) => {
                // The provider has changed its key since we read its metadata (Core 1.0 section 10.1.1).
                let renewed = Arc::new(self.discover().await?);
                *self.known.lock().await = Some(renewed.clone());
                verified(&renewed.client, &id_token, &tokens, &begun.nonce)
            }
            other => other,
        }
        .map_err(|error| ProviderError::Unverified(error.to_string()))?;
        let info = self.user_info(&known.client, &tokens, &claims).await?;
        Ok((Person::new(&claims, &info), id_token))
    }

    /// Asks the userinfo endpoint (Core 1.0 section 5.3); the subject must be that of the ID token.
    async fn user_info(
        &self,
        client: &Client,
        tokens: &CoreTokenResponse,
        claims: &CoreIdTokenClaims,
    ) -> Result<CoreUserInfoClaims, ProviderError> {
        client
            .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            .map_err(away)?
            .request_async(&self.http)
            .await
            .map_err(|error| ProviderError::Unverified(chain(&error)))
    }

    /// Where to send the browser so that the person is logged out at the provider too, if it offers that.
    pub(crate) async fn logout_url(&self, id_token: &CoreIdToken, state: &str) -> Option<Url> {
        let endpoint = self.known().await.ok()?.logout.clone()?;
        let back = PostLogoutRedirectUrl::new(self.own_url("/")).ok()?;
        Some(
            LogoutRequest::from(endpoint)
                .set_id_token_hint(id_token)
                .set_client_id(ClientId::new(self.settings.client_id.clone()))
                .set_post_logout_redirect_uri(back)
                .set_state(CsrfToken::new(state.to_owned()))
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

/// Verifies the ID token: signature (ES256 only), issuer, audience, expiry, nonce (Core 1.0 section 3.1.3.7) and the
/// hash of the access token (section 3.1.3.8).
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
