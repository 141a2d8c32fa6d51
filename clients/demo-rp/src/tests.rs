//! The service in process, asked over its router; logging in at a real provider is shown by `./run demo`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use http_body_util::BodyExt;
use tower::ServiceExt;

fn app() -> Arc<App> {
    App::new(Settings {
        public_url: "http://demo.localhost:8083".parse().unwrap(),
        // Port 1 of this machine: nobody listens there.
        issuer: "http://idp.localhost:1".to_owned(),
        client_id: "demo-rp".to_owned(),
        client_secret: "secret".to_owned(),
    })
    .unwrap()
}

async fn get(path: &str, language: &str) -> (Response<Body>, String) {
    let request = Request::get(path)
        .header(header::COOKIE, format!("lang={language}"))
        .body(Body::empty())
        .unwrap();
    let (parts, body) = router(app()).oneshot(request).await.unwrap().into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (Response::from_parts(parts, Body::empty()), text)
}

#[tokio::test]
async fn the_first_page_says_what_will_be_asked_in_every_language() {
    for words in words::Words::all() {
        let (answer, page) = get("/", words.tag).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(page.contains(&format!("<html lang=\"{}\">", words.tag)));
        for (what, _) in words.home.items {
            assert!(page.contains(what), "{what}");
        }
    }
}

#[tokio::test]
async fn no_page_carries_script_or_inline_style_and_the_policy_forbids_them() {
    for path in ["/", "/callback?state=x&code=y", "/nowhere", "/login"] {
        let (answer, page) = get(path, "en").await;
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
        assert!(
            !page.contains("<script") && !page.contains("style=") && !page.contains("<style"),
            "{path}"
        );
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    }
}

#[tokio::test]
async fn an_answer_that_was_not_begun_in_this_browser_is_refused() {
    let (answer, page) = get("/callback?state=forged&code=forged", "en").await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(page.contains("This log-in cannot be used"));
}

#[tokio::test]
async fn a_provider_that_is_away_is_told_and_can_be_tried_again() {
    let (answer, page) = get("/login", "sr-Cyrl").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.contains("Пријава тренутно није могућа") && page.contains("href=\"/login\""));
}

#[tokio::test]
async fn nobody_sees_a_persons_page_without_logging_in() {
    let (answer, _) = get("/me", "en").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], "/");
}
