//! Errors of the authorization endpoint (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6).

use signum_core::{DbError, retry_on_db_conflict};
use signum_hsm_shim::HsmError;

/// Errors found before client and redirect URI are known to belong together: a page, never a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PageError {
    #[error("client_id is missing or repeated")]
    ClientMissing,
    #[error("unknown client")]
    ClientUnknown,
    #[error("redirect_uri is missing or repeated")]
    RedirectUriMissing,
    #[error("redirect_uri is not registered")]
    RedirectUriUnregistered,
    /// Unknown, expired, answered before, another client's, or no pushed request at all; all look alike.
    #[error("request_uri is not one of ours for this client, or was used")]
    RequestUri,
    /// A request object that is not the client's: nothing in it is believed, the redirect URI neither.
    #[error("the request object is not valid")]
    RequestObject,
}

impl PageError {
    /// For logs and audit events.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::ClientMissing => "client_missing",
            Self::ClientUnknown => "client_unknown",
            Self::RedirectUriMissing => "redirect_uri_missing",
            Self::RedirectUriUnregistered => "redirect_uri_unregistered",
            Self::RequestUri => "invalid_request_uri",
            Self::RequestObject => "invalid_request_object",
        }
    }
}

/// Errors that go to the client: to its redirect URI, or as JSON from the pushed request endpoint. Descriptions are printable
/// ASCII for developers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthorizeError {
    #[error("{0}")]
    InvalidRequest(&'static str),
    #[error("only response_type=code is supported")]
    UnsupportedResponseType,
    #[error("{0}")]
    InvalidScope(&'static str),
    /// RFC 9396 section 5.
    #[error("{0}")]
    InvalidAuthorizationDetails(&'static str),
    /// RFC 8707 section 2.
    #[error("a resource is unknown or not registered for this client, or there are too many")]
    InvalidTarget,
    #[error("{0}")]
    UnauthorizedClient(&'static str),
    /// RFC 9101 section 7: not the client's, or not as it has to be.
    #[error("{0}")]
    InvalidRequestObject(&'static str),
    #[error("request objects are not supported for a client without keys")]
    RequestNotSupported,
    #[error("request_uri of other origins is not supported")]
    RequestUriNotSupported,
    #[error("registration is not supported")]
    RegistrationNotSupported,
    #[error("the person has to log in")]
    LoginRequired,
    #[error("the person has to consent")]
    ConsentRequired,
    #[error("the requested level of assurance cannot be reached")]
    UnmetAuthenticationRequirements,
    #[error("the person declined")]
    AccessDenied,
    /// TARA's word for it, to clients that were registered with `tara_compat`.
    #[error("the person declined")]
    UserCancel,
}

impl AuthorizeError {
    /// The registered error code.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope(_) => "invalid_scope",
            Self::InvalidAuthorizationDetails(_) => "invalid_authorization_details",
            Self::InvalidTarget => "invalid_target",
            Self::UnauthorizedClient(_) => "unauthorized_client",
            Self::InvalidRequestObject(_) => "invalid_request_object",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::AccessDenied => "access_denied",
            Self::UserCancel => "user_cancel",
        }
    }
}

/// What keeps a request from any answer at all: ours, not the caller's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    #[error(transparent)]
    Db(#[from] DbError),
    /// The answer could not be signed.
    #[error(transparent)]
    Hsm(#[from] HsmError),
}
retry_on_db_conflict!(Unanswered);
