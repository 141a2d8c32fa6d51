//! Rich authorization requests (RFC 9396): registered types, shown, agreed to each time, carried to the grant.

use serde_json::Value;

use super::agency::{Agency, agree, decide};
use super::flow::{pushed, redeem, refresh};
use super::relying_party::RelyingParty;
use super::world::{World, encode};
use crate::clients::{Profile, Registration};

const DETAILS: &str = r#"[{"type":"land_register","locations":["https://land.example.org/"],"actions":["read","copy"],"identifier":"parcel <7>"}]"#;

#[tokio::test]
async fn every_member_of_a_detail_stands_on_the_consent_page_and_goes_to_the_grant() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    let mut browser = world.enrolled().await;
    let address = agency.pushed(&world, &[("authorization_details", DETAILS)]).await;
    let login = browser.get(&address).await.location();
    let done = browser.use_passkey(&login).await.json();
    let consent = browser.get(done["next"].as_str().unwrap()).await.location();
    let page = browser.get(&consent).await.body;
    for shown in [
        "land_register",
        "read, copy",
        "parcel &lt;7&gt;",
        "https://land.example.org/",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(
        decide(&mut browser, &consent, "allow")
            .await
            .redirected("code")
            .is_some()
    );
    let rows = world
        .cx
        .db
        .all("SELECT authorization_details FROM authorization_grant", vec![])
        .await
        .unwrap();
    let stored: Vec<Option<String>> = rows
        .iter()
        .map(|row| row.get("authorization_details").unwrap())
        .collect();
    assert_eq!(stored, [Some(DETAILS.to_owned())]);
    assert!(world.audit("consent.given").await.1.contains("land_register"));
}

#[tokio::test]
async fn details_are_asked_about_each_time_and_never_silently() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2).await;
    let mut browser = world.enrolled().await;
    agree(
        &mut browser,
        &agency.pushed(&world, &[("authorization_details", DETAILS)]).await,
    )
    .await;
    let again = browser
        .get(&agency.pushed(&world, &[("authorization_details", DETAILS)]).await)
        .await;
    assert!(again.location().starts_with("/consent?i="), "{}", again.location());
    let silent = agency
        .pushed(&world, &[("authorization_details", DETAILS), ("prompt", "none")])
        .await;
    let refused = browser.get(&silent).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("consent_required"));
    let without = browser.get(&agency.pushed(&world, &[]).await).await;
    assert!(without.redirected("code").is_some(), "the scopes were agreed to");
}

#[tokio::test]
async fn a_type_that_the_client_is_not_registered_for_is_refused() {
    let world = World::new().await;
    let agency = Agency::with(&world, "agency", Profile::GovBasic, |m| {
        m.authorization_details_types.clear()
    })
    .await;
    let query = encode(&agency.parameters(&[("authorization_details", DETAILS)]));
    let reply = world.browser().get(&format!("/authorize?{query}")).await;
    assert_eq!(
        reply.redirected("error").as_deref(),
        Some("invalid_authorization_details")
    );
}

/// A relying party that may ask for details, and a code with them; the person has agreed.
async fn code_for(world: &World, rp: &mut RelyingParty, changes: &[(&str, &str)]) -> String {
    let mut browser = world.enrolled().await;
    let back = agree(&mut browser, &pushed(rp, changes).await).await;
    back.redirected("code").unwrap_or_else(|| panic!("{}", back.location()))
}

fn land_register(registration: &mut Registration) {
    registration.metadata.authorization_details_types = vec!["land_register".to_owned()];
}

#[tokio::test]
async fn details_stand_in_the_answer_the_token_and_the_introspection() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, land_register).await;
    let code = code_for(&world, &mut rp, &[("authorization_details", DETAILS)]).await;
    let tokens = redeem(&mut rp, &code, &[]).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let tokens = tokens.json();
    let expected: Value = serde_json::from_str(DETAILS).unwrap();
    assert_eq!(tokens["authorization_details"], expected);
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(super::tokens::claims(token)["authorization_details"], expected);
    let told = rp.authenticated("/introspect", &[("token", token)], &[]).await.json();
    assert_eq!(told["authorization_details"], expected);
    let refreshed = refresh(&mut rp, &tokens["refresh_token"], &[]).await;
    assert_eq!(
        refreshed.json()["authorization_details"],
        expected,
        "{}",
        refreshed.body
    );
}

#[tokio::test]
async fn a_token_request_narrows_the_details_and_never_widens_them() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, land_register).await;
    let (read, copy) = (
        r#"{"type":"land_register","actions":["read"]}"#,
        r#"{"type":"land_register","actions":["copy"]}"#,
    );
    let both = format!("[{read},{copy}]");
    let one = format!("[{read}]");
    let code = code_for(&world, &mut rp, &[("authorization_details", &both)]).await;
    let tokens = redeem(&mut rp, &code, &[("authorization_details", &one)]).await.json();
    let expected: Value = serde_json::from_str(&one).unwrap();
    assert_eq!(tokens["authorization_details"], expected);
    let claims = super::tokens::claims(tokens["access_token"].as_str().unwrap());
    assert_eq!(claims["authorization_details"], expected);
    // The grant is what was agreed to, whatever one token was for.
    let all = refresh(&mut rp, &tokens["refresh_token"], &[]).await.json();
    assert_eq!(
        all["authorization_details"],
        serde_json::from_str::<Value>(&both).unwrap()
    );
    for wider in [
        r#"[{"type":"land_register"}]"#,
        r#"[{"type":"land_register","actions":["read","erase"]}]"#,
        r#"[{"type":"payment"}]"#,
        "x",
    ] {
        let refused = refresh(&mut rp, &tokens["refresh_token"], &[("authorization_details", wider)]).await;
        assert_eq!(
            (refused.status, refused.json()["error"].as_str()),
            (400, Some("invalid_authorization_details")),
            "{wider}: {}",
            refused.body
        );
    }
}

#[tokio::test]
async fn without_agreed_details_a_token_request_gets_none() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, land_register).await;
    let code = code_for(&world, &mut rp, &[]).await;
    let refused = redeem(&mut rp, &code, &[("authorization_details", DETAILS)]).await;
    assert_eq!(refused.json()["error"], "invalid_authorization_details");
    let spent = redeem(&mut rp, &code, &[]).await;
    assert_eq!(spent.json()["error"], "invalid_grant", "the code was spent by it");
    let own = rp
        .bound(
            "/token",
            &[("grant_type", "client_credentials"), ("authorization_details", DETAILS)],
        )
        .await;
    assert_eq!(own.json()["error"], "invalid_authorization_details", "nobody agreed");
}
