//! The device grant (RFC 8628): codes, the person's pages without scripts, polling, and what nobody else can do with a code.

use serde_json::{Value, json};

use super::browser::{Browser, Reply};
use super::relying_party::RelyingParty;
use super::world::{SECRET, World, add_person, encode, words};
use crate::client_auth::AuthMethod;
use crate::clients::{self, GrantType, Metadata, Profile, Realm, Registration};
use crate::token::DEVICE_CODE;

const KIOSK: &str = "kiosk";

async fn register(world: &World, client_id: &str, grant_types: Vec<GrantType>) {
    let registration = Registration {
        client_id: client_id.to_owned(),
        profile: Profile::GovBasic,
        realm: Realm::Production,
        name: words(client_id),
        purpose: words("To show forms at the counter"),
        metadata: Metadata {
            token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
            grant_types,
            response_types: Vec::new(),
            ..Metadata::default()
        },
        secret: Some(SECRET.to_owned().into()),
        legal_basis_personal_number: false,
    };
    clients::put(&world.cx, registration).await.unwrap();
}

async fn kiosk() -> World {
    let world = World::new().await;
    register(&world, KIOSK, vec![GrantType::DeviceCode, GrantType::RefreshToken]).await;
    world
}

async fn begin(world: &World) -> Value {
    let fields = encode(&[("scope", "openid profile")]);
    let reply = world
        .browser()
        .form_as("/device_authorization", KIOSK, SECRET, fields)
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

async fn poll_as(world: &World, client: &str, codes: &Value) -> (u16, Value) {
    let code = codes["device_code"].as_str().unwrap();
    let fields = encode(&[("grant_type", DEVICE_CODE), ("device_code", code)]);
    let reply = world.browser().form_as("/token", client, SECRET, fields).await;
    (reply.status, reply.json())
}

/// Asks in time; tells the error, or nothing.
async fn error(world: &World, codes: &Value) -> String {
    let (_, answer) = poll_as(world, KIOSK, codes).await;
    answer["error"].as_str().unwrap_or_default().to_owned()
}

/// The page where a code is typed; whoever is not logged in does that first.
async fn page(browser: &mut Browser, path: &str) -> Reply {
    let page = browser.get(path).await;
    if page.status == 200 {
        return page;
    }
    let login = browser.get(&page.location()).await.location();
    assert!(login.starts_with("/login"), "{login}");
    let done = browser.use_passkey(&login).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let back = browser.get(done.json()["next"].as_str().unwrap()).await.location();
    let back = browser
        .get(back.strip_prefix("http://idp.localhost:8081").unwrap())
        .await;
    browser.get(&back.location()).await
}

async fn typed(browser: &mut Browser, code: &str) -> Reply {
    let page = page(browser, "/device").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let csrf = field(&page.body, "csrf");
    browser
        .post_form("/device", &[("csrf", &csrf), ("user_code", code)])
        .await
}

fn field(body: &str, name: &str) -> String {
    let from = body.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
    from.split('"').next().unwrap().to_owned()
}

async fn decide(browser: &mut Browser, decision: &str) -> Reply {
    let page = browser.get("/device/confirm").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let csrf = field(&page.body, "csrf");
    browser
        .post_form("/device/confirm", &[("csrf", &csrf), ("decision", decision)])
        .await
}

/// From the typed code to the page that tells how it ended.
async fn connect(browser: &mut Browser, codes: &Value) -> String {
    assert_eq!(
        typed(browser, codes["user_code"].as_str().unwrap()).await.location(),
        "/device/confirm"
    );
    let mut next = decide(browser, "allow").await.location();
    if next.starts_with("/login") {
        let done = browser.use_passkey(&next).await.json();
        next = browser.get(done["next"].as_str().unwrap()).await.location();
    }
    assert!(next.starts_with("/consent"), "consent is asked for each time: {next}");
    let csrf = browser.get(&next).await.csrf();
    let back = browser
        .post_form(&next, &[("csrf", &csrf), ("decision", "allow")])
        .await;
    browser.get(&back.location()).await.location()
}

#[tokio::test]
async fn a_person_connects_a_kiosk_and_it_gets_tokens_of_that_log_in() {
    let world = kiosk().await;
    let codes = begin(&world).await;
    assert_eq!(codes["verification_uri"], "http://idp.localhost:8081/device");
    assert_eq!(
        (codes["expires_in"].as_i64(), codes["interval"].as_i64()),
        (Some(600), Some(5))
    );
    assert_eq!(error(&world, &codes).await, "authorization_pending");
    let mut browser = world.enrolled().await;
    assert_eq!(connect(&mut browser, &codes).await, "/device/granted");
    assert_eq!(browser.get("/device/granted").await.status, 200);
    world.advance(5);
    let (status, tokens) = poll_as(&world, KIOSK, &codes).await;
    assert_eq!(status, 200, "{tokens}");
    let claims = super::tokens::claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(
        (claims["aud"].clone(), claims["acr"].clone()),
        (json!(KIOSK), json!("substantial"))
    );
    let userinfo = browser.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(
        (userinfo["given_name"].clone(), userinfo["sub"].clone()),
        (json!("Testa"), claims["sub"].clone())
    );
    let fields = encode(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ]);
    assert_eq!(browser.form_as("/token", KIOSK, SECRET, fields).await.status, 200);
    assert_eq!(world.audit("device.granted").await.0, 1);
}

#[tokio::test]
async fn a_device_code_is_good_once_and_shown_again_takes_everything_back() {
    let world = kiosk().await;
    let codes = begin(&world).await;
    let mut browser = world.enrolled().await;
    connect(&mut browser, &codes).await;
    let (_, tokens) = poll_as(&world, KIOSK, &codes).await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(browser.userinfo(token).await.status, 200);
    assert_eq!(error(&world, &codes).await, "invalid_grant");
    assert_eq!(browser.userinfo(token).await.status, 401);
}

#[tokio::test]
async fn a_device_that_asks_too_often_is_told_to_slow_down_and_its_interval_grows() {
    let world = kiosk().await;
    let codes = begin(&world).await;
    assert_eq!(error(&world, &codes).await, "authorization_pending");
    world.advance(4);
    assert_eq!(error(&world, &codes).await, "slow_down");
    world.advance(9);
    assert_eq!(error(&world, &codes).await, "slow_down", "ten seconds now");
    world.advance(15);
    assert_eq!(error(&world, &codes).await, "authorization_pending");
}

#[tokio::test]
async fn after_ten_minutes_both_codes_are_worth_nothing() {
    let world = kiosk().await;
    let codes = begin(&world).await;
    world.advance(600);
    assert_eq!(error(&world, &codes).await, "expired_token");
    let mut browser = world.enrolled().await;
    let code = codes["user_code"].as_str().unwrap();
    assert_eq!(typed(&mut browser, code).await.location(), "/device?refused=wrong");
}

#[tokio::test]
async fn who_did_not_start_it_says_so_and_the_device_is_told() {
    let world = kiosk().await;
    let codes = begin(&world).await;
    let mut browser = world.enrolled().await;
    typed(&mut browser, codes["user_code"].as_str().unwrap()).await;
    assert_eq!(decide(&mut browser, "deny").await.location(), "/device/denied");
    assert_eq!(error(&world, &codes).await, "access_denied");
    assert_eq!(decide_once_more(&mut browser).await, "/device");
}

/// The confirm page of a browser in which nothing waits.
async fn decide_once_more(browser: &mut Browser) -> String {
    browser.get("/device/confirm").await.location()
}

#[tokio::test]
async fn who_does_not_agree_to_the_data_connects_nothing() {
    let world = kiosk().await;
    let codes = begin(&world).await;
    let mut browser = world.logged_in().await;
    typed(&mut browser, codes["user_code"].as_str().unwrap()).await;
    let consent = decide(&mut browser, "allow").await.location();
    let csrf = browser.get(&consent).await.csrf();
    let back = browser
        .post_form(&consent, &[("csrf", &csrf), ("decision", "deny")])
        .await;
    assert_eq!(browser.get(&back.location()).await.location(), "/device/denied");
    assert_eq!(error(&world, &codes).await, "access_denied");
}

#[tokio::test]
async fn the_pages_show_the_service_and_warn_in_every_language_without_scripts() {
    let world = kiosk().await;
    for (lang, warning) in [
        ("en", "Go on only if you yourself started this"),
        ("sq", "Vazhdoni vetëm nëse këtë e keni nisur ju vetë"),
        ("sr-Latn", "Nastavite samo ako ste ovo upravo sada sami započeli"),
        ("sr-Cyrl", "Наставите само ако сте ово управо сада сами започели"),
    ] {
        let codes = begin(&world).await;
        let mut browser = world.enrolled().await;
        let complete = codes["verification_uri_complete"].as_str().unwrap();
        let path = complete.strip_prefix("http://idp.localhost:8081").unwrap();
        let page = page(&mut browser, &format!("{path}&ui_locales={lang}")).await;
        let shown = codes["user_code"].as_str().unwrap();
        assert!(page.body.contains(shown), "it comes back from the log-in");
        let page = browser.get(&format!("{path}&ui_locales={lang}")).await;
        assert!(
            page.body.contains(warning) && !page.body.contains("<script"),
            "{lang}: {}",
            page.body
        );
        assert_eq!(field(&page.body, "csrf").len(), 64);
        let shown = codes["user_code"].as_str().unwrap();
        assert!(
            page.body.contains(shown),
            "a code that came along is shown to be compared"
        );
        assert_eq!(
            error(&world, &codes).await,
            "authorization_pending",
            "and never taken by itself"
        );
        typed(&mut browser, shown).await;
        let page = browser.get(&format!("/device/confirm?ui_locales={lang}")).await;
        assert!(
            page.body.contains(warning) && ["kiosk ", "киоск "].iter().any(|name| page.body.contains(name)),
            "{lang}: {}",
            page.body
        );
        assert!(!page.body.contains("<script"));
    }
}

#[tokio::test]
async fn another_client_gets_nothing_for_the_code_and_does_not_spend_it() {
    let world = kiosk().await;
    register(&world, "other-kiosk", vec![GrantType::DeviceCode]).await;
    let codes = begin(&world).await;
    let mut browser = world.enrolled().await;
    connect(&mut browser, &codes).await;
    let (status, answer) = poll_as(&world, "other-kiosk", &codes).await;
    assert_eq!((status, answer["error"].clone()), (400, json!("invalid_grant")));
    assert_eq!(poll_as(&world, KIOSK, &codes).await.0, 200);
}

#[tokio::test]
async fn a_client_that_is_not_registered_for_the_grant_begins_nothing() {
    let world = kiosk().await;
    let fields = encode(&[("scope", "openid")]);
    let refused = world
        .browser()
        .form_as("/device_authorization", "demo-rp", SECRET, fields)
        .await;
    assert_eq!(
        (refused.status, refused.json()["error"].clone()),
        (400, json!("unauthorized_client"))
    );
    for (scope, secret, wanted) in [
        ("profile", SECRET, "invalid_scope"),
        ("openid email", SECRET, "invalid_scope"),
        ("openid", "wrong", "invalid_client"),
    ] {
        let fields = encode(&[("scope", scope)]);
        let refused = world
            .browser()
            .form_as("/device_authorization", KIOSK, secret, fields)
            .await;
        assert_eq!(refused.json()["error"], wanted, "{scope}");
    }
}

#[tokio::test]
async fn only_the_browser_in_which_the_code_was_typed_can_grant_it() {
    let world = kiosk().await;
    let codes = begin(&world).await;
    let mut person = world.logged_in().await;
    typed(&mut person, codes["user_code"].as_str().unwrap()).await;
    let consent = decide(&mut person, "allow").await.location();
    let csrf = person.get(&consent).await.csrf();
    let back = person
        .post_form(&consent, &[("csrf", &csrf), ("decision", "allow")])
        .await
        .location();
    // The address reaches another browser, which has typed the same code meanwhile or none at all.
    let mut thief = world.browser();
    assert_eq!(thief.get(&back).await.location(), "/device/over");
    thief.get("/device").await;
    assert_eq!(thief.get(&back).await.location(), "/device/over");
    assert_eq!(error(&world, &codes).await, "authorization_pending");
    assert_eq!(person.get(&back).await.location(), "/device/granted");
}

#[tokio::test]
async fn a_forged_form_of_another_site_changes_nothing() {
    let world = kiosk().await;
    let codes = begin(&world).await;
    let mut browser = world.logged_in().await;
    let code = codes["user_code"].as_str().unwrap();
    let forged = browser.post_form("/device", &[("user_code", code)]).await;
    assert_eq!(forged.status, 403);
    typed(&mut browser, code).await;
    assert_eq!(
        browser
            .post_form("/device/confirm", &[("decision", "allow")])
            .await
            .status,
        403
    );
    let state = "00000000-0000-4000-8000-000000000000.00";
    let denied = browser
        .get(&format!("/device/done?error=access_denied&state={state}"))
        .await;
    assert_eq!(denied.location(), "/device/over");
    assert_eq!(error(&world, &codes).await, "authorization_pending");
}

#[tokio::test]
async fn nobody_who_is_not_logged_in_tries_a_code() {
    let world = kiosk().await;
    let codes = begin(&world).await;
    let code = codes["user_code"].as_str().unwrap();
    let mut stranger = world.browser();
    assert!(stranger.get("/device").await.location().starts_with("/authorize?"));
    // With a page of their own making, and of a session that has ended since.
    let mut person = world.enrolled().await;
    let page = page(&mut person, "/device").await;
    let csrf = field(&page.body, "csrf");
    person.cookies.remove("idp_sid");
    let tried = person
        .post_form("/device", &[("csrf", &csrf), ("user_code", code)])
        .await;
    assert!(tried.location().starts_with("/authorize?"), "{}", tried.location());
    assert_eq!(error(&world, &codes).await, "authorization_pending");
    let sql = "SELECT who FROM device_attempt";
    assert!(world.cx.db.all(sql, vec![]).await.unwrap().is_empty());
}

#[tokio::test]
async fn five_wrong_codes_of_a_person_are_enough_in_whatever_session_and_right_ones_count_nothing() {
    let world = kiosk().await;
    let mut browser = world.enrolled().await;
    for _ in 0..8 {
        let codes = begin(&world).await;
        assert_eq!(
            typed(&mut browser, codes["user_code"].as_str().unwrap())
                .await
                .location(),
            "/device/confirm"
        );
    }
    for _ in 0..5 {
        assert_eq!(
            typed(&mut browser, "BCDF-GHJK").await.location(),
            "/device?refused=wrong"
        );
    }
    let codes = begin(&world).await;
    let right = codes["user_code"].as_str().unwrap();
    assert_eq!(typed(&mut browser, right).await.location(), "/device?refused=many");
    browser.cookies.clear();
    assert_eq!(
        typed(&mut browser, right).await.location(),
        "/device?refused=many",
        "another session"
    );
    let second = add_person(&world.service, "Provo", "1234567893").await;
    let mut other = world.enrolled_as(&second).await;
    assert_eq!(
        typed(&mut other, right).await.location(),
        "/device/confirm",
        "nobody else is disturbed"
    );
    world.advance(600);
    let codes = begin(&world).await;
    let right = codes["user_code"].as_str().unwrap();
    assert_eq!(typed(&mut browser, right).await.location(), "/device/confirm");
}

#[tokio::test]
async fn guesses_of_many_people_in_one_network_are_stopped_there_and_nowhere_else() {
    let world = kiosk().await;
    let mut browser = world.enrolled().await;
    browser.address = Some("2001:db8:0:1::1".parse().unwrap());
    typed(&mut browser, "BCDF-GHJK").await;
    // As if others behind the same line had guessed, each for themselves.
    world
        .write("UPDATE device_attempt SET wrong = wrong + 49", vec![])
        .await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    let mut other = world.enrolled_as(&second).await;
    other.address = Some("2001:db8:0:1::2".parse().unwrap());
    let codes = begin(&world).await;
    let right = codes["user_code"].as_str().unwrap();
    assert_eq!(typed(&mut other, right).await.location(), "/device?refused=many");
    other.address = Some("2001:db8:0:2::2".parse().unwrap());
    assert_eq!(typed(&mut other, right).await.location(), "/device/confirm");
}

#[tokio::test]
async fn a_device_s_tokens_are_for_the_servers_that_it_asked_for_and_its_person_saw() {
    let land = "https://land.example.org/";
    let world = World::new().await;
    crate::register_resource(&world.cx, land, "demo-rp").await.unwrap();
    let mut rp = RelyingParty::register(&world, |registration| {
        registration.metadata.grant_types.push(GrantType::DeviceCode);
        registration.metadata.resources = vec!["https://land.example.org/".to_owned()];
    })
    .await;
    let scope = ("scope", "openid profile");
    let unknown = [scope, ("resource", "https://tax.example.org/")];
    let refused = rp.bound("/device_authorization", &unknown).await.json();
    assert_eq!(refused["error"], "invalid_target");
    for (asked, audience) in [
        (&[scope, ("resource", land)][..], land),
        (&[scope], "http://idp.localhost:8081"),
    ] {
        let codes = rp.bound("/device_authorization", asked).await.json();
        let mut browser = world.enrolled().await;
        assert_eq!(connect(&mut browser, &codes).await, "/device/granted");
        let code = codes["device_code"].as_str().unwrap();
        let fields = [("grant_type", DEVICE_CODE), ("device_code", code)];
        let tokens = rp.bound("/token", &fields).await.json();
        let claims = super::tokens::claims(tokens["access_token"].as_str().unwrap());
        assert_eq!(claims["aud"], audience, "{tokens}");
    }
}

#[tokio::test]
async fn while_the_hsm_is_away_no_device_code_is_spent() {
    let world = kiosk().await;
    let codes = begin(&world).await;
    let mut browser = world.enrolled().await;
    assert_eq!(connect(&mut browser, &codes).await, "/device/granted");
    world.hsm.away(true);
    assert_eq!(poll_as(&world, KIOSK, &codes).await.0, 503);
    world.hsm.away(false);
    assert_eq!(poll_as(&world, KIOSK, &codes).await.0, 200);
}

#[tokio::test]
async fn a_log_out_before_the_device_asks_leaves_it_nothing() {
    let world = kiosk().await;
    let codes = begin(&world).await;
    let mut browser = world.enrolled().await;
    connect(&mut browser, &codes).await;
    let csrf = browser.get("/logout").await.csrf();
    browser.post_form("/logout/confirm", &[("csrf", &csrf)]).await;
    assert_eq!(error(&world, &codes).await, "invalid_grant");
}

#[tokio::test]
async fn a_device_that_showed_its_key_at_the_beginning_redeems_with_that_key_alone() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |registration| {
        registration.metadata.grant_types.push(GrantType::DeviceCode);
    })
    .await;
    let codes = rp.bound("/device_authorization", &[("scope", "openid profile")]).await;
    assert_eq!(codes.status, 200, "{}", codes.body);
    let codes = codes.json();
    let mut browser = world.enrolled().await;
    assert_eq!(connect(&mut browser, &codes).await, "/device/granted");
    let own = std::mem::replace(&mut rp.dpop, super::relying_party::another_key());
    let fields = [
        ("grant_type", DEVICE_CODE),
        ("device_code", codes["device_code"].as_str().unwrap()),
    ];
    let refused = rp.bound("/token", &fields).await;
    assert_eq!(refused.json()["error"], "invalid_grant");
    // A code that reached its own client is spent, whatever else was wrong.
    rp.dpop = own;
    assert_eq!(rp.bound("/token", &fields).await.json()["error"], "invalid_grant");
    let codes = rp
        .bound("/device_authorization", &[("scope", "openid profile")])
        .await
        .json();
    assert_eq!(connect(&mut browser, &codes).await, "/device/granted");
    let fields = [
        ("grant_type", DEVICE_CODE),
        ("device_code", codes["device_code"].as_str().unwrap()),
    ];
    let tokens = rp.bound("/token", &fields).await;
    assert_eq!(tokens.json()["token_type"], "DPoP", "{}", tokens.body);
}

#[tokio::test]
async fn the_purge_forgets_devices_a_day_after_their_codes_expired() {
    let world = kiosk().await;
    begin(&world).await;
    typed(&mut world.enrolled().await, "BCDF-GHJK").await;
    let config = crate::Config::at(super::world::ISSUER);
    world.advance(25 * 60 * 60);
    crate::purge::run(&world.cx, &config).await.unwrap();
    for sql in [
        "SELECT COUNT(*) AS n FROM device_authorization",
        "SELECT COUNT(*) AS n FROM device_attempt",
    ] {
        let row = world.cx.db.opt(sql, vec![]).await.unwrap().unwrap();
        assert_eq!(row.get::<i64>("n").unwrap(), 0, "{sql}");
    }
}
