//! Pushed authorization requests (RFC 9126): who may push what, how long a reference is good, and that it is answered once.

use signum_core::params;

use super::agency::{AGENCY_CALLBACK, Agency, agree, decide};
use super::browser::Browser;
use super::world::{CALLBACK, ISSUER, SECRET, World, encode};
use crate::clients::Profile;

#[tokio::test]
async fn a_pushed_request_leads_through_log_in_and_consent_to_a_code() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    let pushed = agency.push(&world, &[]).await;
    assert_eq!(pushed.status, 201);
    assert_eq!(pushed.headers["content-type"], "application/json");
    assert_eq!(pushed.headers["cache-control"], "no-store");
    assert_eq!(pushed.json()["expires_in"], 90);
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let reference = uri.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
    assert_eq!(reference.len(), 43, "256 bits in base64url");
    let mut browser = world.enrolled().await;
    let back = agree(&mut browser, &agency.address(&pushed)).await;
    assert!(back.location().starts_with(AGENCY_CALLBACK), "{}", back.location());
    assert!(back.redirected("code").is_some());
    assert_eq!(back.redirected("state").as_deref(), Some("state-0123456789"));
}

#[tokio::test]
async fn only_the_hash_of_a_reference_is_stored() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    let pushed = agency.push(&world, &[]).await.json();
    let reference = pushed["request_uri"]
        .as_str()
        .unwrap()
        .rsplit(':')
        .next()
        .unwrap()
        .to_owned();
    let rows = world
        .cx
        .db
        .all("SELECT hash, request FROM pushed_request", params![])
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    let hash: Vec<u8> = rows[0].get("hash").unwrap();
    assert_eq!(hash, crate::secret::hashed(&reference).to_vec());
    assert!(!rows[0].get::<String>("request").unwrap().contains(&reference));
}

#[tokio::test]
async fn a_reference_may_be_visited_again_until_it_is_answered_and_never_after() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    let address = agency.pushed(&world, &[]).await;
    let mut browser = world.enrolled().await;
    for _ in 0..2 {
        assert!(browser.get(&address).await.location().starts_with("/login?i="));
    }
    assert!(agree(&mut browser, &address).await.redirected("code").is_some());
    let again = browser.get(&address).await;
    assert_eq!(again.status, 400);
    assert!(again.headers.get("location").is_none());
    assert!(again.body.contains(again.headers["x-request-id"].to_str().unwrap()));
}

#[tokio::test]
async fn whoever_takes_twenty_minutes_to_log_in_is_sent_back_all_the_same() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    let address = agency.pushed(&world, &[]).await;
    let mut browser = world.enrolled().await;
    let login = browser.get(&address).await.location();
    world.advance(20 * 60);
    crate::purge::run(&world.cx, &crate::Config::at(ISSUER)).await.unwrap();
    let done = browser.use_passkey(&login).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let consent = browser.get(done.json()["next"].as_str().unwrap()).await.location();
    let back = decide(&mut browser, &consent, "allow").await;
    assert!(back.redirected("code").is_some(), "{}", back.body);
}

#[tokio::test]
async fn of_two_pages_open_for_one_reference_one_alone_is_answered() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    let address = agency.pushed(&world, &[]).await;
    let mut browser = world.enrolled().await;
    let login = browser.get(&address).await.location();
    let done = browser.use_passkey(&login).await.json();
    let first = browser.get(done["next"].as_str().unwrap()).await.location();
    let second = browser.get(&address).await.location();
    assert!(second.starts_with("/consent?i="), "{second}");
    assert!(decide(&mut browser, &first, "allow").await.redirected("code").is_some());
    // The second page goes on by itself, because the consent is there now; and finds the request answered.
    assert_eq!(browser.get(&second).await.status, 410);
    assert_eq!(world.audit("code.issued").await.0, 1);
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_spends_the_reference() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    let address = agency.pushed(&world, &[("prompt", "none")]).await;
    let mut browser = world.browser();
    let refused = browser.get(&address).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("login_required"));
    assert_eq!(browser.get(&address).await.status, 400);
    let address = agency.pushed(&world, &[]).await;
    let login = browser.get(&address).await.location();
    let csrf = browser.get(&login).await.csrf();
    let cancelled = browser
        .post_form(&login.replace("/login?", "/login/cancel?"), &[("csrf", &csrf)])
        .await;
    assert_eq!(cancelled.redirected("error").as_deref(), Some("access_denied"));
    assert_eq!(browser.get(&address).await.status, 400);
}

#[tokio::test]
async fn a_reference_ends_after_90_seconds_but_a_log_in_begun_with_it_may_take_longer() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    let address = agency.pushed(&world, &[]).await;
    let mut browser = world.enrolled().await;
    world.advance(89);
    let login = browser.get(&address).await.location();
    world.advance(600);
    assert_eq!(browser.get(&address).await.status, 400);
    let done = browser.use_passkey(&login).await.json();
    let consent = browser.get(done["next"].as_str().unwrap()).await.location();
    assert!(
        decide(&mut browser, &consent, "allow")
            .await
            .redirected("code")
            .is_some()
    );
}

#[tokio::test]
async fn another_clients_reference_is_refused() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    Agency::new(&world, "rival", Profile::Fapi2).await;
    let address = agency.pushed(&world, &[]).await;
    let mut browser = world.browser();
    let stolen = browser
        .get(&address.replace("client_id=agency", "client_id=rival"))
        .await;
    assert_eq!(stolen.status, 400);
    assert!(stolen.headers.get("location").is_none());
    assert_eq!(
        browser.get(&address).await.status,
        303,
        "and it stays good for its own client"
    );
}

#[tokio::test]
async fn what_the_browser_adds_to_a_reference_changes_nothing() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    let address = agency.pushed(&world, &[("prompt", "none")]).await;
    let added = format!(
        "{address}&{}",
        encode(&[
            ("redirect_uri", CALLBACK),
            ("state", "another-state"),
            ("prompt", "login")
        ])
    );
    let reply = world.browser().get(&added).await;
    assert!(reply.location().starts_with(AGENCY_CALLBACK), "{}", reply.location());
    assert_eq!(reply.redirected("error").as_deref(), Some("login_required"));
    assert_eq!(reply.redirected("state").as_deref(), Some("state-0123456789"));
}

#[tokio::test]
async fn nothing_is_pushed_without_client_authentication_or_by_another_verb() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    let mut server = Browser::new(world.router.clone());
    let bare = server.post_form("/par", &agency.parameters(&[])).await;
    assert_eq!(
        (bare.status, bare.json()["error"].as_str()),
        (401, Some("invalid_client"))
    );
    assert!(bare.headers.contains_key("www-authenticate"));
    assert_eq!(server.get("/par").await.status, 405);
    let rows = world
        .cx
        .db
        .all("SELECT hash FROM pushed_request", params![])
        .await
        .unwrap();
    assert!(rows.is_empty());
}

#[tokio::test]
async fn each_wrong_parameter_is_refused_at_the_push_with_its_error() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    for (name, value, error) in [
        ("request_uri", "urn:ietf:params:oauth:request_uri:x", "invalid_request"),
        ("request_uri", "https://agency.example.org/r", "invalid_request"),
        ("redirect_uri", "https://evil.example/cb", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_mode", "fragment", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("scope", "openid email", "invalid_scope"),
        ("scope", "openid personal_number", "invalid_scope"),
        ("state", "short", "invalid_request"),
        ("dpop_jkt", "short", "invalid_request"),
        ("claims", "{", "invalid_request"),
        ("authorization_details", "[]", "invalid_authorization_details"),
        ("acr_values", "high", "unmet_authentication_requirements"),
        ("acr_values", "low substantial", "invalid_request"),
        ("registration", "{}", "registration_not_supported"),
        ("request", "a.b.c", "invalid_request_object"),
    ] {
        let reply = agency.push(&world, &[(name, value)]).await;
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (400, Some(error)),
            "{name}={value}: {}",
            reply.body
        );
    }
    let mut twice = agency.parameters(&[]);
    twice.push(("nonce", "another"));
    assert_eq!(
        agency.push_only(&world, &twice).await.json()["error"],
        "invalid_request"
    );
    let foreign = agency.push(&world, &[("client_id", "demo-rp")]).await;
    assert!(foreign.status == 400 || foreign.status == 401, "{}", foreign.body);
}

#[tokio::test]
async fn a_fapi_client_that_does_not_push_is_refused_and_a_basic_one_may_do_both() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    let mut browser = world.browser();
    let direct = browser
        .get(&format!("/authorize?{}", encode(&agency.parameters(&[]))))
        .await;
    assert_eq!(direct.redirected("error").as_deref(), Some("invalid_request"));
    let basic = [("client_secret", SECRET)];
    let mut pushed = agency.parameters(&[("client_id", "demo-rp"), ("redirect_uri", CALLBACK)]);
    pushed.extend(basic);
    // The demo client is registered for client_secret_basic: the form alone does not prove it.
    assert_eq!(world.browser().post_form("/par", &pushed).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_parallel_visits_of_a_live_session_exactly_one_gets_a_code() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    let mut browser = world.enrolled().await;
    agree(&mut browser, &agency.pushed(&world, &[]).await).await;
    let address = agency.pushed(&world, &[]).await;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (mut browser, address) = (browser.clone(), address.clone());
            tokio::spawn(async move { browser.get(&address).await })
        })
        .collect();
    let mut codes = 0;
    for task in tasks {
        let reply = task.await.unwrap();
        match reply.status {
            303 => codes += usize::from(reply.redirected("code").is_some()),
            400 => assert!(reply.headers.get("location").is_none()),
            other => panic!("{other}: {}", reply.body),
        }
    }
    assert_eq!(codes, 1);
    assert_eq!(
        world.audit("code.issued").await.0,
        2,
        "one of the log-in, one of the race"
    );
}
