//! Several passkeys of one person: added, named and removed by whoever has just logged in.

use serde_json::Value;

use super::browser::{Browser, Reply};
use super::world::{ISSUER, World, add_person, authorize_query};
use crate::Level;

const PATH: &str = "/account/passkeys";

/// Makes a passkey on the page of the person's passkeys; the reply is that of the last call.
async fn add(browser: &mut Browser) -> Reply {
    let csrf = browser.get(PATH).await.csrf();
    let options = browser
        .post_json("/account/passkeys/options", &csrf, &Value::Null)
        .await;
    if options.status != 200 {
        return options;
    }
    let credential = browser.authenticator.create(&options.json(), ISSUER).unwrap();
    browser.post_json(PATH, &csrf, &credential).await
}

/// The same with another device in the same browser.
async fn add_on_another_device(browser: &mut Browser) -> Reply {
    let first = std::mem::take(&mut browser.authenticator);
    let reply = add(browser).await;
    browser.authenticator = first;
    reply
}

async fn ids(browser: &mut Browser) -> Vec<String> {
    let page = browser.get(PATH).await.body;
    let parts = page.split("name=\"passkey\" value=\"").skip(1);
    let mut ids: Vec<_> = parts.map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
    ids.dedup();
    ids
}

async fn post(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Reply {
    let csrf = browser.get(PATH).await.csrf();
    let mut fields = fields.to_vec();
    fields.push(("csrf", &csrf));
    browser.post_form(path, &fields).await
}

#[tokio::test]
async fn a_second_passkey_is_added_right_after_a_log_in_and_logs_in() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    browser.authenticator = Default::default();
    let added = add(&mut browser).await;
    assert_eq!(added.json()["next"], PATH, "{}", added.body);
    assert_eq!(ids(&mut browser).await.len(), 2);
    assert_eq!(world.audit("passkey.registered").await.0, 2);
    assert!(
        browser
            .get("/account/activity")
            .await
            .body
            .contains("U shtua një çelës kalimi")
    );
    let mut other = world.browser();
    other.authenticator = browser.authenticator.clone();
    let login = other
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    assert_eq!(other.use_passkey(&login).await.status, 200);
}

#[tokio::test]
async fn two_minutes_after_the_log_in_nothing_is_added_or_removed() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    assert_eq!(add_on_another_device(&mut browser).await.status, 200);
    let id = ids(&mut browser).await[0].clone();
    world.advance(121);
    let late = add_on_another_device(&mut browser).await;
    assert_eq!(late.problem(), "urn:signum:problem:log_in_again");
    assert_eq!(
        post(&mut browser, "/account/passkeys/remove", &[("passkey", &id)])
            .await
            .status,
        403
    );
    assert_eq!(ids(&mut browser).await.len(), 2);
    let page = browser.get(PATH).await.body;
    assert!(page.contains("prompt=login") && !page.contains("data-passkey=\"create\""));
}

#[tokio::test]
async fn a_challenge_that_was_got_in_time_does_not_outlive_the_log_in() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let csrf = browser.get(PATH).await.csrf();
    let options = browser
        .post_json("/account/passkeys/options", &csrf, &Value::Null)
        .await;
    browser.authenticator = Default::default();
    let credential = browser.authenticator.create(&options.json(), ISSUER).unwrap();
    world.advance(121);
    let late = browser.post_json(PATH, &csrf, &credential).await;
    assert_eq!(late.status, 409, "{}", late.body);
    assert_eq!(world.audit("passkey.registered").await.0, 1);
}

#[tokio::test]
async fn one_challenge_makes_one_passkey() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let csrf = browser.get(PATH).await.csrf();
    let options = browser
        .post_json("/account/passkeys/options", &csrf, &Value::Null)
        .await;
    browser.authenticator = Default::default();
    let credential = browser.authenticator.create(&options.json(), ISSUER).unwrap();
    assert_eq!(browser.post_json(PATH, &csrf, &credential).await.status, 200);
    assert_eq!(browser.post_json(PATH, &csrf, &credential).await.status, 409);
}

#[tokio::test]
async fn a_passkey_worth_more_than_the_log_in_is_not_added() {
    let world = World::with(|config| config.levels.passkey_synced.level = Level::Low).await;
    let mut browser = world.browser();
    browser.authenticator.behaviour.backup_eligible = true;
    let code = crate::people::activation_code(&world.cx, world.person.id)
        .await
        .unwrap();
    assert_eq!(browser.activate(&code).await.status, 200);
    browser.sign_in(&authorize_query(&[("acr_values", "low")])).await;
    browser.authenticator = Default::default();
    let refused = add(&mut browser).await;
    assert_eq!(
        refused.problem(),
        "urn:signum:problem:passkey_above_session",
        "{}",
        refused.body
    );
    browser.authenticator = Default::default();
    browser.authenticator.behaviour.backup_eligible = true;
    assert_eq!(add(&mut browser).await.status, 200, "one of the same worth is");
}

#[tokio::test]
async fn the_last_means_of_the_highest_level_stays() {
    let world = World::with(|config| config.levels.passkey_synced.level = Level::Low).await;
    let mut browser = world.logged_in().await;
    let only = ids(&mut browser).await[0].clone();
    let refused = post(&mut browser, "/account/passkeys/remove", &[("passkey", &only)]).await;
    assert_eq!(refused.status, 409);
    let first = std::mem::take(&mut browser.authenticator);
    browser.authenticator.behaviour.backup_eligible = true;
    assert_eq!(add(&mut browser).await.status, 200);
    let refused = post(&mut browser, "/account/passkeys/remove", &[("passkey", &only)]).await;
    assert_eq!(refused.status, 409, "the synced one is worth less");
    let synced = ids(&mut browser).await.into_iter().find(|id| *id != only).unwrap();
    let removed = post(&mut browser, "/account/passkeys/remove", &[("passkey", &synced)]).await;
    assert_eq!(removed.status, 303);
    assert_eq!(ids(&mut browser).await, [only]);
    assert_eq!(world.audit("passkey.removed").await.0, 1);
    browser.authenticator = first;
    browser.cookies.clear();
    let login = browser
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    assert_eq!(browser.use_passkey(&login).await.status, 200);
}

#[tokio::test]
async fn a_removed_passkey_logs_nobody_in() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let old = ids(&mut browser).await[0].clone();
    assert_eq!(add_on_another_device(&mut browser).await.status, 200);
    let removed = post(&mut browser, "/account/passkeys/remove", &[("passkey", &old)]).await;
    assert_eq!(removed.status, 303);
    browser.cookies.clear();
    let login = browser
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    assert_eq!(browser.use_passkey(&login).await.status, 403);
}

#[tokio::test]
async fn two_removals_at_a_time_leave_one_passkey() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    assert_eq!(add_on_another_device(&mut browser).await.status, 200);
    let both = ids(&mut browser).await;
    let csrf = browser.get(PATH).await.csrf();
    let (mut one, mut other) = (browser.clone(), browser.clone());
    let (first, second) = (
        [("passkey", both[0].as_str()), ("csrf", &csrf)],
        [("passkey", both[1].as_str()), ("csrf", &csrf)],
    );
    let answers = tokio::join!(
        one.post_form("/account/passkeys/remove", &first),
        other.post_form("/account/passkeys/remove", &second)
    );
    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    assert_eq!(ids(&mut browser).await.len(), 1);
}

#[tokio::test]
async fn a_passkey_has_the_name_that_its_person_gives_it_and_it_is_shown_as_text() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let id = ids(&mut browser).await[0].clone();
    let fields = [("passkey", id.as_str()), ("name", "Çelësi i <b>zi</b>")];
    assert_eq!(
        post(&mut browser, "/account/passkeys/rename", &fields).await.status,
        303
    );
    let page = browser.get(PATH).await.body;
    assert!(page.contains("Çelësi i &lt;b&gt;zi&lt;/b&gt;") && !page.contains("<b>zi"));
    for bad in ["x".repeat(61), "a\u{7}b".to_owned()] {
        let fields = [("passkey", id.as_str()), ("name", bad.as_str())];
        assert_eq!(
            post(&mut browser, "/account/passkeys/rename", &fields).await.status,
            400
        );
    }
}

#[tokio::test]
async fn the_list_tells_a_synced_passkey_from_one_that_stays_on_its_device() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let first = std::mem::take(&mut browser.authenticator);
    browser.authenticator.behaviour.backup_eligible = true;
    assert_eq!(add(&mut browser).await.status, 200);
    browser.authenticator = first;
    let page = browser.get(&format!("{PATH}?ui_locales=en")).await.body;
    assert!(page.contains("copied between your devices") && page.contains("stays on one device"));
    assert!(page.contains("not used yet"), "the new one");
}

#[tokio::test]
async fn nobody_touches_another_persons_passkeys() {
    let world = World::new().await;
    let mut mine = world.logged_in().await;
    let stranger = add_person(&world.service, "Tjetra", "1000000009").await;
    let mut theirs = world.enrolled_as(&stranger).await;
    theirs.sign_in(&authorize_query(&[])).await;
    assert_eq!(add_on_another_device(&mut theirs).await.status, 200);
    let target = ids(&mut theirs).await[0].clone();
    let fields = [("passkey", target.as_str()), ("name", "mine now")];
    assert_eq!(post(&mut mine, "/account/passkeys/rename", &fields).await.status, 404);
    assert_eq!(post(&mut mine, "/account/passkeys/remove", &fields).await.status, 404);
    assert_eq!(ids(&mut theirs).await.len(), 2);
}

#[tokio::test]
async fn nothing_changes_without_the_pages_token_or_a_session() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    assert_eq!(add_on_another_device(&mut browser).await.status, 200);
    let id = ids(&mut browser).await[0].clone();
    for path in ["/account/passkeys/remove", "/account/passkeys/rename"] {
        let forged = browser.post_form(path, &[("passkey", &id), ("csrf", "00")]).await;
        assert_eq!(forged.status, 403, "{path}");
    }
    let forged = browser.post_json("/account/passkeys/options", "00", &Value::Null).await;
    assert_eq!(forged.status, 403);
    let mut nobody = world.browser();
    assert!(nobody.get(PATH).await.location().starts_with("/authorize?"));
    assert_eq!(ids(&mut browser).await.len(), 2);
}
