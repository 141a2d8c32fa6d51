//! Limits: of log-ins, of one address, of everybody together; and that nobody learns from an answer who is known here.

use std::collections::BTreeMap;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::Value;

use super::browser::{Browser, Reply};
use super::world::{World, authorize_query};

const HOME: &str = "198.51.100.1";
const ELSEWHERE: &str = "203.0.113.9";

async fn try_login(browser: &mut Browser) -> Reply {
    let query = authorize_query(&[("prompt", "login")]);
    let login = browser.get(&format!("/authorize?{query}")).await.location();
    browser.use_passkey(&login).await
}

fn without_reference(reply: &Reply) -> (u16, Value) {
    let mut body = reply.json();
    body.as_object_mut().unwrap().remove("request_id");
    (reply.status, body)
}

#[tokio::test]
async fn the_sixth_log_in_within_a_minute_locks_out_from_that_address_for_ten_minutes() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    browser.address = Some(HOME.parse().unwrap());
    for _ in 0..5 {
        world.advance(1);
        assert_eq!(try_login(&mut browser).await.status, 200);
    }
    world.advance(1);
    assert_eq!(try_login(&mut browser).await.status, 403);
    assert!(world.audit("login.refused").await.1.contains("locked_out"));
    world.advance(9 * 60);
    assert_eq!(
        try_login(&mut browser).await.status,
        403,
        "a minute later it is still locked"
    );
    browser.address = Some(ELSEWHERE.parse().unwrap());
    assert_eq!(
        try_login(&mut browser).await.status,
        200,
        "nobody is locked out from everywhere"
    );
    browser.address = Some(HOME.parse().unwrap());
    world.advance(2 * 60);
    assert_eq!(try_login(&mut browser).await.status, 200);
}

#[tokio::test]
async fn another_address_of_the_same_ipv6_network_is_no_way_round_the_lockout() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    for host in 1..=5 {
        world.advance(1);
        browser.address = Some(format!("2001:db8:0:1::{host}").parse().unwrap());
        assert_eq!(try_login(&mut browser).await.status, 200);
    }
    world.advance(1);
    browser.address = Some("2001:db8:0:1:ffff::6".parse().unwrap());
    assert_eq!(try_login(&mut browser).await.status, 403);
    browser.address = Some("2001:db8:0:2::1".parse().unwrap());
    assert_eq!(try_login(&mut browser).await.status, 200, "another network is another");
}

#[tokio::test]
async fn a_lockout_holds_for_tokens_of_sessions_that_began_there() {
    let world = World::new().await;
    let mut elsewhere = world.enrolled().await;
    elsewhere.address = Some(ELSEWHERE.parse().unwrap());
    elsewhere.sign_in(&authorize_query(&[])).await;
    let mut browser = world.browser();
    browser.authenticator = elsewhere.authenticator.clone();
    browser.address = Some(HOME.parse().unwrap());
    for _ in 0..5 {
        world.advance(1);
        assert_eq!(try_login(&mut browser).await.status, 200);
    }
    let silent = format!("/authorize?{}", authorize_query(&[("prompt", "none")]));
    let code = browser.get(&silent).await.redirected("code").unwrap();
    assert_eq!(try_login(&mut browser).await.status, 403);
    assert_eq!(browser.redeem(&code).await.json()["error"], "invalid_grant");
    assert!(world.audit("code.refused").await.1.contains("locked_out"));
    let code = elsewhere.get(&silent).await.redirected("code").unwrap();
    assert_eq!(
        elsewhere.redeem(&code).await.status,
        200,
        "other sessions of the person go on"
    );
}

#[tokio::test]
async fn five_log_ins_a_minute_are_nobodys_lockout() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    browser.address = Some(HOME.parse().unwrap());
    for _ in 0..12 {
        world.advance(13);
        assert_eq!(try_login(&mut browser).await.status, 200);
    }
}

#[tokio::test]
async fn an_unknown_passkey_a_wrong_one_and_a_locked_out_one_are_answered_alike() {
    let world = World::new().await;
    let mut known = world.enrolled().await;
    let mut wrong = world.browser();
    wrong.authenticator = known.authenticator.clone();
    wrong.authenticator.credentials[0].user_handle = vec![7; 16];
    let mut unknown = world.browser();
    unknown.authenticator = World::new().await.enrolled().await.authenticator.clone();
    let mut answers = Vec::new();
    for browser in [&mut unknown, &mut wrong] {
        browser.address = Some(HOME.parse().unwrap());
        for _ in 0..7 {
            answers.push(without_reference(&try_login(browser).await));
        }
    }
    known.address = Some(HOME.parse().unwrap());
    answers.push(without_reference(&try_login(&mut known).await));
    assert_eq!(answers[0].0, 403);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert!(
        world.audit("login.refused").await.1.contains("locked_out"),
        "a right one during the lockout"
    );
}

/// What was counted since the last time: transactions by name, and signatures verified.
fn work(counted: &PrometheusHandle, before: &mut BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let text = counted.render();
    let counters = text.lines().filter_map(|line| {
        let (name, count) = line.rsplit_once(' ')?;
        let ours = name.starts_with("db_transactions_total") || name.starts_with("idp_passkey_verifications");
        Some((name.to_owned(), count.parse::<u64>().ok().filter(|_| ours)?))
    });
    let now: BTreeMap<_, _> = counters.collect();
    let since = |(name, count): (&String, &u64)| (name.clone(), count - before.get(name).unwrap_or(&0));
    let work = now.iter().map(since).filter(|(_, count)| *count > 0).collect();
    *before = now;
    work
}

#[tokio::test]
async fn whoever_is_refused_costs_the_same_work_known_or_not() {
    let world = World::new().await;
    let known = world.enrolled().await;
    let mut unknown = world.browser();
    unknown.authenticator = World::new().await.enrolled().await.authenticator.clone();
    let mut other_handle = world.browser();
    other_handle.authenticator = known.authenticator.clone();
    other_handle.authenticator.credentials[0].user_handle = vec![7; 16];
    let mut bad_signature = world.browser();
    bad_signature.authenticator = known.authenticator.clone();
    bad_signature.authenticator.behaviour.break_signature = true;
    let recorder = PrometheusBuilder::new().build_recorder();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let (counted, mut before) = (recorder.handle(), BTreeMap::new());
    let mut works = Vec::new();
    for browser in [&mut unknown, &mut other_handle, &mut bad_signature] {
        browser.address = Some(HOME.parse().unwrap());
        assert_eq!(try_login(browser).await.status, 403);
        works.push(work(&counted, &mut before));
    }
    assert_eq!(works[0].get("idp_passkey_verifications_total"), Some(&1), "{works:?}");
    assert!(
        works[0].len() > 3 && works.iter().all(|work| *work == works[0]),
        "{works:?}"
    );
}

#[tokio::test]
async fn an_address_that_asks_too_much_is_told_when_to_come_back_and_no_other_suffers() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.address = Some(HOME.parse().unwrap());
    for _ in 0..300 {
        assert_eq!(browser.get("/").await.status, 200);
    }
    world.advance(60);
    let refused = browser.get("/").await;
    assert_eq!(
        (refused.status, refused.headers["retry-after"].to_str().unwrap()),
        (429, "240")
    );
    assert!(refused.body.contains("pas 4 minutash"), "{}", refused.body);
    assert_eq!(browser.get("/jwks").await.status, 200, "programs are not counted");
    let mut other = world.browser();
    other.address = Some(ELSEWHERE.parse().unwrap());
    assert_eq!(other.get("/").await.status, 200);
    world.advance(4 * 60);
    assert_eq!(browser.get("/").await.status, 200);
}

#[tokio::test]
async fn a_client_cannot_choose_its_address_by_a_header() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.address = Some(HOME.parse().unwrap());
    for n in 0..301 {
        let request = http::Request::get("/")
            .header("x-forwarded-for", format!("192.0.2.{}", n % 250))
            .header("signum-client-address", format!("192.0.2.{}", n % 250))
            .body(axum::body::Body::empty())
            .unwrap();
        let status = browser.send(request).await.status;
        assert_eq!(status, if n < 300 { 200 } else { 429 }, "{n}");
    }
}

#[tokio::test]
async fn a_full_house_shows_a_waiting_page_and_still_publishes_its_keys() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let abuse = &world.service.idp.abuse;
    let places = abuse.people.clone().try_acquire_many_owned(512).unwrap();
    let query = format!("/authorize?{}", authorize_query(&[]));
    let waiting = browser.get(&query).await;
    assert_eq!(waiting.status, 503);
    let pause: u64 = waiting.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((5..15).contains(&pause) && waiting.headers["refresh"] == waiting.headers["retry-after"]);
    assert!(waiting.body.contains("Ju lutemi prisni pak") && waiting.body.contains("/authorize?client_id="));
    let posted = browser.post_form("/logout/confirm", &[]).await;
    assert!(
        posted.status == 503 && posted.headers.get("refresh").is_none(),
        "a form is not sent again by itself"
    );
    for open in ["/jwks", "/.well-known/openid-configuration"] {
        assert_eq!(browser.get(open).await.status, 200);
    }
    drop(places);
    assert_eq!(browser.get(&query).await.status, 303, "the same address works again");
    let _programs = abuse.programs.clone().try_acquire_many_owned(2048).unwrap();
    let reply = browser.redeem("x").await;
    assert!(reply.status == 503 && reply.headers.contains_key("retry-after"));
    assert_eq!(browser.get("/jwks").await.status, 200);
}
