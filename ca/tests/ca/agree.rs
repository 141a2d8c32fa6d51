//! The page where another officer agrees: what it shows, to whom, and what becomes of a gesture there.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use signum_ca::{ApprovalKind, ApprovalRequest};
use tower::ServiceExt;

use crate::ends::Governed;
use crate::house::in_own_process;

const PAGE: &str = "text/html";

async fn call(governed: &Governed, method: &str, path: &str, accept: &str, body: Option<Value>) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::ACCEPT, accept)
        .header(header::CONTENT_TYPE, "application/json");
    let body = body.map_or(Body::empty(), |body| Body::from(body.to_string()));
    let address = "http://ra.localhost:8085".parse().unwrap();
    let router = governed.house.service.registration_router(address);
    let response = router.oneshot(request.body(body).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let octets = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(octets.to_vec()).unwrap())
}

async fn asked(governed: &mut Governed, subject: [u8; 32]) -> String {
    let (cx, service) = (&governed.house.cx, &governed.house.service);
    let times = (cx.now(), Duration::from_secs(3_600));
    let kind = ApprovalKind::CaKeyUse;
    let asked = ApprovalRequest::new(kind, subject, "TEST of a page", "admin-1", times, cx.random.as_ref());
    let gesture = governed.people.gesture("admin-1", &asked.asked());
    hex::encode(service.ask_approval(&asked, &gesture).await.unwrap())
}

/// What the browser signs for that officer.
async fn challenge(governed: &Governed, id: &str, officer: &str) -> [u8; 32] {
    let path = format!("/agree/{id}/options?officer={officer}");
    let (status, options) = call(governed, "POST", &path, "application/json", Some(json!({}))).await;
    assert_eq!(status, 200, "{options}");
    let options: Value = serde_json::from_str(&options).unwrap();
    let text = options["publicKey"]["challenge"].as_str().unwrap();
    URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
}

#[test]
fn another_officer_sees_what_was_asked_for_and_agrees_on_a_page() {
    in_own_process(|dir| async move {
        let mut governed = Governed::open(&dir).await;
        let id = asked(&mut governed, [7; 32]).await;
        let other = asked(&mut governed, [8; 32]).await;
        for (language, word) in [("sq", "Kërkuar nga"), ("sr-Cyrl", "Затражио"), ("en", "Asked for by")] {
            let path = format!("/agree/{id}?ui_locales={language}");
            let (status, page) = call(&governed, "GET", &path, PAGE, None).await;
            assert_eq!(status, 200);
            for shown in ["TEST of a page", "admin-1", "officer=admin-2", word] {
                assert!(page.contains(shown), "{shown}: {page}");
            }
            for hidden in ["officer=admin-1", "officer=desk-1", "data-passkey"] {
                assert!(!page.contains(hidden), "{hidden}: {page}");
            }
        }
        let (_, page) = call(&governed, "GET", &format!("/agree/{id}?officer=admin-2"), PAGE, None).await;
        assert!(page.contains("data-passkey"), "{page}");

        // Neither who asked, nor who has not the role, nor who is none.
        for officer in ["admin-1", "desk-1", "nobody", ""] {
            let path = format!("/agree/{id}/options?officer={officer}");
            let (status, _) = call(&governed, "POST", &path, "application/json", Some(json!({}))).await;
            assert_eq!(status, 403, "{officer}");
        }
        let agree = format!("/agree/{id}/gesture?officer=admin-2");
        let json = "application/json";
        // A gesture over another request, and one of the officer who asked.
        let wrong = challenge(&governed, &other, "admin-2").await;
        let wrong = governed.people.gesture("admin-2", &wrong).to_json();
        assert_eq!(call(&governed, "POST", &agree, json, Some(wrong)).await.0, 403);
        let right = challenge(&governed, &id, "admin-2").await;
        let own = governed.people.gesture("admin-1", &right).to_json();
        let by_asker = format!("/agree/{id}/gesture?officer=admin-1");
        assert_eq!(call(&governed, "POST", &by_asker, json, Some(own)).await.0, 403);
        assert_eq!(call(&governed, "POST", &agree, json, Some(json!({}))).await.0, 400);
        assert_eq!(governed.house.audited("approval.given").await, 0);
        assert_eq!(governed.house.audited("approval.refused").await, 2);

        let gesture = governed.people.gesture("admin-2", &right).to_json();
        let (status, answer) = call(&governed, "POST", &agree, json, Some(gesture.clone())).await;
        assert_eq!(
            (status, answer),
            (200, json!({ "next": format!("/agree/{id}") }).to_string())
        );
        let waiting = governed.house.service.waiting_approvals().await.unwrap();
        let agreed: Vec<_> = waiting.iter().map(|waiting| waiting.approved_by.clone()).collect();
        assert_eq!(agreed, [vec!["admin-2".to_owned()], vec![]]);
        assert_eq!(call(&governed, "POST", &agree, json, Some(gesture)).await.0, 409);
        // Nobody is left who may agree.
        let (_, page) = call(&governed, "GET", &format!("/agree/{id}?officer=admin-2"), PAGE, None).await;
        assert!(page.contains("admin-2") && !page.contains("data-passkey"), "{page}");

        for unknown in ["00".repeat(32), "7".to_owned(), format!("{id}00")] {
            assert_eq!(
                call(&governed, "GET", &format!("/agree/{unknown}"), PAGE, None).await.0,
                404
            );
        }
        governed.house.clock.advance(Duration::from_secs(3_601));
        assert_eq!(
            call(&governed, "GET", &format!("/agree/{other}"), PAGE, None).await.0,
            404
        );
    });
}

#[test]
fn a_key_and_a_gesture_page_take_no_nonsense() {
    in_own_process(|dir| async move {
        let governed = Governed::open(&dir).await;
        for path in ["/gesture", "/gesture?asked=x", "/key"] {
            assert_eq!(call(&governed, "GET", path, PAGE, None).await.0, 200, "{path}");
        }
        for path in [
            "/gesture/made?gesture=x",
            "/key/made?key=eyJ",
            "/gesture/made",
            "/key/made",
        ] {
            assert_eq!(call(&governed, "GET", path, PAGE, None).await.0, 400, "{path}");
        }
        for path in ["/gesture/options?asked=x", "/gesture/made", "/key/made", "/key/options"] {
            let (status, _) = call(&governed, "POST", path, "application/json", Some(json!({}))).await;
            assert_eq!(status, 400, "{path}");
        }
    });
}
