//! Browsers that go away, and people who send too much.

use signum_core::http::serve;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::sign::{Stage, Upload};
use crate::test_desk::ModuleBehaviour;

#[tokio::test]
async fn a_client_that_drops_the_connection_during_the_activation_loses_no_signature() {
    let mut desk = Desk::enrolled().await;
    let browser = Browser::logged_in(&desk).await;
    let id = uploaded(&desk).await;
    let options = sign::options(&desk.signer, id, &desk.person.reference).await.unwrap();
    let gesture = desk.authenticator.get(&options, ORIGIN).unwrap().to_string();
    desk.neighbours.module_will(ModuleBehaviour::Waits);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let frame = Frame::new("signer", desk.signer.url.clone(), desk.signer.cx.random.clone());
    let router = frame.around(super::super::routes(desk.signer.clone()));
    let stop = CancellationToken::new();
    let server = tokio::spawn(serve("test", listener, router, stop.clone()));
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /documents/{id}/sign HTTP/1.1\r\nHost: sign.localhost:8082\r\nOrigin: {ORIGIN}\r\nCookie: sid={}\r\n\
         X-CSRF-Token: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{gesture}",
        browser.cookie,
        browser.token(&desk),
        gesture.len()
    );
    client.write_all(head.as_bytes()).await.unwrap();
    desk.neighbours.begun.notified().await;
    drop(client);
    // The server ends only when the connection and its request are gone; the module has not answered yet.
    stop.cancel();
    server.await.unwrap().unwrap();

    desk.neighbours.go_on.notify_one();
    assert!(desk.signer.unbroken.drain(std::time::Duration::from_secs(60)).await);
    let document = sign::find(&desk.signer.cx, id, &desk.person.reference).await.unwrap();
    assert!(matches!(document.stage, Stage::Done(_)), "{:?}", document.stage);
    assert_eq!(desk.neighbours.signatures.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn pages_tell_in_every_language_that_an_outcome_is_unknown_or_a_timestamp_missing() {
    let mut desk = Desk::enrolled().await;
    let mut browser = Browser::logged_in(&desk).await;
    let id = uploaded(&desk).await;
    desk.neighbours.module_will(ModuleBehaviour::Away);
    signed(&mut desk, id).await;
    let page = format!("/documents/{id}/done");
    browser.expect_words(&desk, &page).await;
    desk.tamper("UPDATE document SET state = 'unfinished'", vec![]).await;
    browser.expect_words(&desk, &page).await;
    let (response, _) = browser.form(&desk, &format!("/documents/{id}/again"), "00").await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let token = browser.token(&desk);
    let (response, _) = browser.form(&desk, &format!("/documents/{id}/again"), &token).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    desk.tamper(
        "UPDATE document SET state = 'failed', failure = 'outcome_unknown'",
        vec![],
    )
    .await;
    browser.expect_words(&desk, &page).await;
    let (_, body) = browser.get(&desk, &page).await;
    assert!(String::from_utf8(body).unwrap().contains("can no longer be found out"));
}

#[tokio::test]
async fn an_upload_over_the_quota_is_told_as_a_page_or_as_a_problem() {
    let desk = Desk::enrolled().await;
    let mut browser = Browser::logged_in(&desk).await;
    for _ in 0..desk.signer.config.open_documents {
        uploaded(&desk).await;
    }
    let mut pages = Vec::new();
    for lang in Lang::ALL {
        browser.lang = lang;
        let (response, body) = browser
            .upload(&desk, &browser.token(&desk), &fixture("plain.pdf"))
            .await;
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        let text = String::from_utf8(body).unwrap();
        assert!(text.contains("20") && text.contains("60"), "{text}");
        pages.push(text);
    }
    pages.dedup();
    assert_eq!(pages.len(), 4);

    desk.clock.advance(std::time::Duration::from_secs(3601));
    let browser = Browser::logged_in(&desk).await;
    let upload = Upload {
        name: "x.pdf".to_owned(),
        bytes: fixture("plain.pdf"),
    };
    sign::upload(&desk.signer, &desk.person.reference, upload)
        .await
        .unwrap();
    desk.tamper(
        "UPDATE upload_tally SET octets = 1099511627776 WHERE day = (SELECT MAX(day) FROM upload_tally)",
        vec![],
    )
    .await;
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{}\r\n--b\r\nContent-Disposition: form-data; \
         name=\"file\"; filename=\"x.pdf\"\r\n\r\n%PDF-\r\n--b--\r\n",
        browser.token(&desk)
    );
    let request = Request::post("/documents")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
        .body(Body::from(body));
    let (response, body) = browser.send(&desk, request.unwrap()).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let seconds = response.headers()[header::RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse::<u64>()
        .unwrap();
    assert!((1..=86_400).contains(&seconds));
    assert!(
        String::from_utf8(body)
            .unwrap()
            .contains("urn:signum:problem:daily_upload")
    );
}
