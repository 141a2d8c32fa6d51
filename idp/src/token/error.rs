//! What goes wrong at the token endpoint, by the codes of RFC 6749 section 5.2 and of the grants' own specifications.

use std::time::Duration;

use signum_core::{DbError, retry_on_db_conflict};
use signum_hsm_shim::HsmError;

use crate::client_auth::ClientAuthError;
use crate::dpop::DpopError;
use crate::for_client::ForClientError;

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// Unknown client, wrong proof or none; all look alike.
    #[error("client authentication failed")]
    InvalidClient,
    /// Whatever is wrong with a code or token looks alike; the audit log knows.
    #[error("the grant is not valid for this client")]
    InvalidGrant,
    #[error("the client is not registered for this grant type")]
    UnauthorizedClient,
    #[error("this grant type is not supported")]
    UnsupportedGrantType,
    #[error("the scope is not one that was granted, or unknown")]
    InvalidScope,
    /// RFC 8707 section 2.
    #[error("the resource is unknown, not registered for this client, or not part of the grant")]
    InvalidTarget,
    /// RFC 9396 section 5.
    #[error("authorization_details are not ones that were agreed to")]
    InvalidAuthorizationDetails,
    // RFC 8628 section 3.5.
    #[error("the person has not answered yet")]
    AuthorizationPending,
    #[error("the person has not answered yet; ask less often")]
    SlowDown,
    #[error("the person has not agreed")]
    AccessDenied,
    #[error("the device code has expired")]
    ExpiredToken,
    #[error("too many requests from this network; try again later")]
    TooMany(Duration),
    #[error(transparent)]
    Dpop(DpopError),
    #[error("the answer cannot be sealed")]
    Sealing,
    #[error(transparent)]
    Unreadable(#[from] ForClientError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Hsm(#[from] HsmError),
}
retry_on_db_conflict!(TokenError);

impl TokenError {
    /// `None`: our own fault.
    pub(crate) fn code(&self) -> Option<&'static str> {
        match self {
            Self::InvalidRequest(_) | Self::Db(DbError::NulInText) => Some("invalid_request"),
            Self::InvalidClient => Some("invalid_client"),
            Self::InvalidGrant => Some("invalid_grant"),
            Self::UnauthorizedClient => Some("unauthorized_client"),
            Self::UnsupportedGrantType => Some("unsupported_grant_type"),
            Self::InvalidScope => Some("invalid_scope"),
            Self::InvalidTarget => Some("invalid_target"),
            Self::InvalidAuthorizationDetails => Some("invalid_authorization_details"),
            Self::AuthorizationPending => Some("authorization_pending"),
            Self::SlowDown => Some("slow_down"),
            Self::AccessDenied => Some("access_denied"),
            Self::ExpiredToken => Some("expired_token"),
            Self::TooMany(_) => Some("temporarily_unavailable"),
            Self::Dpop(error) => error.code(),
            Self::Sealing | Self::Unreadable(_) | Self::Db(_) | Self::Hsm(_) => None,
        }
    }
}

impl From<ClientAuthError> for TokenError {
    fn from(error: ClientAuthError) -> Self {
        match error {
            ClientAuthError::InvalidRequest(problem) => Self::InvalidRequest(problem),
            ClientAuthError::InvalidClient(_) => Self::InvalidClient,
            ClientAuthError::TooMany(wait) => Self::TooMany(wait),
            ClientAuthError::Db(error) => Self::Db(error),
        }
    }
}

/// A database's error stays one: a transaction that lost a race is tried again.
impl From<DpopError> for TokenError {
    fn from(error: DpopError) -> Self {
        match error {
            DpopError::Db(error) => Self::Db(error),
            other => Self::Dpop(other),
        }
    }
}
