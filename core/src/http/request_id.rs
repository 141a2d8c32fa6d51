//! The request's reference code: 128 random bits in hex, in the log, in `X-Request-Id` and on every error page.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName};

use crate::random::Random;

pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Extractor: this request's reference code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    pub fn new(random: &dyn Random) -> Self {
        Self(hex::encode(random.bytes::<16>()))
    }

    /// The id that a proxy or another service gave, if it is of our form; nothing else of the outside enters the log.
    pub(super) fn given_or_new(headers: &HeaderMap, random: &dyn Random) -> Self {
        let given = headers.get(HEADER).and_then(|v| v.to_str().ok());
        let well_formed = |id: &&str| id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        given
            .filter(well_formed)
            .map_or_else(|| Self::new(random), |id| Self(id.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // Outside a frame (a unit test of one handler) there is none.
        Ok(parts
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| Self("-".to_owned())))
    }
}
