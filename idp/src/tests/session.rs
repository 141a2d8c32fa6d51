//! Sessions: continued knowingly, switched, listed, never fixed, never swapped, never raised in place.

use signum_core::{DbError, params};

use super::browser::Browser;
use super::world::{OTHER_CALLBACK, World, add_person, authorize_query};
use crate::authorize::current_session;
use crate::level::Level;
use crate::secret;
use crate::session::{self, Amr, Authentication, Session};

fn other(changes: &[(&str, &str)]) -> String {
    let mut all = vec![("client_id", "signer"), ("redirect_uri", OTHER_CALLBACK)];
    all.extend(changes);
    format!("/authorize?{}", authorize_query(&all))
}

/// Logged in anew at the demo client, with consent for both clients from before.
async fn with_both_consents(world: &World) -> Browser {
    let mut browser = world.logged_in().await;
    let consent = browser.get(&other(&[])).await.location();
    let csrf = browser.get(&consent).await.csrf();
    let agreed = browser
        .post_form(&consent, &[("csrf", &csrf), ("decision", "allow")])
        .await;
    assert!(agreed.redirected("code").is_some());
    browser.cookies.remove("idp_sid");
    let login = browser
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    let next = browser.use_passkey(&login).await.json()["next"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(browser.get(&next).await.redirected("code").is_some());
    world.advance(1);
    browser
}

async fn session_of(world: &World, browser: &Browser) -> Session {
    let idp = &world.service.idp;
    let cookie = browser.cookies.get("idp_sid").map(String::as_str);
    current_session(idp, cookie).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_session_is_continued_at_another_service_once_the_person_has_seen_as_whom() {
    let world = World::new().await;
    let mut browser = with_both_consents(&world).await;
    let location = browser.get(&other(&[])).await.location();
    assert!(location.starts_with("/continue?i="), "{location}");
    let page = browser.get(&location).await;
    assert!(page.body.contains("Vazhdo si Testa Shembulli"), "{}", page.body);
    let csrf = page.csrf();
    let reply = browser
        .post_form(&location, &[("csrf", &csrf), ("decision", "continue")])
        .await;
    assert!(reply.redirected("code").is_some());
    assert!(
        browser.get(&other(&[])).await.redirected("code").is_some(),
        "once per client and session"
    );
}

#[tokio::test]
async fn a_silent_request_is_answered_without_the_page() {
    let world = World::new().await;
    let mut browser = with_both_consents(&world).await;
    assert!(
        browser
            .get(&other(&[("prompt", "none")]))
            .await
            .redirected("code")
            .is_some()
    );
}

#[tokio::test]
async fn going_on_needs_the_pages_token_this_browser_and_a_known_answer() {
    let world = World::new().await;
    let mut browser = with_both_consents(&world).await;
    let location = browser.get(&other(&[])).await.location();
    let csrf = browser.get(&location).await.csrf();
    assert_eq!(
        browser.post_form(&location, &[("decision", "continue")]).await.status,
        403
    );
    let pairs = [("csrf", csrf.as_str()), ("decision", "continue")];
    assert_eq!(world.browser().post_form(&location, &pairs).await.status, 403);
    let unknown = [("csrf", csrf.as_str()), ("decision", "whatever")];
    assert_eq!(browser.post_form(&location, &unknown).await.status, 400);
    let cancel = [("csrf", csrf.as_str()), ("decision", "cancel")];
    let reply = browser.post_form(&location, &cancel).await;
    assert_eq!(reply.redirected("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn another_account_ends_the_session_everywhere_before_it_logs_in() {
    let world = World::new().await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    let stranger = world.enrolled_as(&second).await;
    let mut browser = with_both_consents(&world).await;
    let before = session_of(&world, &browser).await;
    let old_cookie = browser.cookies["idp_sid"].clone();
    let location = browser.get(&other(&[])).await.location();
    let csrf = browser.get(&location).await.csrf();
    let login = browser
        .post_form(&location, &[("csrf", &csrf), ("decision", "switch")])
        .await
        .location();
    assert!(login.starts_with("/login?i="), "{login}");
    assert!(!browser.cookies.contains_key("idp_sid"));
    let owed = crate::logout::outbox::of_session(&world.cx, before.id).await.unwrap();
    assert_eq!(owed, [("demo-rp".to_owned(), None)], "its services are to be told");
    browser.authenticator = stranger.authenticator;
    let next = browser.use_passkey(&login).await.json()["next"]
        .as_str()
        .unwrap()
        .to_owned();
    let consent = browser.get(&next).await.location();
    assert!(browser.get(&consent).await.body.contains("Provo"));
    let after = session_of(&world, &browser).await;
    assert!(after.id != before.id && after.person == second.id);
    browser.cookies.insert("idp_sid".into(), old_cookie);
    let idp = &world.service.idp;
    let dead = current_session(idp, browser.cookies.get("idp_sid").map(String::as_str)).await;
    assert!(dead.unwrap().is_none());
}

#[tokio::test]
async fn a_log_in_at_another_level_is_a_new_session_and_the_old_services_are_told() {
    let world = World::new().await;
    let browser = world.logged_in().await;
    let old = session_of(&world, &browser).await;
    let cx = &world.cx;
    for (acr, same) in [(Level::Substantial, true), (Level::High, false)] {
        let authentication = &Authentication {
            time: cx.now(),
            acr,
            amr: Amr::passkey(false),
        };
        let (_, hash) = secret::fresh(&*cx.random);
        let old = &old;
        let id = cx
            .db
            .run::<_, DbError, _, _>("test", |tx| async move {
                session::rotate(&tx, cx, Some(old), old.person, authentication, hash).await
            })
            .await
            .unwrap();
        assert_eq!(id == old.id, same, "{acr:?}");
    }
    assert!(world.audit("session.ended").await.1.contains("another level"));
    assert_eq!(crate::logout::outbox::due(cx, 10).await.unwrap().len(), 1);
    let sql = "SELECT id FROM authorization_grant WHERE session = $1 AND revoked_at IS NULL";
    assert!(cx.db.opt(sql, params![old.id]).await.unwrap().is_none());
}

/// Keycloak CVE-2026-7507: a log-in that an attacker began is finished in the victim's browser.
#[tokio::test]
async fn an_interaction_that_another_browser_began_cannot_be_shown_finished_or_restarted_here() {
    let world = World::new().await;
    let mut attacker = world.browser();
    let mut victim = world.logged_in().await;
    let login = attacker
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    let i = login.split_once("i=").unwrap().1.to_owned();
    let before = victim.cookies.clone();
    for path in ["/login", "/authorize/resume", "/consent", "/continue"] {
        let reply = victim.get(&format!("{path}?i={i}")).await;
        assert_eq!(reply.status, 403, "{path}");
    }
    let post = victim
        .post_form(&format!("/login/cancel?i={i}"), &[("csrf", "00")])
        .await;
    assert_eq!(post.status, 403);
    assert_eq!(victim.cookies, before, "nothing is set or taken over");
    // Nor does the attacker's own browser get further with it after the victim's attempts.
    let reply = attacker.get(&format!("/authorize/resume?i={i}")).await;
    assert!(reply.location().starts_with("/login?i="));
}

/// Keycloak CVE-2025-12390: a log-out without cookies, then another person in the same browser, under the same session id.
#[tokio::test]
async fn after_a_log_out_without_cookies_the_next_person_gets_a_session_and_sids_of_their_own() {
    let world = World::new().await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    let stranger = world.enrolled_as(&second).await;
    let mut browser = world.logged_in().await;
    let first = session_of(&world, &browser).await;
    let first_cookie = browser.cookies["idp_sid"].clone();
    let silent = format!("/authorize?{}", authorize_query(&[("prompt", "none")]));
    let left = browser.get(&silent).await.redirected("code").unwrap();
    assert_eq!(
        world.browser().get("/logout").await.location(),
        "/logged-out",
        "it ends nobody's session"
    );
    let login = browser
        .get(&format!("/authorize?{}", authorize_query(&[("prompt", "login")])))
        .await
        .location();
    browser.authenticator = stranger.authenticator;
    let next = browser.use_passkey(&login).await.json()["next"]
        .as_str()
        .unwrap()
        .to_owned();
    let consent = browser.get(&next).await.location();
    let csrf = browser.get(&consent).await.csrf();
    let code = browser
        .post_form(&consent, &[("csrf", &csrf), ("decision", "allow")])
        .await
        .redirected("code")
        .unwrap();
    let now = session_of(&world, &browser).await;
    assert_ne!(now.id, first.id);
    let sids = async |id| session::clients(&world.cx, id).await.unwrap()[0].1.clone();
    assert_ne!(sids(now.id).await, sids(first.id).await);
    assert_eq!(
        browser.redeem(&left).await.json()["error"],
        "invalid_grant",
        "the first person's code died with it"
    );
    assert_eq!(browser.redeem(&code).await.status, 200);
    browser.cookies.insert("idp_sid".into(), first_cookie);
    assert_eq!(
        browser.get(&silent).await.redirected("error").as_deref(),
        Some("login_required")
    );
}

#[tokio::test]
async fn a_browser_has_at_most_ten_log_ins_open_and_the_oldest_gives_way() {
    let world = World::new().await;
    let mut browser = world.browser();
    let mut logins = Vec::new();
    for _ in 0..12 {
        world.advance(1);
        logins.push(
            browser
                .get(&format!("/authorize?{}", authorize_query(&[])))
                .await
                .location(),
        );
    }
    let open = browser
        .cookies
        .keys()
        .filter(|name| name.starts_with("idp_tx-"))
        .count();
    assert_eq!(open, 10);
    for (n, login) in logins.iter().enumerate() {
        let expected = if n < 2 { 410 } else { 200 };
        assert_eq!(browser.get(login).await.status, expected, "{n}");
    }
    browser.cookies = (0..80)
        .map(|n| (format!("idp_tx-{n:08}"), "planted".to_owned()))
        .collect();
    assert_eq!(
        browser
            .get(&format!("/authorize?{}", authorize_query(&[])))
            .await
            .status,
        303
    );
    assert!(
        browser.cookies.len() <= 80 - 64 + 1 + 1,
        "worthless ones are cleared away"
    );
}

#[tokio::test]
async fn a_session_knows_the_device_it_began_on_by_family_and_system_alone() {
    let world = World::new().await;
    let browser = world.logged_in().await;
    let session = session_of(&world, &browser).await;
    let listed = session::list(&world.cx, &world.service.idp.config, session.person)
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].services, ["demo-rp"]);
    assert_eq!(listed[0].device, "");
}

#[tokio::test]
async fn cookies_are_bound_to_this_very_host_and_closed_to_scripts_and_other_sites() {
    let world = World::new().await;
    let deps = crate::Deps {
        cx: world.cx.clone(),
        hsm: world.hsm.clone(),
        csrf: world.csrf.clone(),
    };
    let service = crate::Service::new(crate::Config::at("https://idp.example.org"), deps)
        .await
        .unwrap();
    let mut browser = Browser::new(service.router());
    let reply = browser.get(&format!("/authorize?{}", authorize_query(&[]))).await;
    let set = reply.headers["set-cookie"].to_str().unwrap().to_owned();
    let session = service.idp.cookies.set(crate::http::SESSION, "secret", None);
    let session = session.to_str().unwrap();
    assert!(
        set.starts_with("__Host-idp_tx-") && session.starts_with("__Host-idp_sid="),
        "{set} {session}"
    );
    for cookie in [set.as_str(), session] {
        for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
            assert!(cookie.contains(attribute), "{attribute}: {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

#[tokio::test]
async fn secrets_of_sessions_and_interactions_are_random_and_only_their_hashes_are_stored() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    browser
        .get(&format!("/authorize?{}", authorize_query(&[("prompt", "login")])))
        .await;
    let rows = |sql| world.cx.db.all(sql, vec![]);
    let mut stored = rows("SELECT secret_hash AS hash FROM session").await.unwrap();
    stored.extend(rows("SELECT cookie_hash AS hash FROM interaction").await.unwrap());
    let stored: Vec<Vec<u8>> = stored.iter().map(|row| row.get("hash").unwrap()).collect();
    assert!(browser.cookies.len() >= 2, "{:?}", browser.cookies.keys());
    for (name, secret) in &browser.cookies {
        // A convenience for the page, not a secret.
        if name == "idp_means" {
            assert_eq!(secret, "passkey");
            continue;
        }
        assert!(secret.len() >= 43, "{name}: 256 bits");
        assert!(stored.contains(&secret::hashed(secret).to_vec()), "{name}");
        assert!(!stored.contains(&secret.as_bytes().to_vec()), "{name}");
    }
}
