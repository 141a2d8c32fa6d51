//! The database is away: who asks is told so in the form that they understand, and keys and metadata are published as ever.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Request, header};

use super::browser::{Browser, Reply};
use super::world::{SECRET, World, authorize_query};

fn pause(reply: &Reply) -> u64 {
    let pause = reply.headers.get(header::RETRY_AFTER).expect("Retry-After");
    pause.to_str().unwrap().parse().unwrap()
}

fn is_away(reply: &Reply) {
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert!((5..15).contains(&pause(reply)), "{}", pause(reply));
}

async fn asked(browser: &mut Browser, method: &str, path: &str, authorization: &str, body: &'static str) -> Reply {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, authorization)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(body))
        .unwrap();
    browser.send(request).await
}

#[tokio::test]
async fn programs_are_told_in_oauths_json_when_to_come_back() {
    let world = World::new().await;
    let mut program = world.browser();
    world.cx.db.close().await;
    let client = format!("Basic {}", STANDARD.encode(format!("demo-rp:{SECRET}")));
    let token = "Bearer 0123456789012345678901234567890123456789012";
    for (method, path, authorization, body) in [
        ("POST", "/token", client.as_str(), "grant_type=client_credentials"),
        ("POST", "/token", &client, "grant_type=refresh_token&refresh_token=x"),
        ("POST", "/introspect", &client, "token=x"),
        ("POST", "/revoke", &client, "token=x"),
        ("POST", "/par", &client, "response_type=code"),
        ("GET", "/userinfo", token, ""),
        ("POST", "/userinfo", token, ""),
    ] {
        let reply = asked(&mut program, method, path, authorization, body).await;
        is_away(&reply);
        assert_eq!(reply.headers[header::CONTENT_TYPE], "application/json", "{path}");
        assert_eq!(reply.json()["error"], "temporarily_unavailable", "{path}");
        assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store", "{path}");
    }
}

#[tokio::test]
async fn people_see_a_page_in_their_language_that_tries_again_by_itself() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let again = format!("/authorize?{}", authorize_query(&[("prompt", "login")]));
    let login = browser.get(&again).await.location();
    let csrf = browser.get("/account").await.csrf();
    world.cx.db.close().await;
    for (tag, text) in [
        ("sq", "Shërbimi nuk mund të përgjigjet"),
        ("sr-Latn", "Usluga upravo sada ne može"),
        ("sr-Cyrl", "Услуга управо сада не може"),
        ("en", "The service cannot answer just now"),
    ] {
        browser.cookies.insert("lang".into(), tag.into());
        for path in [again.as_str(), &login, "/account", "/account/activity", "/"] {
            let page = browser.get(path).await;
            is_away(&page);
            assert!(page.body.contains(text), "{path} {tag}: {}", page.body);
            assert_eq!(page.headers["refresh"], page.headers[header::RETRY_AFTER], "{path}");
            assert!(
                page.body.contains(&format!("href=\"{}\"", path.replace('&', "&amp;"))),
                "{path}"
            );
        }
        let posted = browser
            .post_form("/account/sessions/end", &[("csrf", &csrf), ("session", "others")])
            .await;
        is_away(&posted);
        assert!(
            posted.body.contains(text) && posted.headers.get("refresh").is_none(),
            "a form is not sent twice"
        );
    }
}

#[tokio::test]
async fn the_script_of_the_log_in_page_gets_a_problem_that_it_can_show() {
    let world = World::new().await;
    let mut browser = world.browser();
    let login = browser
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    let csrf = browser.get(&login).await.csrf();
    let i = login.split_once("i=").unwrap().1;
    world.cx.db.close().await;
    for path in ["/login/passkey/options", "/login/passkey"] {
        let reply = browser
            .post_json(&format!("{path}?i={i}"), &csrf, &serde_json::json!({}))
            .await;
        is_away(&reply);
        assert_eq!(reply.problem(), "urn:signum:problem:unavailable", "{path}");
    }
}

#[tokio::test]
async fn keys_and_metadata_are_published_from_memory_however_long_it_takes() {
    let world = World::new().await;
    let mut program = world.browser();
    let addresses = [
        "/jwks",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ];
    let mut before = Vec::new();
    for address in addresses {
        before.push(program.get(address).await.body);
    }
    world.cx.db.close().await;
    for _ in 0..3 {
        world.advance(60 * 60);
        for (address, before) in addresses.iter().zip(&before) {
            let reply = program.get(address).await;
            assert_eq!((reply.status, &reply.body), (200, before), "{address}");
        }
    }
}

#[tokio::test]
async fn a_full_disk_is_the_same_until_there_is_room_again() {
    let world = World::new().await;
    if world.is_postgres() {
        return;
    }
    let limit = async |sql: &'static str| {
        let limited = world.cx.db.run("limit", |tx| async move { tx.opt(sql, vec![]).await });
        limited.await.unwrap();
    };
    let mut browser = world.browser();
    let query = format!("/authorize?{}", authorize_query(&[("state", &"x".repeat(900))]));
    limit("PRAGMA max_page_count = 1").await;
    let mut last = browser.get(&query).await;
    for _ in 0..200 {
        if last.status == 503 {
            break;
        }
        last = browser.get(&query).await;
    }
    is_away(&last);
    limit("PRAGMA max_page_count = 1000000").await;
    assert_eq!(browser.get(&query).await.status, 303);
}
