//! The person's own pages: log-in to them, activity, sessions on other devices, and "this wasn't me".

use signum_core::params;

use super::browser::{Browser, Reply};
use super::world::{World, add_person, authorize_query};
use crate::authorize::current_session;
use crate::config::Config;
use crate::logout::outbox;
use crate::purge;
use crate::representation::RepresenteeSub;

async fn alive(world: &World, browser: &Browser) -> bool {
    let cookie = browser.cookies.get("idp_sid").map(String::as_str);
    current_session(&world.service.idp, cookie).await.unwrap().is_some()
}

/// A second device of the same person, logged in.
async fn on_another_device(world: &World, first: &mut Browser) -> Browser {
    world.advance(1);
    let mut second = world.browser();
    second.authenticator = first.authenticator.clone();
    let login = second
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    assert_eq!(second.use_passkey(&login).await.status, 200);
    // One passkey, one counter.
    first.authenticator = second.authenticator.clone();
    second
}

fn links(page: &Reply, start: &str) -> Vec<String> {
    let mark = format!("\"{start}");
    let parts = page.body.split(mark.as_str()).skip(1);
    parts
        .map(|rest| format!("{start}{}", rest.split('"').next().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_person_logs_in_to_their_own_page_and_back_comes_no_question_of_consent() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let authorize = browser.get("/account").await.location();
    let login = browser.get(&authorize).await.location();
    assert!(login.starts_with("/login?i="), "{login}");
    let next = browser.use_passkey(&login).await.json()["next"]
        .as_str()
        .unwrap()
        .to_owned();
    let entered = browser.get(&next).await.location();
    assert!(
        entered.starts_with("http://idp.localhost:8081/account/entered?code="),
        "{entered}"
    );
    let path = entered.strip_prefix("http://idp.localhost:8081").unwrap();
    assert_eq!(browser.get(path).await.location(), "/account");
    let page = browser.get("/account").await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("Testa Shembulli") && page.body.contains("kjo pajisje"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn the_activity_shows_log_ins_with_service_means_and_level_to_that_person_alone() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let page = browser.get("/account/activity").await;
    for word in [
        "Kyçje",
        "demo-rp sq",
        "çelës kalimi",
        "i konsiderueshëm",
        "Nuk isha unë",
    ] {
        assert!(page.body.contains(word), "{word}: {}", page.body);
    }
    let second = add_person(&world.service, "Provo", "1234567893").await;
    let mut other = world.enrolled_as(&second).await;
    other.sign_in(&authorize_query(&[])).await;
    let entries = |page: &Reply| page.body.matches("class=\"event\"").count();
    let (first, other) = (
        browser.get("/account/activity").await,
        other.get("/account/activity").await,
    );
    assert_eq!(entries(&first), entries(&page), "nobody else's entries come in");
    assert!(entries(&other) > 0);
    assert!(
        world
            .browser()
            .get("/account/activity")
            .await
            .location()
            .starts_with("/authorize?")
    );
}

#[tokio::test]
async fn consent_tokens_and_released_data_are_in_the_activity_with_what_they_covered() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let code = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    let token = browser.redeem(&code).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let request = http::Request::get("/userinfo")
        .header("authorization", format!("Bearer {token}"))
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(world.browser().send(request).await.status, 200);
    let page = browser.get("/account/activity").await;
    for word in [
        "U pajtuat",
        "Kyçja juaj iu konfirmua shërbimit",
        "U dërguan të dhëna",
        "Emri, Mbiemri, Data e lindjes",
    ] {
        assert!(page.body.contains(word), "{word}: {}", page.body);
    }
}

#[tokio::test]
async fn a_refused_log_in_with_a_persons_passkey_is_in_their_activity() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let mut thief = world.browser();
    thief.authenticator = browser.authenticator.clone();
    thief.authenticator.credentials[0].user_handle = vec![7; 16];
    let login = thief
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    assert_eq!(thief.use_passkey(&login).await.status, 403);
    assert!(
        browser
            .get("/account/activity")
            .await
            .body
            .contains("Një kyçje u refuzua")
    );
}

#[tokio::test]
async fn older_activity_is_reached_page_by_page_and_goes_after_seven_years() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    for _ in 0..60 {
        world.advance(1);
        let login = browser
            .get(&format!("/authorize?{}", authorize_query(&[("prompt", "login")])))
            .await
            .location();
        assert_eq!(browser.use_passkey(&login).await.status, 200);
    }
    let page = browser.get("/account/activity").await;
    assert_eq!(page.body.matches("class=\"event\"").count(), 50);
    let older = links(&page, "/account/activity?before=");
    let second = browser.get(&older[0]).await;
    assert!((11..50).contains(&second.body.matches("class=\"event\"").count()));
    let count = async || {
        let row = world.cx.db.opt("SELECT COUNT(*) AS n FROM activity", vec![]).await;
        row.unwrap().unwrap().get::<i64>("n").unwrap()
    };
    let config = Config::at(super::world::ISSUER);
    world.advance(7 * 365 * 24 * 60 * 60);
    purge::run(&world.cx, &config).await.unwrap();
    assert!(count().await >= 61, "seven years are kept");
    world.advance(8 * 24 * 60 * 60);
    purge::run(&world.cx, &config).await.unwrap();
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn a_session_on_another_device_is_listed_and_ended_from_here_with_its_services_told() {
    let world = World::new().await;
    let mut here = world.logged_in().await;
    let there = on_another_device(&world, &mut here).await;
    let page = here.get("/account").await;
    assert_eq!(page.body.matches("kjo pajisje").count(), 1);
    let (_, rest) = page.body.split_once("name=\"session\" value=\"").unwrap();
    let id = rest.split('"').next().unwrap().to_owned();
    let csrf = page.csrf();
    assert_eq!(
        here.post_form("/account/sessions/end", &[("session", &id)])
            .await
            .status,
        403
    );
    assert!(alive(&world, &there).await);
    let pairs = [("csrf", csrf.as_str()), ("session", id.as_str())];
    assert_eq!(
        here.post_form("/account/sessions/end", &pairs).await.location(),
        "/account"
    );
    assert!(!alive(&world, &there).await && alive(&world, &here).await);
}

#[tokio::test]
async fn nobody_ends_the_session_of_another_person() {
    let world = World::new().await;
    let victim = world.logged_in().await;
    let sessions = world.cx.db.all("SELECT id FROM session", params![]).await.unwrap();
    let id: signum_core::Id<()> = sessions[0].get("id").unwrap();
    let second = add_person(&world.service, "Provo", "1234567893").await;
    let mut other = world.enrolled_as(&second).await;
    other.sign_in(&authorize_query(&[])).await;
    let csrf = other.get("/account").await.csrf();
    let id = id.to_string();
    other
        .post_form("/account/sessions/end", &[("csrf", &csrf), ("session", &id)])
        .await;
    assert!(alive(&world, &victim).await);
    let bad = [("csrf", csrf.as_str()), ("session", "rubbish")];
    assert_eq!(other.post_form("/account/sessions/end", &bad).await.status, 400);
}

#[tokio::test]
async fn every_other_session_ends_at_once_and_this_one_stays() {
    let world = World::new().await;
    let mut here = world.logged_in().await;
    let there = on_another_device(&world, &mut here).await;
    let elsewhere = on_another_device(&world, &mut here).await;
    let csrf = here.get("/account").await.csrf();
    here.post_form("/account/sessions/end", &[("csrf", &csrf), ("session", "others")])
        .await;
    assert!(alive(&world, &here).await);
    assert!(!alive(&world, &there).await && !alive(&world, &elsewhere).await);
}

#[tokio::test]
async fn this_was_not_me_ends_every_session_revokes_every_grant_and_suspends_the_passkey() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let there = on_another_device(&world, &mut browser).await;
    let silent = format!("/authorize?{}", authorize_query(&[("prompt", "none")]));
    let code = browser.get(&silent).await.redirected("code").unwrap();
    let link = links(&browser.get("/account/activity").await, "/account/not-me/")[0].clone();
    // On any device, without a session.
    let mut anywhere = world.browser();
    let page = anywhere.get(&link).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("demo-rp sq"), "{}", page.body);
    assert!(alive(&world, &browser).await, "looking changes nothing");
    assert_eq!(anywhere.post_form(&link, &[]).await.status, 200);
    assert!(!alive(&world, &browser).await && !alive(&world, &there).await);
    assert_eq!(browser.redeem(&code).await.json()["error"], "invalid_grant");
    assert_eq!(
        outbox::due(&world.cx, 10).await.unwrap().len(),
        1,
        "the service is to be told"
    );
    let login = browser
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    assert_eq!(
        browser.use_passkey(&login).await.status,
        403,
        "the passkey is suspended"
    );
    assert_eq!(world.audit("login.disowned").await.0, 1);
    for again in [anywhere.get(&link).await, anywhere.post_form(&link, &[]).await] {
        assert_eq!(again.status, 410, "once");
    }
    assert_eq!(world.audit("login.disowned").await.0, 1);
}

#[tokio::test]
async fn a_made_up_changed_or_old_link_disowns_nothing() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let link = links(&browser.get("/account/activity").await, "/account/not-me/")[0].clone();
    let (start, _) = link.rsplit_once('.').unwrap();
    for bad in [
        format!("{start}.{}", "0".repeat(64)),
        start.to_owned(),
        "/account/not-me/x.y".to_owned(),
        link.get(..link.len() - 1).unwrap().to_owned(),
    ] {
        assert_eq!(browser.get(&bad).await.status, 410, "{bad}");
        assert_eq!(browser.post_form(&bad, &[]).await.status, 410, "{bad}");
    }
    world.advance(10 * 24 * 60 * 60 - 1);
    assert_eq!(browser.get(&link).await.status, 200);
    world.advance(1);
    assert_eq!(browser.post_form(&link, &[]).await.status, 410);
    assert_eq!(world.audit("login.disowned").await.0, 0);
}

#[tokio::test]
async fn what_the_activity_tells_is_in_the_audit_log_too_which_names_nobody() {
    let world = World::new().await;
    let _ = world
        .service
        .clone()
        .with_registry(std::sync::Arc::new(super::representation::table()));
    let (mut browser, tokens) = super::refresh::refreshing(&world).await;
    super::refresh::refresh(&mut browser, &tokens["refresh_token"], &[]).await;
    let company = RepresenteeSub::of(&world.service.idp.csrf, "demo.localhost", "810000001").unwrap();
    let query = authorize_query(&[("scope", &format!("openid profile representee.{company}"))]);
    let consent = browser.get(&format!("/authorize?{query}")).await.location();
    let csrf = browser.get(&consent).await.csrf();
    let agreed = browser
        .post_form(&consent, &[("csrf", &csrf), ("decision", "allow")])
        .await;
    let acting = browser.redeem(&agreed.redirected("code").unwrap()).await.json();
    let said = browser.userinfo(acting["access_token"].as_str().unwrap()).await;
    assert_eq!(said.json()["representee"]["name"], "Shembull sh.p.k.");
    let link = links(&browser.get("/account/activity").await, "/account/not-me/")[0].clone();
    let csrf = browser.get("/account").await.csrf();
    browser
        .post_form("/account/consents/withdraw", &[("csrf", &csrf), ("client", "demo-rp")])
        .await;
    browser.post_form(&link, &[]).await;
    for (of_the_person, of_the_house) in [
        ("logged_in", "login.succeeded"),
        ("consent_given", "consent.given"),
        ("tokens_issued", "refresh.done"),
        ("data_released", "userinfo.released"),
        ("mandate_used", "mandate.confirmed"),
        ("consent_withdrawn", "consent.withdrawn"),
        ("session_ended", "session.ended"),
        ("disowned", "login.disowned"),
    ] {
        let own = "SELECT kind FROM activity WHERE kind = $1";
        assert!(
            world.cx.db.opt(own, params![of_the_person]).await.unwrap().is_some(),
            "{of_the_person}"
        );
        assert!(world.audit(of_the_house).await.0 > 0, "{of_the_house}");
    }
    let rows = world
        .cx
        .db
        .all("SELECT subject, detail FROM audit_event", vec![])
        .await
        .unwrap();
    for row in &rows {
        let (subject, detail): (String, String) = (row.get("subject").unwrap(), row.get("detail").unwrap());
        for personal in ["Testa", "Shembull", "1234567892", "1990-02-28", "810000001", "sh.p.k."] {
            assert!(
                !subject.contains(personal) && !detail.contains(personal),
                "{personal}: {detail}"
            );
        }
    }
}

#[tokio::test]
async fn a_refresh_is_in_the_activity_with_its_service() {
    let world = World::new().await;
    let (mut browser, tokens) = super::refresh::refreshing(&world).await;
    let confirmed = "<strong>Kyçja juaj iu konfirmua shërbimit</strong>: demo-rp sq";
    let before = browser.get("/account/activity").await.body.matches(confirmed).count();
    super::refresh::refresh(&mut browser, &tokens["refresh_token"], &[]).await;
    let after = browser.get("/account/activity").await.body.matches(confirmed).count();
    assert_eq!(after, before + 1);
}

#[tokio::test]
async fn a_single_claim_that_was_released_is_named_in_the_activity() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let claims = r#"{"userinfo":{"birthdate":null}}"#;
    let agreed = browser
        .sign_in(&authorize_query(&[("scope", "openid"), ("claims", claims)]))
        .await;
    let tokens = browser.redeem(&agreed.redirected("code").unwrap()).await.json();
    let said = browser.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(said.json()["birthdate"], "1990-02-28");
    let page = browser.get("/account/activity").await.body;
    assert_eq!(
        page.matches("<p>Data e lindjes</p>").count(),
        2,
        "agreed and sent: {page}"
    );
}
