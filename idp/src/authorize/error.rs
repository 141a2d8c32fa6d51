//! Errors of the authorization endpoint (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6).

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
}

impl PageError {
    /// For logs and audit events.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::ClientMissing => "client_missing",
            Self::ClientUnknown => "client_unknown",
            Self::RedirectUriMissing => "redirect_uri_missing",
            Self::RedirectUriUnregistered => "redirect_uri_unregistered",
        }
    }
}

/// Errors that go to the client's redirect URI. Descriptions are printable ASCII for developers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthorizeError {
    #[error("{0}")]
    InvalidRequest(&'static str),
    #[error("only response_type=code is supported")]
    UnsupportedResponseType,
    #[error("{0}")]
    InvalidScope(&'static str),
    #[error("request objects are not supported")]
    RequestNotSupported,
    #[error("request_uri is not supported")]
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
}

impl AuthorizeError {
    /// The registered error code.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope(_) => "invalid_scope",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::AccessDenied => "access_denied",
        }
    }
}
