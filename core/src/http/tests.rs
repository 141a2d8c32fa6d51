//! The frame as callers meet it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, Request, StatusCode};
use tower::ServiceExt;

use super::*;
use crate::random::OsRandom;

fn app() -> Router {
    let routes = Router::new()
        .route("/hello", get(async |id: RequestId| id.to_string()))
        .route("/panic", get(async || -> &'static str { panic!("with a secret") }))
        .route("/hang", get(std::future::pending::<&'static str>))
        .route(
            "/gone/{code}",
            get(async || Problem::new(StatusCode::GONE, "link_used", "This link was used")),
        )
        .route("/json", post(async |Json(n): Json<u32>| n.to_string()))
        .route(
            "/form",
            get(async || (axum::Extension(FormAction("https://rp.example".to_owned())), "form")),
        )
        .route(
            "/own",
            get(async || {
                (
                    StatusCode::BAD_REQUEST,
                    Json(serde_json::json!({"error": "invalid_grant"})),
                )
            }),
        );
    let url = "https://idp.example.org".parse().unwrap();
    Frame::new("test", url, Arc::new(OsRandom))
        .body_limit(100)
        .timeout(Duration::from_secs(3))
        .around(routes)
}

async fn ask(request: http::request::Builder, body: &str) -> (StatusCode, HeaderMap, String) {
    let response = app()
        .oneshot(request.body(Body::from(body.to_owned())).unwrap())
        .await
        .unwrap();
    let (head, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1_000_000).await.unwrap();
    (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn problem(request: http::request::Builder, body: &str) -> serde_json::Value {
    let (status, headers, body) = ask(request, body).await;
    assert_eq!(headers["content-type"], "application/problem+json");
    let json: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(json["status"], status.as_u16());
    assert_eq!(
        json["request_id"].as_str().unwrap(),
        headers["x-request-id"].to_str().unwrap()
    );
    json
}

#[tokio::test]
async fn a_frame_for_protocols_refuses_without_pages_and_lets_every_origin_embed() {
    let routes = Router::new().route("/list", get(async || "list"));
    let app = Frame::protocol("test", Arc::new(OsRandom)).around(routes);
    let ask = async |path: &str| {
        let request = Request::get(path)
            .header("accept", "text/html")
            .body(Body::empty())
            .unwrap();
        let (head, _) = app.clone().oneshot(request).await.unwrap().into_parts();
        (head.status, head.headers)
    };
    let (status, headers) = ask("/list").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(headers.contains_key("x-request-id"));
    for path in ["/nothing", "/language", "/static/house.css"] {
        let (status, headers) = ask(path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(headers["content-type"], "application/problem+json", "{path}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_a_request_id() {
    let (status, headers, body) = ask(Request::get("/hello"), "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["x-request-id"].to_str().unwrap(), body);
    assert_eq!(body.len(), 32);
    for name in [
        "content-security-policy",
        "referrer-policy",
        "x-content-type-options",
        "cross-origin-opener-policy",
        "permissions-policy",
        "cache-control",
        "strict-transport-security",
    ] {
        assert!(headers.contains_key(name), "{name}");
    }
    let (_, headers, _) = ask(Request::get("/form"), "").await;
    assert!(
        headers["content-security-policy"]
            .to_str()
            .unwrap()
            .ends_with("form-action 'self' https://rp.example")
    );
}

#[tokio::test]
async fn a_request_id_from_outside_is_kept_only_when_well_formed() {
    let good = "00112233445566778899aabbccddeeff";
    assert_eq!(
        ask(Request::get("/hello").header("x-request-id", good), "").await.2,
        good
    );
    for bad in [
        "",
        "x",
        "00112233445566778899AABBCCDDEEFF",
        "' OR 1=1",
        "00112233445566778899aabbccddeeff0",
    ] {
        assert_ne!(ask(Request::get("/hello").header("x-request-id", bad), "").await.2, bad);
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_allowed_are_problems() {
    assert_eq!(
        problem(Request::get("/nothing"), "").await["type"],
        "urn:signum:problem:not_found"
    );
    assert_eq!(
        problem(Request::get("/json"), "").await["type"],
        "urn:signum:problem:method_not_allowed"
    );
    let (_, headers, _) = ask(Request::get("/json"), "").await;
    assert_eq!(headers["allow"], "POST");
}

#[tokio::test]
async fn a_panic_tells_the_caller_nothing() {
    let json = problem(Request::get("/panic"), "").await;
    assert_eq!(json["type"], "urn:signum:problem:internal");
    assert!(!json.to_string().contains("secret"));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_ended() {
    assert_eq!(
        problem(Request::get("/hang"), "").await["type"],
        "urn:signum:problem:timeout"
    );
}

#[tokio::test]
async fn a_librarys_own_words_do_not_reach_the_caller() {
    let json = problem(
        Request::post("/json").header("content-type", "application/json"),
        "{\"a\": <script>",
    )
    .await;
    assert_eq!(json["type"], "urn:signum:problem:bad_request");
    assert!(!json.to_string().contains("script"));
    let large = "1".repeat(101);
    let json = problem(
        Request::post("/json").header("content-type", "application/json"),
        &large,
    )
    .await;
    assert_eq!(json["type"], "urn:signum:problem:too_large");
}

#[tokio::test]
async fn a_protocols_own_error_form_is_left_alone() {
    let (status, headers, body) = ask(Request::get("/own").header("accept", "text/html"), "").await;
    assert_eq!(
        (status, body.as_str()),
        (StatusCode::BAD_REQUEST, "{\"error\":\"invalid_grant\"}")
    );
    assert_eq!(headers["content-type"], "application/json");
}

#[tokio::test]
async fn a_browser_gets_a_problem_as_a_page_in_its_language() {
    let request = Request::get("/gone/abc")
        .header("accept", "text/html,*/*")
        .header("accept-language", "sr-Latn");
    let (status, headers, body) = ask(request, "").await;
    assert_eq!(status, StatusCode::GONE);
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(
        body.contains("<html lang=\"sr-Latn\">") && body.contains("Ova stranica više ne važi"),
        "{body}"
    );
    assert!(body.contains(headers["x-request-id"].to_str().unwrap()), "{body}");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(
        problem(Request::get("/gone/abc"), "").await["type"],
        "urn:signum:problem:link_used"
    );
}

#[tokio::test]
async fn pages_have_no_inline_script_or_style() {
    let (_, _, body) = ask(Request::get("/nothing").header("accept", "text/html"), "").await;
    assert!(
        !body.contains("<style") && !body.contains("style=") && !body.contains("<script>"),
        "{body}"
    );
    assert!(!body.contains(" onclick") && !body.contains("javascript:"), "{body}");
}

#[tokio::test]
async fn embedded_files_are_served_for_good_under_their_hashed_name() {
    for (name, kind) in [
        ("signum.css", "text/css; charset=utf-8"),
        ("passkey.js", "text/javascript; charset=utf-8"),
        ("file.js", "text/javascript; charset=utf-8"),
    ] {
        let url = asset_url(name);
        let (status, headers, body) = ask(Request::get(&url), "").await;
        assert_eq!(
            (status, headers["content-type"].to_str().unwrap()),
            (StatusCode::OK, kind)
        );
        assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
        assert!(!body.is_empty());
        let again = Request::get(&url).header("if-none-match", &headers["etag"]);
        assert_eq!(ask(again, "").await.0, StatusCode::NOT_MODIFIED);
    }
    assert_eq!(
        ask(Request::get("/static/signum.css"), "").await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        ask(Request::get("/static/..%2fCargo.toml"), "").await.0,
        StatusCode::NOT_FOUND
    );
}

#[test]
fn log_and_metrics_name_the_route_and_never_the_path_or_the_query() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let log = crate::telemetry::tests::log(&crate::telemetry::Logging::default(), || {
        metrics::with_local_recorder(&recorder, || {
            runtime.block_on(ask(Request::get("/gone/onetimecode?state=private"), ""));
            runtime.block_on(ask(Request::get("/made/up/path"), ""));
        });
    });
    let metrics = handle.render();
    let counted = "http_requests_total{service=\"test\",method=\"GET\",route=\"/gone/{code}\",status=\"410\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
    assert!(metrics.contains("route=\"unmatched\",status=\"404\""), "{metrics}");
    assert!(
        log.contains("route=/gone/{code}") && log.contains("status=410"),
        "{log}"
    );
    for private in ["onetimecode", "private", "made/up"] {
        assert!(!metrics.contains(private) && !log.contains(private), "{private}: {log}");
    }
}
