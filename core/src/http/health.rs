//! Operator endpoints: `/healthz` (the process lives), `/readyz` (it can do its work), `/metrics` (Prometheus text format).

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::db::Db;

/// What a check says: fine, or what is wrong (an operator's word, without secrets).
pub type CheckResult = Result<(), String>;
type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = CheckResult> + Send>> + Send + Sync>;

/// One check may take this long before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// Named checks of readiness.
/// ```
/// # use signum_core::http::Health;
/// let health = Health::default().check("idp.database", || async { Ok(()) });
/// ```
#[derive(Clone, Default)]
pub struct Health {
    checks: BTreeMap<String, Check>,
    instance: String,
}

impl Health {
    /// Adds a check, replacing one of the same name.
    pub fn check<F, Fut>(mut self, name: impl Into<String>, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = CheckResult> + Send + 'static,
    {
        self.checks.insert(name.into(), Arc::new(move || Box::pin(check())));
        self
    }

    /// Adds the check that a service's database answers, as `<service>.database`.
    pub fn database(self, service: &str, db: &Db) -> Self {
        let db = db.clone();
        self.check(format!("{service}.database"), move || {
            let db = db.clone();
            async move {
                db.opt("SELECT 1 AS one", vec![])
                    .await
                    .map(drop)
                    .map_err(|error| error.to_string())
            }
        })
    }

    /// The name of this process, which `/healthz` and `/readyz` tell, for those who must know whom they ask.
    pub fn instance(mut self, name: &str) -> Self {
        name.clone_into(&mut self.instance);
        self
    }

    /// The checks of another registry as well.
    pub fn with(mut self, other: Self) -> Self {
        self.checks.extend(other.checks);
        self
    }

    /// Runs every check at once.
    pub async fn report(&self) -> BTreeMap<String, CheckResult> {
        let runs = self.checks.iter().map(async |(name, check)| {
            let result = tokio::time::timeout(PATIENCE, check()).await;
            (name.clone(), result.unwrap_or_else(|_| Err("no answer".to_owned())))
        });
        futures::future::join_all(runs).await.into_iter().collect()
    }

    /// The three routes; for the operator's own listener, not for the public one.
    pub fn router(self, metrics: PrometheusHandle) -> Router {
        let alive = Json(serde_json::json!({"status": "alive", "instance": self.instance}));
        let ready = async move || readiness(&self.instance, self.report().await);
        let text = async move || {
            metrics.run_upkeep();
            (
                [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
                metrics.render(),
            )
        };
        Router::new()
            .route("/healthz", get(async || alive))
            .route("/readyz", get(ready))
            .route("/metrics", get(text))
    }
}

fn readiness(instance: &str, report: BTreeMap<String, CheckResult>) -> Response {
    let ready = report.values().all(Result::is_ok);
    let words = |result: CheckResult| result.map_or_else(|problem| problem, |()| "ok".to_owned());
    let checks: BTreeMap<String, String> = report.into_iter().map(|(name, result)| (name, words(result))).collect();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        Json(serde_json::json!({"ready": ready, "instance": instance, "checks": checks})),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    async fn ask(health: Health, path: &str) -> (StatusCode, String) {
        use tower::ServiceExt;
        let handle = metrics_exporter_prometheus::PrometheusBuilder::new()
            .build_recorder()
            .handle();
        let request = http::Request::get(path).body(axum::body::Body::empty()).unwrap();
        let response = health.router(handle).oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn readiness_names_the_check_that_fails() {
        let health = Health::default()
            .check("db", || async { Ok(()) })
            .check("hsm", || async { Err("the worker is away".to_owned()) })
            .instance("a1b2");
        let (status, body) = ask(health.clone(), "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(json["checks"]["hsm"], "the worker is away");
        assert_eq!(json["checks"]["db"], "ok");
        assert_eq!(json["instance"], "a1b2");
        let (status, body) = ask(health, "/healthz").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("\"a1b2\""), "{body}");
    }

    #[tokio::test]
    async fn a_database_that_was_closed_is_not_ready() {
        let (db, _dir) = crate::db::scratch::db().await;
        let health = Health::default().database("idp", &db);
        assert_eq!(health.report().await["idp.database"], Ok(()));
        db.close().await;
        assert!(health.report().await["idp.database"].is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_counts_as_failed() {
        let health = Health::default().check("hsm", std::future::pending);
        assert_eq!(health.report().await["hsm"], Err("no answer".to_owned()));
    }
}
