//! RP-initiated logout: who may end a session without a question, and where the browser goes.

use super::browser::Browser;
use crate::logout::outbox;

use super::world::{AFTER_LOGOUT, OTHER_CALLBACK, World, authorize_query, encode};

async fn with_hint(world: &World) -> (Browser, String) {
    let mut browser = world.enrolled().await;
    let code = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    let hint = browser.redeem(&code).await.json()["id_token"]
        .as_str()
        .unwrap()
        .to_owned();
    (browser, hint)
}

async fn is_logged_in(browser: &mut Browser) -> bool {
    let reply = browser
        .get(&format!("/authorize?{}", authorize_query(&[("prompt", "none")])))
        .await;
    reply.redirected("code").is_some()
}

#[tokio::test]
async fn a_hint_of_this_very_session_logs_out_at_once_and_goes_back_with_state() {
    let world = World::new().await;
    let (mut browser, hint) = with_hint(&world).await;
    world.advance(600);
    let query = encode(&[
        ("id_token_hint", &hint),
        ("post_logout_redirect_uri", AFTER_LOGOUT),
        ("state", "xyz"),
    ]);
    let reply = browser.get(&format!("/logout?{query}")).await;
    assert_eq!(reply.location(), format!("{AFTER_LOGOUT}?state=xyz"));
    assert!(!is_logged_in(&mut browser).await);
    assert_eq!(world.audit("logout.done").await.0, 1);
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked_first() {
    let world = World::new().await;
    let (mut browser, _) = with_hint(&world).await;
    let page = browser.get("/logout").await;
    assert_eq!(page.status, 200);
    assert!(is_logged_in(&mut browser).await);
    assert_eq!(browser.post_form("/logout/confirm", &[]).await.status, 403, "no token");
    let csrf = page.csrf();
    let reply = browser.post_form("/logout/confirm", &[("csrf", &csrf)]).await;
    assert_eq!((reply.status, reply.location().as_str()), (303, "/logged-out"));
    assert!(!is_logged_in(&mut browser).await);
}

#[tokio::test]
async fn the_page_after_a_log_out_says_which_services_were_told_and_which_have_not_answered() {
    let world = World::new().await;
    let (mut browser, _) = with_hint(&world).await;
    let csrf = browser.get("/logout").await.csrf();
    browser.post_form("/logout/confirm", &[("csrf", &csrf)]).await;
    let page = browser.get("/logged-out").await;
    assert!(
        page.body.contains("demo-rp") && page.body.contains("Nuk është përgjigjur ende"),
        "{}",
        page.body
    );
    let idp = &world.service.idp;
    let owed = outbox::due(&idp.cx, 10).await.unwrap();
    assert_eq!(owed.len(), 1);
    outbox::settle(&idp.cx, &owed[0], outbox::Outcome::Told).await.unwrap();
    assert!(browser.get("/logged-out").await.body.contains("U njoftua"));
    assert!(
        !world.browser().get("/logged-out").await.body.contains("demo-rp"),
        "nobody else's business"
    );
    world.advance(11 * 60);
    assert!(!browser.get("/logged-out").await.body.contains("demo-rp"));
}

#[tokio::test]
async fn a_hint_too_long_for_an_address_is_taken_by_post_and_cannot_be_made_up() {
    let world = World::new().await;
    let (mut browser, hint) = with_hint(&world).await;
    let pairs = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", AFTER_LOGOUT),
        ("state", "s"),
    ];
    // From another site: the session cookie does not come along.
    let location = world.browser().post_form("/logout", &pairs).await.location();
    assert!(!location.contains(&hint) && location.contains("hinted="), "{location}");
    let forged = location.replace(location.rsplit_once('.').unwrap().1, &"0".repeat(64));
    assert_eq!(browser.get(&forged).await.status, 400);
    assert!(is_logged_in(&mut browser).await);
    assert_eq!(
        browser.get(&location).await.location(),
        format!("{AFTER_LOGOUT}?state=s")
    );
    assert!(!is_logged_in(&mut browser).await);
    let bad = [("id_token_hint", "rubbish")];
    assert_eq!(world.browser().post_form("/logout", &bad).await.status, 400);
}

#[tokio::test]
async fn a_log_out_of_nobody_says_so_and_goes_back_only_where_a_client_is_known() {
    let world = World::new().await;
    let mut browser = world.browser();
    assert_eq!(browser.get("/logout?state=only").await.location(), "/logged-out");
    assert_eq!(browser.get("/logged-out").await.status, 200);
    let query = encode(&[
        ("client_id", "demo-rp"),
        ("post_logout_redirect_uri", AFTER_LOGOUT),
        ("state", "s"),
    ]);
    assert_eq!(
        browser.get(&format!("/logout?{query}")).await.location(),
        format!("{AFTER_LOGOUT}?state=s")
    );
}

#[tokio::test]
async fn when_two_services_share_the_session_the_person_is_asked() {
    let world = World::new().await;
    let (mut browser, hint) = with_hint(&world).await;
    let other = authorize_query(&[("client_id", "signer"), ("redirect_uri", OTHER_CALLBACK)]);
    let consent = browser.get(&format!("/authorize?{other}")).await.location();
    let csrf = browser.get(&consent).await.csrf();
    browser
        .post_form(&consent, &[("csrf", &csrf), ("decision", "allow")])
        .await;
    let query = encode(&[
        ("id_token_hint", &hint),
        ("post_logout_redirect_uri", AFTER_LOGOUT),
        ("state", "xyz"),
    ]);
    let page = browser.get(&format!("/logout?{query}")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("demo-rp") && page.body.contains("signer"));
    let csrf = page.csrf();
    let pairs = [
        ("csrf", csrf.as_str()),
        ("client_id", "demo-rp"),
        ("post_logout_redirect_uri", AFTER_LOGOUT),
        ("state", "xyz"),
    ];
    let reply = browser.post_form("/logout/confirm", &pairs).await;
    assert_eq!(reply.location(), format!("{AFTER_LOGOUT}?state=xyz"));
}

#[tokio::test]
async fn a_forged_hint_or_an_unregistered_address_ends_nothing() {
    let world = World::new().await;
    let (mut browser, hint) = with_hint(&world).await;
    let (input, _) = hint.rsplit_once('.').unwrap();
    let forged = format!("{input}.{}", "A".repeat(86));
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", hint.split('.').nth(1).unwrap());
    let longer = format!("{AFTER_LOGOUT}?x=1");
    for pairs in [
        vec![
            ("id_token_hint", forged.as_str()),
            ("post_logout_redirect_uri", AFTER_LOGOUT),
        ],
        vec![("id_token_hint", unsigned.as_str())],
        vec![("id_token_hint", "rubbish")],
        vec![
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", longer.as_str()),
        ],
        vec![("id_token_hint", hint.as_str()), ("client_id", "signer")],
        vec![("post_logout_redirect_uri", AFTER_LOGOUT)],
        vec![("client_id", "nobody")],
        vec![("state", "1"), ("state", "2")],
    ] {
        let reply = browser.get(&format!("/logout?{}", encode(&pairs))).await;
        assert_eq!(reply.status, 400, "{pairs:?}");
        assert!(reply.headers.get("location").is_none());
    }
    assert!(is_logged_in(&mut browser).await);
}

#[tokio::test]
async fn a_post_from_a_service_becomes_a_get() {
    let world = World::new().await;
    let reply = world.browser().post_form("/logout", &[("state", "x y")]).await;
    assert_eq!((reply.status, reply.location().as_str()), (303, "/logout?state=x+y"));
}

#[tokio::test]
async fn a_hint_of_an_earlier_session_or_of_another_browsers_ends_nothing_without_a_question() {
    let world = World::new().await;
    let (mut browser, earlier) = with_hint(&world).await;
    let mut elsewhere = world.browser();
    elsewhere.authenticator = browser.authenticator.clone();
    let login = elsewhere
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    let next = elsewhere.use_passkey(&login).await.json()["next"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(elsewhere.get(&next).await.redirected("code").is_some());
    let query = encode(&[("id_token_hint", &earlier), ("post_logout_redirect_uri", AFTER_LOGOUT)]);
    let asked = elsewhere.get(&format!("/logout?{query}")).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    assert!(is_logged_in(&mut elsewhere).await && is_logged_in(&mut browser).await);
}

#[tokio::test]
async fn a_hint_counts_long_after_its_id_token_expired() {
    let world = World::new().await;
    let (mut browser, hint) = with_hint(&world).await;
    for _ in 0..40 {
        world.advance(14 * 60);
        assert!(is_logged_in(&mut browser).await);
    }
    let query = encode(&[("id_token_hint", &hint), ("post_logout_redirect_uri", AFTER_LOGOUT)]);
    assert_eq!(browser.get(&format!("/logout?{query}")).await.location(), AFTER_LOGOUT);
    assert!(!is_logged_in(&mut browser).await);
}

#[tokio::test]
async fn the_persons_activity_names_the_service_that_asked_for_the_log_out() {
    let world = World::new().await;
    let (mut browser, hint) = with_hint(&world).await;
    browser
        .get(&format!("/logout?{}", encode(&[("id_token_hint", &hint)])))
        .await;
    world.advance(1);
    let authorize = browser.get("/account").await.location();
    let login = browser.get(&authorize).await.location();
    assert_eq!(browser.use_passkey(&login).await.status, 200);
    let page = browser.get("/account/activity").await;
    assert!(
        page.body.contains("<strong>Dalje</strong>: demo-rp sq"),
        "{}",
        page.body
    );
}
