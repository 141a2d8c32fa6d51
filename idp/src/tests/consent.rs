//! Consent: shown with values, remembered, asked again when wider, refusable.

use signum_core::Id;

use super::world::{AFTER_LOGOUT, CALLBACK, OTHER_CALLBACK, World, add_person, authorize_query, register};
use crate::authorize::response::ToClient;
use crate::authorize::resume::{self, Finish, Resumed};
use crate::authorize::{self, Issued};
use crate::{clients, consent, session};

#[tokio::test]
async fn the_page_shows_each_datum_with_its_value() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let query = authorize_query(&[
        ("client_id", "signer"),
        ("redirect_uri", OTHER_CALLBACK),
        ("scope", "openid profile personal_number"),
    ]);
    let consent = browser.reach_consent(&query).await;
    let page = browser.get(&consent).await;
    for value in [
        "signer",
        "Testa",
        "Shembulli",
        "28 shkurt 1990",
        "1234567892",
        "sign.localhost",
    ] {
        assert!(page.body.contains(value), "{value}");
    }
}

#[tokio::test]
async fn denying_tells_the_service_and_gives_nothing() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let consent = browser.reach_consent(&authorize_query(&[])).await;
    let csrf = browser.get(&consent).await.csrf();
    let reply = browser
        .post_form(&consent, &[("csrf", &csrf), ("decision", "deny")])
        .await;
    assert_eq!(reply.redirected("error").as_deref(), Some("access_denied"));
    assert_eq!(reply.redirected("state").as_deref(), Some("state-0123456789"));
    assert_eq!(reply.redirected("code"), None);
    assert_eq!(world.audit("consent.denied").await.0, 1);
    assert_eq!(world.audit("code.issued").await.0, 0);
}

#[tokio::test]
async fn a_decision_without_the_pages_token_is_refused() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let consent = browser.reach_consent(&authorize_query(&[])).await;
    for pairs in [&[("decision", "allow")][..], &[("decision", "allow"), ("csrf", "00")]] {
        assert_eq!(browser.post_form(&consent, pairs).await.status, 403);
    }
    assert_eq!(world.audit("code.issued").await.0, 0);
}

#[tokio::test]
async fn consent_is_remembered_until_the_service_wants_more_or_asks_again() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    browser.sign_in(&authorize_query(&[("scope", "openid")])).await;
    let same = browser
        .get(&format!("/authorize?{}", authorize_query(&[("scope", "openid")])))
        .await;
    assert!(same.redirected("code").is_some());
    for query in [
        authorize_query(&[]),
        authorize_query(&[("scope", "openid"), ("prompt", "consent")]),
    ] {
        let reply = browser.get(&format!("/authorize?{query}")).await;
        assert!(reply.location().starts_with("/consent?i="), "{query}");
    }
    let silent = authorize_query(&[("prompt", "none")]);
    let reply = browser.get(&format!("/authorize?{silent}")).await;
    assert_eq!(reply.redirected("error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn an_interaction_is_answered_once() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let consent = browser.reach_consent(&authorize_query(&[])).await;
    let cookies = browser.cookies.clone();
    let csrf = browser.get(&consent).await.csrf();
    let pairs = [("csrf", csrf.as_str()), ("decision", "allow")];
    assert!(browser.post_form(&consent, &pairs).await.redirected("code").is_some());
    browser.cookies = cookies;
    assert_eq!(browser.post_form(&consent, &pairs).await.status, 410);
    assert_eq!(world.audit("code.issued").await.0, 1);
}

#[tokio::test]
async fn a_session_swapped_under_an_interaction_cannot_consent_for_it() {
    let world = World::new().await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    let mut browser = world.enrolled().await;
    let consent = browser.reach_consent(&authorize_query(&[])).await;
    let csrf = browser.get(&consent).await.csrf();
    let mut other = world.enrolled_as(&second).await;
    other.reach_consent(&authorize_query(&[])).await;
    browser
        .cookies
        .insert("idp_sid".into(), other.cookies["idp_sid"].clone());
    let reply = browser
        .post_form(&consent, &[("csrf", &csrf), ("decision", "allow")])
        .await;
    assert_eq!(reply.status, 403);
    assert_eq!(world.audit("code.issued").await.0, 0);
}

#[tokio::test]
async fn a_withdrawn_consent_ends_what_was_issued_on_it_and_is_asked_for_again() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let code = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    let token = browser.redeem(&code).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(browser.userinfo(&token).await.status, 200);
    let person = world.person.id;
    let listed = consent::list(&world.cx, person).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].client_id, "demo-rp");
    assert_eq!(listed[0].client.as_ref().unwrap().name["en"], "demo-rp en");
    assert_eq!(listed[0].agreed.scopes.to_string(), "openid profile");
    assert_eq!(listed[0].given_at, world.cx.now());
    assert!(consent::withdraw(&world.cx, person, "demo-rp").await.unwrap());
    assert_eq!(
        browser.userinfo(&token).await.status,
        401,
        "its tokens are worth nothing any more"
    );
    assert!(consent::list(&world.cx, person).await.unwrap().is_empty());
    let again = browser.get(&format!("/authorize?{}", authorize_query(&[]))).await;
    assert!(again.location().starts_with("/consent?i="), "{}", again.location());
    assert_eq!(world.audit("consent.withdrawn").await.0, 1);
    assert!(
        !consent::withdraw(&world.cx, person, "demo-rp").await.unwrap(),
        "there is none any more"
    );
}

#[tokio::test]
async fn a_withdrawal_reaches_no_other_person_and_no_other_service() {
    let world = World::new().await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    for person in [&world.person, &second] {
        let mut browser = world.enrolled_as(person).await;
        browser.sign_in(&authorize_query(&[])).await;
    }
    let mut browser = world.enrolled().await;
    let query = authorize_query(&[("client_id", "signer"), ("redirect_uri", OTHER_CALLBACK)]);
    browser.sign_in(&query).await;
    assert!(consent::withdraw(&world.cx, world.person.id, "signer").await.unwrap());
    assert_eq!(consent::list(&world.cx, world.person.id).await.unwrap().len(), 1);
    assert_eq!(consent::list(&world.cx, second.id).await.unwrap().len(), 1);
    let revoked = "SELECT client_id FROM authorization_grant WHERE revoked_at IS NOT NULL";
    let rows = world.cx.db.all(revoked, vec![]).await.unwrap();
    assert_eq!(
        rows.iter()
            .map(|row| row.get("client_id").unwrap())
            .collect::<Vec<String>>(),
        ["signer"]
    );
}

#[tokio::test]
async fn a_code_of_a_withdrawn_consent_is_worth_nothing() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let code = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    assert!(consent::withdraw(&world.cx, world.person.id, "demo-rp").await.unwrap());
    assert_eq!(browser.redeem(&code).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_consent_withdrawn_between_decision_and_answer_leads_to_no_code() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let (idp, person) = (&world.service.idp, world.person.id);
    let session = session::find(&world.cx, &idp.config, &browser.cookies["idp_sid"]).await;
    let session = session.unwrap().unwrap();
    // The page that shows as whom the person goes on was loaded while the consent was there.
    let mut other = world.enrolled().await;
    other
        .sign_in(&authorize_query(&[
            ("client_id", "signer"),
            ("redirect_uri", OTHER_CALLBACK),
        ]))
        .await;
    world.advance(1);
    let shown = other
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    assert!(shown.starts_with("/continue"), "{shown}");
    let id = shown.split_once("i=").unwrap().1.split('&').next().unwrap();
    let name = other
        .cookies
        .keys()
        .find(|name| id.starts_with(name.rsplit('-').next().unwrap()));
    let cookie = other.cookies[name.expect("the cookie of the interaction")].clone();
    let shown = resume::resume(
        idp,
        Id::parse(id).unwrap(),
        Some(&cookie),
        Some(&other.cookies["idp_sid"]),
    );
    let asked = match shown.await {
        Ok(Resumed::Continue(asked)) => asked,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("the page is another one"),
    };
    let request = asked.interaction.request.clone();
    let codes = world.audit("code.issued").await.0;
    assert!(consent::withdraw(&world.cx, person, "demo-rp").await.unwrap());
    let answered = authorize::answer_with_code(idp, &request, &session).await.unwrap();
    assert!(matches!(answered, Issued::Withdrawn));
    let done = resume::finish(idp, &asked.interaction, &asked.session, Finish::AgreedBefore).await;
    let Ok(Resumed::Client(ToClient::Redirect(address))) = done else {
        panic!("the client is told");
    };
    assert!(
        address.contains("error=access_denied") && !address.contains("code="),
        "{address}"
    );
    assert_eq!(world.audit("code.issued").await.0, codes);
    let asked = browser.get(&format!("/authorize?{}", authorize_query(&[]))).await;
    assert!(asked.location().starts_with("/consent"));
}

#[tokio::test]
async fn a_withdrawal_beside_an_answer_leaves_no_grant_alive() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    for _ in 0..20 {
        let silent = format!("/authorize?{}", authorize_query(&[("prompt", "none")]));
        let mut asking = browser.clone();
        let (_, withdrawn) = tokio::join!(
            asking.get(&silent),
            consent::withdraw(&world.cx, world.person.id, "demo-rp")
        );
        withdrawn.unwrap();
        let alive = "SELECT id FROM authorization_grant WHERE revoked_at IS NULL";
        assert!(world.cx.db.all(alive, vec![]).await.unwrap().is_empty());
        world.advance(1);
        browser.sign_in(&authorize_query(&[("prompt", "login")])).await;
    }
}

#[tokio::test]
async fn an_interaction_under_way_never_ends_at_a_redirect_uri_that_was_taken_back() {
    let world = World::new().await;
    let mut at_consent = world.enrolled().await;
    let consent = at_consent.reach_consent(&authorize_query(&[])).await;
    let consent_csrf = at_consent.get(&consent).await.csrf();
    let mut at_login = world.enrolled().await;
    let login = at_login
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    let login_csrf = at_login.get(&login).await.csrf();
    register(
        &world.cx,
        "demo-rp",
        "http://demo.localhost:8083/new",
        AFTER_LOGOUT,
        false,
    )
    .await;
    for decision in ["allow", "deny"] {
        let pairs = [("csrf", consent_csrf.as_str()), ("decision", decision)];
        let reply = at_consent.post_form(&consent, &pairs).await;
        assert_eq!(reply.status, 410, "{decision}: {}", reply.body);
        assert!(reply.headers.get("location").is_none());
    }
    assert_eq!(at_consent.get(&consent).await.status, 410);
    let i = login.split_once("i=").unwrap().1;
    assert_eq!(at_consent.get(&format!("/authorize/resume?i={i}")).await.status, 403);
    assert_eq!(at_login.get(&login).await.status, 410);
    let cancelled = at_login
        .post_form(&format!("/login/cancel?i={i}"), &[("csrf", &login_csrf)])
        .await;
    assert_eq!(cancelled.status, 410);
    assert_eq!(world.audit("code.issued").await.0, 0);
    // Given back, the person goes on where they were.
    register(&world.cx, "demo-rp", CALLBACK, AFTER_LOGOUT, false).await;
    let pairs = [("csrf", consent_csrf.as_str()), ("decision", "allow")];
    assert!(
        at_consent
            .post_form(&consent, &pairs)
            .await
            .redirected("code")
            .is_some()
    );
}

#[tokio::test]
async fn an_interaction_under_way_of_a_client_that_was_stopped_leads_nowhere() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let consent = browser.reach_consent(&authorize_query(&[])).await;
    let csrf = browser.get(&consent).await.csrf();
    assert!(
        clients::stop(&world.cx, "demo-rp", "operator-1", "it leaks")
            .await
            .unwrap()
    );
    for decision in ["allow", "deny"] {
        let pairs = [("csrf", csrf.as_str()), ("decision", decision)];
        assert_eq!(browser.post_form(&consent, &pairs).await.status, 410);
    }
    clients::start(&world.cx, "demo-rp", "operator-1", "mended")
        .await
        .unwrap();
    let pairs = [("csrf", csrf.as_str()), ("decision", "allow")];
    assert_eq!(
        browser.post_form(&consent, &pairs).await.status,
        410,
        "it does not come back to life"
    );
    assert_eq!(world.audit("code.issued").await.0, 0);
}
