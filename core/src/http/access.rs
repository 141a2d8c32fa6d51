//! One line and one measurement a request: the matched route, never the path, and no query.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;

use super::RequestId;

pub(super) struct Access {
    service: &'static str,
    method: http::Method,
    route: String,
    started: Instant,
}

impl Access {
    pub(super) fn begin(service: &'static str, request: &Request) -> Self {
        // The raw path may hold a one-time code; the route's pattern never does.
        let route = request
            .extensions()
            .get::<MatchedPath>()
            .map_or("unmatched", MatchedPath::as_str)
            .to_owned();
        Self {
            service,
            method: request.method().clone(),
            route,
            started: Instant::now(),
        }
    }

    pub(super) fn span(&self, id: &RequestId) -> tracing::Span {
        tracing::info_span!("request", service = self.service, id = %id)
    }

    pub(super) fn end(&self, response: &Response) {
        let taken = self.started.elapsed();
        let status = response.status().as_u16();
        let ms = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(target: "signum::access", method = self.method(), route = %self.route, status, ms, "request");
        let route = self.route.clone();
        metrics::counter!("http_requests_total", "service" => self.service, "method" => self.method(),
            "route" => route.clone(), "status" => status.to_string())
        .increment(1);
        metrics::histogram!("http_request_seconds", "service" => self.service, "route" => route)
            .record(taken.as_secs_f64());
    }

    /// Invented methods must not make new time series.
    fn method(&self) -> &'static str {
        match self.method.as_str() {
            "GET" => "GET",
            "HEAD" => "HEAD",
            "POST" => "POST",
            "PUT" => "PUT",
            "DELETE" => "DELETE",
            "OPTIONS" => "OPTIONS",
            _ => "other",
        }
    }
}
