//! Authorization codes: once, in time, by their own client, with their own verifier.

use super::world::{OTHER_CALLBACK, SECRET, World, authorize_query};

async fn code(world: &World) -> (super::browser::Browser, String) {
    let mut browser = world.enrolled().await;
    let code = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    (browser, code)
}

#[tokio::test]
async fn a_code_used_twice_is_refused_and_its_tokens_are_revoked() {
    let world = World::new().await;
    let (mut browser, code) = code(&world).await;
    let token = browser.redeem(&code).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(browser.userinfo(&token).await.status, 200);
    let again = browser.redeem(&code).await;
    assert_eq!(
        (again.status, again.json()["error"].as_str()),
        (400, Some("invalid_grant"))
    );
    assert_eq!(browser.userinfo(&token).await.status, 401);
    assert_eq!(world.audit("code.reuse_refused").await.0, 1);
}

#[tokio::test]
async fn a_wrong_verifier_spends_the_code() {
    let world = World::new().await;
    let (mut browser, code) = code(&world).await;
    let wrong = "A".repeat(43);
    let reply = browser.redeem_with(&[("code", &code), ("code_verifier", &wrong)]).await;
    assert_eq!(reply.json()["error"], "invalid_grant");
    assert!(world.audit("code.refused").await.1.contains("wrong_verifier"));
    assert_eq!(browser.redeem(&code).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn without_a_verifier_nothing_is_redeemed() {
    let world = World::new().await;
    let (mut browser, code) = code(&world).await;
    let reply = browser.redeem_with(&[("code", &code), ("code_verifier", "")]).await;
    assert_eq!(reply.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn an_expired_code_is_refused() {
    let world = World::new().await;
    let (mut browser, code) = code(&world).await;
    world.advance(30);
    assert_eq!(browser.redeem(&code).await.json()["error"], "invalid_grant");
    assert!(world.audit("code.refused").await.1.contains("expired"));
}

#[tokio::test]
async fn another_client_cannot_redeem_a_code_and_does_not_spend_it() {
    let world = World::new().await;
    let (mut browser, code) = code(&world).await;
    let stolen = browser.redeem_as("signer", SECRET, &[("code", &code)]).await;
    assert_eq!(stolen.json()["error"], "invalid_grant");
    assert_eq!(browser.redeem(&code).await.status, 200);
}

#[tokio::test]
async fn another_redirect_uri_than_the_codes_is_refused() {
    let world = World::new().await;
    let (mut browser, code) = code(&world).await;
    let reply = browser
        .redeem_with(&[("code", &code), ("redirect_uri", OTHER_CALLBACK)])
        .await;
    assert_eq!(reply.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_wrong_secret_is_answered_with_401_and_a_challenge() {
    let world = World::new().await;
    let (mut browser, code) = code(&world).await;
    for (client, secret) in [("demo-rp", "wrong"), ("nobody", SECRET)] {
        let reply = browser.redeem_as(client, secret, &[("code", &code)]).await;
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (401, Some("invalid_client"))
        );
        assert!(reply.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
    }
    assert_eq!(browser.redeem(&code).await.status, 200);
}

#[tokio::test]
async fn other_grants_and_repeated_parameters_are_refused() {
    let world = World::new().await;
    let (mut browser, code) = code(&world).await;
    let reply = browser
        .redeem_with(&[("code", &code), ("grant_type", "password")])
        .await;
    assert_eq!(reply.json()["error"], "unsupported_grant_type");
    let request = http::Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(format!(
            "grant_type=authorization_code&code={code}&code=x"
        )))
        .unwrap();
    assert_eq!(browser.send(request).await.json()["error"], "invalid_request");
    let many: String = (0..8_000).map(|n| format!("&p{n}")).collect();
    let reply = browser
        .redeem_raw(format!("grant_type=authorization_code&code={code}{many}"))
        .await;
    assert_eq!(reply.json()["error_description"], "there are too many parameters");
    for octets in ["&x=\u{1}", "&x=%00", "&%0d=x"] {
        let reply = browser
            .redeem_raw(format!("grant_type=authorization_code&code={code}{octets}"))
            .await;
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (400, Some("invalid_request"))
        );
    }
    assert_eq!(browser.redeem(&code).await.status, 200, "none of these spent the code");
    let request = http::Request::post("/token")
        .header("content-type", "application/json")
        .body(axum::body::Body::from("{}"))
        .unwrap();
    assert_eq!(browser.send(request).await.json()["error"], "invalid_request");
}

#[tokio::test]
async fn while_the_hsm_is_away_no_code_is_spent() {
    let world = World::new().await;
    let (mut browser, code) = code(&world).await;
    world.hsm.away(true);
    let refused = browser.redeem(&code).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert_eq!(world.audit("code.redeemed").await.0, 0);
    world.hsm.away(false);
    assert_eq!(browser.redeem(&code).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_parallel_redemptions_exactly_one_succeeds() {
    let world = World::new().await;
    let (browser, code) = code(&world).await;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (mut browser, code) = (browser.clone(), code.clone());
            tokio::spawn(async move { browser.redeem(&code).await })
        })
        .collect();
    let mut good = 0;
    for task in tasks {
        let reply = task.await.unwrap();
        match reply.status {
            200 => good += 1,
            400 => assert_eq!(reply.json()["error"], "invalid_grant"),
            other => panic!("{other}: {}", reply.body),
        }
    }
    assert_eq!(good, 1);
    assert_eq!(world.audit("code.redeemed").await.0, 1);
    assert_eq!(world.audit("code.reuse_refused").await.0, 63);
}
