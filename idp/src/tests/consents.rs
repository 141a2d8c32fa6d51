//! The person's list of consents, and taking one back on their own page.

use serde_json::json;

use super::browser::Browser;
use super::refresh::{refresh, refreshing};
use super::world::{OTHER_CALLBACK, World, add_person, authorize_query};
use crate::consent;

const WITHDRAW: &str = "/account/consents/withdraw";

async fn withdraw(browser: &mut Browser, client: &str) {
    let csrf = browser.get("/account").await.csrf();
    let reply = browser
        .post_form(WITHDRAW, &[("csrf", &csrf), ("client", client)])
        .await;
    assert_eq!(reply.location(), "/account#consents");
}

#[tokio::test]
async fn each_service_is_listed_with_purpose_data_and_date_in_every_language() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    world.advance(60);
    let scope = "openid personal_number representee_list";
    let other = [
        ("client_id", "signer"),
        ("redirect_uri", OTHER_CALLBACK),
        ("scope", scope),
    ];
    let consent = browser
        .get(&format!("/authorize?{}", authorize_query(&other)))
        .await
        .location();
    let csrf = browser.get(&consent).await.csrf();
    browser
        .post_form(&consent, &[("csrf", &csrf), ("decision", "allow")])
        .await;
    for (tag, own, data, others, date) in [
        (
            "sq",
            "demo-rp sq",
            "Emri, Mbiemri, Data e lindjes",
            "Numri personal, për kë mund të veproni",
            "Jeni pajtuar më",
        ),
        (
            "sr-Latn",
            "demo-rp sr-Latn",
            "Ime, Prezime, Datum rođenja",
            "Lični broj, za koga smete da postupate",
            "Saglasili ste se",
        ),
        (
            "sr-Cyrl",
            "демо",
            "Име, Презиме, Датум рођења",
            "Лични број, за кога смете да поступате",
            "Сагласили сте се",
        ),
        (
            "en",
            "demo-rp en",
            "Given name, Family name, Date of birth",
            "Personal number, for whom you may act",
            "You agreed",
        ),
    ] {
        browser.cookies.insert("lang".into(), tag.into());
        let page = browser.get("/account").await;
        for text in [own, data, others, date] {
            assert!(page.body.contains(text), "{tag} {text}: {}", page.body);
        }
        assert_eq!(page.body.matches(WITHDRAW).count(), 2, "{tag}");
    }
    let page = browser.get("/account").await.body;
    assert!(page.contains("To show the demonstration en"), "{page}");
    assert!(
        page.find("value=\"signer\"").unwrap() < page.find("value=\"demo-rp\"").unwrap(),
        "the latest first"
    );
    assert!(!page.contains("1234567892"), "which data, not the data");
}

#[tokio::test]
async fn a_withdrawal_ends_the_services_tokens_and_stands_in_the_activity() {
    let world = World::new().await;
    let (mut browser, tokens) = refreshing(&world).await;
    let access = tokens["access_token"].as_str().unwrap();
    let silent = format!("/authorize?{}", authorize_query(&[("prompt", "none")]));
    let code = browser.get(&silent).await.redirected("code").unwrap();
    assert_eq!(browser.userinfo(access).await.status, 200);
    withdraw(&mut browser, "demo-rp").await;
    assert_eq!(browser.userinfo(access).await.status, 401);
    assert_eq!(
        refresh(&mut browser, &tokens["refresh_token"], &[]).await.1["error"],
        json!("invalid_grant")
    );
    assert_eq!(browser.redeem(&code).await.json()["error"], "invalid_grant");
    let asked = browser.get(&silent).await;
    assert_eq!(asked.redirected("error").as_deref(), Some("consent_required"));
    let page = browser.get("/account").await;
    assert!(page.body.contains("Nuk jeni pajtuar"), "{}", page.body);
    let activity = browser.get("/account/activity").await;
    assert!(
        activity
            .body
            .contains("<strong>E tërhoqët pëlqimin</strong>: demo-rp sq"),
        "{}",
        activity.body
    );
}

#[tokio::test]
async fn a_withdrawal_needs_the_pages_token_a_session_and_a_consent_of_ones_own() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    let mut other = world.enrolled_as(&second).await;
    other.sign_in(&authorize_query(&[])).await;
    let listed = async |person| consent::list(&world.cx, person).await.unwrap().len();
    assert_eq!(browser.post_form(WITHDRAW, &[("client", "demo-rp")]).await.status, 403);
    let csrf = other.get("/account").await.csrf();
    let foreign = [("csrf", csrf.as_str()), ("client", "demo-rp")];
    assert_eq!(browser.post_form(WITHDRAW, &foreign).await.status, 403);
    assert_eq!(world.browser().post_form(WITHDRAW, &foreign).await.status, 403);
    let csrf = browser.get("/account").await.csrf();
    assert_eq!(browser.post_form(WITHDRAW, &[("csrf", &csrf)]).await.status, 400);
    for nothing in ["signer", "nobody"] {
        withdraw(&mut browser, nothing).await;
    }
    assert_eq!((listed(world.person.id).await, listed(second.id).await), (1, 1));
    assert_eq!(world.audit("consent.withdrawn").await.0, 0);
    withdraw(&mut browser, "demo-rp").await;
    withdraw(&mut browser, "demo-rp").await;
    assert_eq!((listed(world.person.id).await, listed(second.id).await), (0, 1));
    assert_eq!(world.audit("consent.withdrawn").await.0, 1, "once");
}

#[tokio::test]
async fn a_consent_for_a_service_that_was_switched_off_can_still_be_taken_back() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let off = world.cx.db.run("off", |tx| async move {
        tx.exec(
            "UPDATE client SET status = 'disabled' WHERE client_id = 'demo-rp'",
            vec![],
        )
        .await
    });
    assert_eq!(off.await.unwrap(), 1);
    let page = browser.get("/account").await;
    assert!(page.body.contains("<h3>demo-rp</h3>"), "{}", page.body);
    withdraw(&mut browser, "demo-rp").await;
    assert!(consent::list(&world.cx, world.person.id).await.unwrap().is_empty());
}
