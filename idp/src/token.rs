//! The token endpoint's flow (RFC 6749 section 3.2): client authentication, proof of possession, then one file per grant.

pub(crate) mod access_token;
pub(crate) mod authorization_code;
mod client_credentials;
mod device_code;
mod error;
pub(crate) mod id_token;
mod refresh_answer;
pub(crate) mod refresh_store;
mod refresh_token;
mod released;
pub(crate) mod resource;

use http::HeaderMap;
use serde_json::{Value as Json, json};

use crate::abuse::address;
use crate::authorize::details::Details;
use crate::binding::SenderConstraint;
use crate::client_auth::{self, AuthMethod, Authenticated, Shown, TlsCertificate};
use crate::clients::{Client, GrantType};
use crate::dpop::{self, Proof};
use crate::form::Form;
use crate::service::Idp;

pub(crate) use error::TokenError;

/// RFC 8628 section 3.4.
pub(crate) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A successful answer (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3).
pub(crate) struct Tokens {
    pub access_token: String,
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: u32,
    pub scope: String,
    pub id_token: Option<String>,
    pub refresh_token: Option<String>,
    /// RFC 9396 section 7.
    pub authorization_details: Option<Json>,
}

impl Tokens {
    pub(crate) fn to_json(&self) -> Json {
        let mut answer = json!({
            "access_token": self.access_token,
            "token_type": self.token_type,
            "expires_in": self.expires_in,
            "scope": self.scope,
        });
        let mut put = |name: &str, value: Option<Json>| {
            if let (Some(answer), Some(value)) = (answer.as_object_mut(), value) {
                answer.insert(name.to_owned(), value);
            }
        };
        put("id_token", self.id_token.as_ref().map(|token| json!(token)));
        put("refresh_token", self.refresh_token.as_ref().map(|token| json!(token)));
        put("authorization_details", self.authorization_details.clone());
        answer
    }
}

/// A request as it came.
pub(crate) struct TokenRequest<'a> {
    pub form: &'a Form,
    pub headers: &'a HeaderMap,
    pub certificate: Option<&'a TlsCertificate>,
}

/// An authenticated client and what its tokens will be bound to.
pub(crate) struct Caller {
    pub client: Client,
    /// `None`: bearer tokens, where the client's profile allows them.
    pub constraint: Option<SenderConstraint>,
    /// Spent in the transaction that issues.
    pub proof: Option<Proof>,
}

/// Handles a token request; the answer is the JSON for the client.
pub(crate) async fn token(idp: &Idp, request: &TokenRequest<'_>) -> Result<Json, TokenError> {
    let form = request.form;
    dpop::ask_for_nonce(idp, request.headers, &idp.at("/token"))?;
    let shown = shown(request);
    let authenticated = client_auth::authenticate(idp, &shown).await?;
    client_auth::from_its_networks(idp, &authenticated.client, &shown).await?;
    let grant_type = form
        .get("grant_type")
        .ok_or(TokenError::InvalidRequest("grant_type is missing"))?;
    let wanted = match grant_type {
        "authorization_code" => GrantType::AuthorizationCode,
        "refresh_token" => GrantType::RefreshToken,
        "client_credentials" => GrantType::ClientCredentials,
        DEVICE_CODE => GrantType::DeviceCode,
        _ => return Err(TokenError::UnsupportedGrantType),
    };
    if !authenticated.client.metadata.may_use(wanted) {
        return Err(TokenError::UnauthorizedClient);
    }
    let caller = caller(idp, request, authenticated)?;
    let answer = match wanted {
        GrantType::AuthorizationCode => authorization_code::redeem(idp, &caller, form)
            .await
            .map(|t| t.to_json()),
        GrantType::RefreshToken => refresh_token::refresh(idp, &caller, form).await,
        GrantType::ClientCredentials => client_credentials::issue(idp, &caller, form).await.map(|t| t.to_json()),
        GrantType::DeviceCode => device_code::redeem(idp, &caller, form).await.map(|t| t.to_json()),
    };
    if let (Err(TokenError::InvalidGrant), true) = (&answer, caller.is_public()) {
        // Anybody can call themselves a public client: its wrong grants are failures as wrong secrets are.
        let (client, from) = (&caller.client.client_id, address::noted(request.headers));
        client_auth::failed(idp, Some(client), from, "wrong grant").await?;
    }
    answer
}

/// What a request shows of its client.
pub(crate) fn shown<'a>(request: &TokenRequest<'a>) -> Shown<'a> {
    let authorization = request.headers.get(http::header::AUTHORIZATION);
    Shown {
        form: request.form,
        authorization: authorization.and_then(|value| value.to_str().ok()),
        certificate: request.certificate,
        address: address::noted(request.headers),
    }
}

fn caller(idp: &Idp, request: &TokenRequest<'_>, authenticated: Authenticated) -> Result<Caller, TokenError> {
    let Authenticated { client, certificate } = authenticated;
    let proof = dpop::read(idp, request.headers, "POST", &idp.at("/token"), None)?;
    let constraint = constraint(&client, proof.as_ref(), certificate)?;
    Ok(Caller {
        client,
        constraint,
        proof,
    })
}

/// RFC 9449 has no code for a proof that is not there.
const NO_PROOF: TokenError = TokenError::InvalidRequest("a DPoP proof is needed");

/// What tokens of this request are bound to. A proof is always honoured; a certificate where the client registered for it, or
/// where its profile wants one or the other.
fn constraint(
    client: &Client,
    proof: Option<&Proof>,
    certificate: Option<String>,
) -> Result<Option<SenderConstraint>, TokenError> {
    let (metadata, profile) = (&client.metadata, client.profile);
    let by_certificate = metadata.tls_client_certificate_bound_access_tokens;
    if let Some(proof) = proof {
        return Ok(Some(proof.constraint()));
    }
    if metadata.dpop_bound_access_tokens {
        return Err(NO_PROOF);
    }
    let wanted = by_certificate || profile.requires_sender_constraint();
    match certificate {
        Some(thumbprint) if wanted => Ok(Some(SenderConstraint::CertificateSha256(thumbprint))),
        None if by_certificate => Err(TokenError::InvalidRequest("the client's certificate is missing")),
        None if wanted => Err(NO_PROOF),
        Some(_) | None => Ok(None),
    }
}

/// Which of the details of a grant the token of this request is for (RFC 9396 section 6).
fn narrowed_details(granted: &Details, form: &Form) -> Result<Details, TokenError> {
    let asked = form.get("authorization_details");
    granted
        .narrowed(asked)
        .map_err(|_| TokenError::InvalidAuthorizationDetails)
}

impl Caller {
    /// Whether the client proves who it is at all.
    pub(crate) fn is_public(&self) -> bool {
        self.client.metadata.token_endpoint_auth_method == AuthMethod::Public
    }
}
