//! Rich authorization requests (RFC 9396): registered types, shown, agreed to each time, carried to the grant.

use super::agency::{Agency, agree, decide};
use super::world::{World, encode};
use crate::clients::Profile;

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
