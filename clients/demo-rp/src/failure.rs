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
    /// The answer names another issuer (RFC 9207).
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

impl Failure {
    /// An error code of the provider, which is for our log alone.
    pub(crate) fn refused(code: &str) -> Self {
        tracing::warn!(code = %code.escape_default(), "the provider refused the log-in");
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
