//! What a client says of itself, by the member names of RFC 7591 section 2 and the specifications that add to them.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::client_auth::AuthMethod;
use crate::jose::Algorithm;

/// A grant type that a client may use (RFC 7591 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
}

/// How a client's access tokens look. Not of RFC 7591: resource servers of an agency choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// 256 random bits, of which only we know what they are worth.
    #[default]
    Opaque,
    /// RFC 9068: resource servers may verify it by themselves.
    Jwt,
}

/// Client metadata. A member that is absent has the value that its specification says for "absent".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    pub redirect_uris: Vec<String>,
    /// OpenID Connect RP-Initiated Logout section 3.1.
    pub post_logout_redirect_uris: Vec<String>,
    pub token_endpoint_auth_method: AuthMethod,
    /// The one algorithm of the client's assertions; absent: any of its profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<Algorithm>,
    pub grant_types: Vec<GrantType>,
    pub response_types: Vec<String>,
    /// Scopes the client may ask for, separated by spaces; absent: any that its legal bases allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// The client's public keys by value (RFC 7517 section 5); never together with `jwks_uri`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// RFC 7591 section 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,

    // OpenID Connect Dynamic Client Registration section 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<Algorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_alg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_enc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<Algorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_alg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_enc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<Algorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_acr_values: Vec<String>,

    /// RFC 9101 section 10.5.
    pub require_signed_request_object: bool,
    /// RFC 9126 section 6.
    pub require_pushed_authorization_requests: bool,
    /// JARM section 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_signed_response_alg: Option<Algorithm>,
    /// RFC 9701 section 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_signed_response_alg: Option<Algorithm>,
    /// RFC 9396 section 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types: Vec<String>,

    /// Ours: identifiers of resource servers (RFC 8707) that the client may ask for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,

    /// RFC 9449 section 5.2.
    pub dpop_bound_access_tokens: bool,
    /// RFC 8705 section 3.4.
    pub tls_client_certificate_bound_access_tokens: bool,
    // RFC 8705 section 2.1.2: exactly one of these with `tls_client_auth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_subject_dn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_dns: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_email: Option<String>,

    /// OpenID Connect Back-Channel Logout section 2.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    pub backchannel_logout_session_required: bool,

    /// Ours.
    pub access_token_format: AccessTokenFormat,

    // Ours, set by officers and operators, never by a registration request.
    /// TARA's `user_cancel` instead of `access_denied` when the person declines.
    #[serde(skip_serializing_if = "is_false")]
    pub tara_compat: bool,
}

fn is_false(value: &bool) -> bool {
    !*value
}

impl Default for Metadata {
    fn default() -> Self {
        Self {
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            token_endpoint_auth_method: AuthMethod::default(),
            token_endpoint_auth_signing_alg: None,
            grant_types: vec![GrantType::AuthorizationCode],
            response_types: vec!["code".to_owned()],
            scope: None,
            contacts: Vec::new(),
            client_uri: None,
            policy_uri: None,
            tos_uri: None,
            jwks: None,
            jwks_uri: None,
            software_id: None,
            software_version: None,
            id_token_signed_response_alg: None,
            id_token_encrypted_response_alg: None,
            id_token_encrypted_response_enc: None,
            userinfo_signed_response_alg: None,
            userinfo_encrypted_response_alg: None,
            userinfo_encrypted_response_enc: None,
            request_object_signing_alg: None,
            default_max_age: None,
            default_acr_values: Vec::new(),
            require_signed_request_object: false,
            require_pushed_authorization_requests: false,
            authorization_signed_response_alg: None,
            introspection_signed_response_alg: None,
            authorization_details_types: Vec::new(),
            resources: Vec::new(),
            dpop_bound_access_tokens: false,
            tls_client_certificate_bound_access_tokens: false,
            tls_client_auth_subject_dn: None,
            tls_client_auth_san_dns: None,
            tls_client_auth_san_uri: None,
            tls_client_auth_san_ip: None,
            tls_client_auth_san_email: None,
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            access_token_format: AccessTokenFormat::default(),
            tara_compat: false,
        }
    }
}

impl Metadata {
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }
}
