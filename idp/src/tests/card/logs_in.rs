//! A card that is right, and what its log-in is worth.

use serde_json::json;

use super::authority::{NCP_PLUS, OWN_POLICY, Shape};
use super::desk::{Card, Desk, NUMBER};
use crate::Level;
use crate::tests::agency::decide;
use crate::tests::tokens::claims;
use crate::tests::world::{ISSUER, authorize_query};

#[tokio::test]
async fn a_card_logs_its_person_in_at_level_high_and_the_service_learns_how() {
    let desk = Desk::open().await;
    let mut door = desk.at_the_door_for(&[("acr_values", "high")]).await;
    let nonce = door.nonce().await;
    let reply = door.present(&desk.card.token(ISSUER, &nonce)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let next = reply.json()["next"].as_str().unwrap().to_owned();
    let consent = door.browser.get(&next).await.location();
    let back = decide(&mut door.browser, &consent, "allow").await;
    let tokens = door.browser.redeem(&back.redirected("code").unwrap()).await.json();
    let claims = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["acr"], "high");
    assert_eq!(claims["amr"], json!(["sc", "pin", "mfa"]));
    let (count, detail) = desk.world.audit("login.succeeded").await;
    assert!(count == 1 && detail.contains("\"means\":\"card\""), "{detail}");
    let sql = "SELECT person FROM card";
    let rows = desk.world.cx.db.all(sql, vec![]).await.unwrap();
    assert_eq!(rows.len(), 1, "the card is remembered");
}

#[tokio::test]
async fn every_minor_version_of_the_token_and_unknown_members_are_taken() {
    let desk = Desk::open().await;
    for format in ["web-eid:1", "web-eid:1.0", "web-eid:1.2", "web-eid:1.37"] {
        let (_, reply) = desk
            .attempt(&desk.card, |token| {
                token["format"] = json!(format);
                token["somethingNew"] = json!({"of": ["a", "later", "version"]});
            })
            .await;
        assert_eq!(reply.status, 200, "{format}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_number_under_the_code_of_travel_documents_is_the_same_persons() {
    let desk = Desk::open().await;
    let shape = Shape {
        numbers: vec![format!("PNORKS-{NUMBER}")],
        ..Shape::card(NUMBER)
    };
    let card = Card::of(&desk.authority, &shape);
    assert_eq!(desk.attempt(&card, |_| ()).await.1.status, 200);
}

#[tokio::test]
async fn a_certificate_without_extended_key_usage_logs_in() {
    let desk = Desk::open().await;
    let shape = Shape {
        purpose: None,
        ..Shape::card(NUMBER)
    };
    let card = Card::of(&desk.authority, &shape);
    assert_eq!(desk.attempt(&card, |_| ()).await.1.status, 200);
}

#[tokio::test]
async fn a_policy_that_stands_for_less_gives_no_more_than_that() {
    let desk = Desk::with(|config, _| {
        config.card.policies = vec![format!("{NCP_PLUS} high"), format!("{OWN_POLICY} substantial")];
    })
    .await;
    assert_eq!(desk.attempt(&desk.card, |_| ()).await.1.status, 200);
    let (_, detail) = desk.world.audit("login.succeeded").await;
    assert!(detail.contains("\"acr\":\"substantial\""), "{detail}");
}

#[tokio::test]
async fn the_table_of_levels_caps_what_any_card_gives() {
    let desk = Desk::with(|config, _| {
        config.levels.card.level = Level::Substantial;
    })
    .await;
    assert_eq!(desk.attempt(&desk.card, |_| ()).await.1.status, 200);
    let (_, detail) = desk.world.audit("login.succeeded").await;
    assert!(detail.contains("\"acr\":\"substantial\""), "{detail}");
}

#[tokio::test]
async fn the_page_offers_the_card_in_every_language_and_runs_no_script_of_its_own() {
    let desk = Desk::open().await;
    let mut browser = desk.world.browser();
    let query = format!("/authorize?{}", authorize_query(&[]));
    let login = browser.get(&query).await.location();
    for (lang, words) in [
        ("sq", "Kyçuni me letërnjoftim"),
        ("sr-Latn", "Prijavite se ličnom kartom"),
        ("sr-Cyrl", "Пријавите се личном картом"),
        ("en", "Log in with identity card"),
    ] {
        let page = browser.get(&format!("{login}&ui_locales={lang}")).await;
        assert!(page.body.contains(words), "{lang}");
        assert!(page.body.contains("/static/web-eid."));
        assert!(!page.body.contains("<script>") && !page.body.contains("onclick"));
        let policy = page.headers["content-security-policy"].to_str().unwrap().to_owned();
        assert!(
            policy.contains("script-src 'self'") && !policy.contains("unsafe"),
            "{policy}"
        );
    }
}

#[tokio::test]
async fn without_a_configured_authority_there_is_no_card_on_the_page_nor_a_route() {
    let world = crate::tests::world::World::new().await;
    let mut browser = world.browser();
    let query = format!("/authorize?{}", authorize_query(&[]));
    let login = browser.get(&query).await.location();
    assert!(!browser.get(&login).await.body.contains("data-card"));
    assert_eq!(browser.get("/eid/challenge").await.status, 404);
}

#[tokio::test]
async fn a_card_that_its_person_disowned_logs_nobody_in_any_more() {
    let desk = Desk::open().await;
    let (mut door, reply) = desk.attempt(&desk.card, |_| ()).await;
    assert_eq!(reply.status, 200);
    let page = door.browser.get("/account/activity").await.body;
    let link = page
        .split("href=\"")
        .find(|part| part.starts_with("/account/not-me/"))
        .unwrap();
    let link = link.split('"').next().unwrap().to_owned();
    assert_eq!(door.browser.post_form(&link, &[]).await.status, 200);
    assert_eq!(desk.world.audit("login.disowned").await.0, 1);
    let (again, reply) = desk.attempt(&desk.card, |_| ()).await;
    assert_eq!(reply.problem(), "urn:signum:problem:card_refused");
    assert!(!again.browser.cookies.contains_key("idp_sid"));
    assert!(desk.world.audit("login.refused").await.1.contains("\"suspended\""));
}
