//! Error answers as problem details (RFC 9457).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// An error answer: `Problem::new(StatusCode::CONFLICT, "code_used", "This link was used").detail("Ask for a new one.")`.
///
/// The frame adds the request id, and shows a page instead when the browser asked for HTML.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    #[serde(serialize_with = "number")]
    status: StatusCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Problem {
    /// `code` is stable and in snake_case; `title` is a short English sentence without personal data.
    pub fn new(status: StatusCode, code: &str, title: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:signum:problem:{code}"),
            title: title.into(),
            status,
            detail: None,
            request_id: None,
        }
    }

    /// What the caller can do next.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        self.kind.rsplit(':').next().unwrap_or_default()
    }

    pub(super) fn with_request_id(mut self, id: &str) -> Self {
        self.request_id = Some(id.to_owned());
        self
    }

    /// The general problem of a status that came without one: a wrong path, a body that does not parse, a panic.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, title, detail) = match status {
            StatusCode::NOT_FOUND => ("not_found", "There is nothing at this address", "Check the address."),
            StatusCode::METHOD_NOT_ALLOWED => (
                "method_not_allowed",
                "This address does not take this method",
                "See the header Allow.",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "The request is too large", "Send less."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => (
                "media_type",
                "This content type is not taken here",
                "See the documentation of this address.",
            ),
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => {
                ("timeout", "The request took too long", "Try again.")
            }
            StatusCode::SERVICE_UNAVAILABLE => ("unavailable", "The service cannot do this now", "Try again later."),
            status if status.is_server_error() => (
                "internal",
                "Something went wrong on our side",
                "Try again; if it stays, give us the request id.",
            ),
            _ => (
                "bad_request",
                "The request was not understood",
                "Correct the request and send it again.",
            ),
        };
        Self::new(status, code, title).detail(detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        // The frame writes it again with the request id.
        response.extensions_mut().insert(self);
        response
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.status.as_u16(), self.code(), self.title)
    }
}

impl std::error::Error for Problem {}

// The signature that serde asks for.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_problem_is_written_as_the_agreement_says() {
        let problem = Problem::new(StatusCode::CONFLICT, "code_used", "This link was used")
            .detail("Ask for a new one.")
            .with_request_id("00ff");
        assert_eq!(problem.code(), "code_used");
        let expected = serde_json::json!({"type": "urn:signum:problem:code_used", "title": "This link was used",
            "status": 409, "detail": "Ask for a new one.", "request_id": "00ff"});
        assert_eq!(serde_json::to_value(&problem).unwrap(), expected);
        assert_eq!(
            problem.into_response().headers()["content-type"],
            "application/problem+json"
        );
    }
}
