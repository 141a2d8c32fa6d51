//! What can go wrong, each told as a page: what happened, and what to do next.

use crate::{
    language::Reader,
    page::{self, Notice},
    provider::ProviderError,
};
use axum::{http::StatusCode, response::Response};

/// Why a person sees no log-in.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The person, or the provider for them, said no.
    AccessDenied,
    /// The answer carries no `state` that this browser began here.
    NotBegunHere,
    /// The answer names no issuer, or another one (RFC 9207).
    OtherProvider,
    /// The provider answered with an error.
    Refused,
    /// The provider cannot be reached.
    ProviderAway,
    /// The provider's answer did not pass the checks.
    Unverified,
    /// More people are here than this process takes.
    Busy,
    /// The provider offers no log-out, or is away: the person is logged out here alone.
    OnlyHere,
    /// No such page.
    NotFound,
}

/// Error codes of RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core section 3.1.2.6 and Unmet Authentication Requirements 1.0.
const CODES: [&str; 15] = [
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
];

/// An error code as our log may have it: anybody can put any text into the address of the answer.
pub(crate) fn known_code(code: &str) -> &'static str {
    CODES.into_iter().find(|known| *known == code).unwrap_or("unknown")
}

impl Failure {
    /// An error code of the provider, which is for our log alone.
    pub(crate) fn refused(code: &str) -> Self {
        tracing::warn!(code = known_code(code), "the provider refused the log-in");
        Self::Refused
    }

    /// The page that tells it.
    pub(crate) fn page(&self, reader: &Reader) -> Response {
        let words = &reader.words.failures;
        let (status, (title, text)) = match self {
            Self::AccessDenied => (StatusCode::FORBIDDEN, words.access_denied),
            Self::NotBegunHere => (StatusCode::BAD_REQUEST, words.not_begun_here),
            Self::OtherProvider | Self::Unverified => (StatusCode::BAD_GATEWAY, words.unverified),
            Self::Refused => (StatusCode::BAD_GATEWAY, words.refused),
            Self::ProviderAway => (StatusCode::SERVICE_UNAVAILABLE, words.provider_away),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, words.busy),
            Self::OnlyHere => (StatusCode::OK, words.only_here),
            Self::NotFound => (StatusCode::NOT_FOUND, words.not_found),
        };
        let again = match self {
            Self::NotFound | Self::OnlyHere => None,
            _ => Some(("/login", reader.words.try_again)),
        };
        page::notice(reader, status, &Notice { title, text, again })
    }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        match &error {
            ProviderError::Away(_) => {
                tracing::error!(%error, "logging in is not possible");
                Self::ProviderAway
            }
            ProviderError::Refused(_) => {
                tracing::warn!(%error, "a log-in was refused");
                Self::Refused
            }
            ProviderError::Unverified(_) => {
                tracing::error!(%error, "a log-in was not believed");
                Self::Unverified
            }
        }
    }
}

/// Any address this service does not have.
pub(crate) async fn not_found(reader: Reader) -> Response {
    Failure::NotFound.page(&reader)
}

#[cfg(test)]
mod tests {
    use super::known_code;

    #[test]
    fn only_known_error_codes_reach_the_log() {
        assert_eq!(known_code("login_required"), "login_required");
        assert_eq!(known_code("Arta Shembulli"), "unknown");
        assert_eq!(known_code("login_required\n"), "unknown");
    }
}
