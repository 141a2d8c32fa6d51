//! Refresh tokens (RFC 6749 section 6, RFC 9700 section 4.14): bearer ones are replaced at each use, and reuse ends the family.

use super::browser::Browser;
use super::world::{CALLBACK, SECRET, World, authorize_query, encode, words};
use crate::client_auth::AuthMethod;
use crate::clients::{self, GrantType, Metadata, Profile, Realm, Registration};
use crate::representation::RepresenteeSub;
use serde_json::{Value, json};
use signum_core::params;

/// The demo client, which may refresh now; a browser logged in there, and its first tokens.
pub async fn refreshing(world: &World) -> (Browser, Value) {
    let registration = Registration {
        client_id: "demo-rp".to_owned(),
        profile: Profile::GovBasic,
        realm: Realm::Production,
        name: words("demo-rp"),
        purpose: words("To show the demonstration"),
        metadata: Metadata {
            redirect_uris: vec![CALLBACK.to_owned()],
            token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            ..Metadata::default()
        },
        secret: Some(SECRET.to_owned().into()),
        legal_basis_personal_number: false,
    };
    clients::put(&world.cx, registration).await.unwrap();
    let mut browser = world.enrolled().await;
    let back = browser.sign_in(&authorize_query(&[])).await;
    let tokens = browser.redeem(&back.redirected("code").unwrap()).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    (browser, tokens.json())
}

pub async fn refresh(browser: &mut Browser, token: &Value, more: &[(&str, &str)]) -> (u16, Value) {
    let mut fields = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str().unwrap()),
    ];
    fields.extend(more);
    let reply = browser.form_as("/token", "demo-rp", SECRET, encode(&fields)).await;
    (reply.status, reply.json())
}

#[tokio::test]
async fn a_refresh_for_a_person_who_is_suspended_dead_or_gone_is_refused_and_ends_the_session() {
    for standing in ["suspended", "deceased", "ended", "nonsense"] {
        let world = World::new().await;
        let (mut browser, first) = refreshing(&world).await;
        let sql = "UPDATE person SET standing = $1 WHERE id = $2";
        world.write(sql, params![standing, world.person.id]).await;
        let (status, refused) = refresh(&mut browser, &first["refresh_token"], &[]).await;
        if standing == "nonsense" {
            assert_eq!(status, 503, "what nobody wrote is nobody's leave");
            continue;
        }
        assert_eq!(
            (status, refused["error"].clone()),
            (400, json!("invalid_grant")),
            "{standing}"
        );
        assert!(world.audit("session.ended").await.1.contains("person not active"));
        assert!(world.audit("refresh.refused").await.1.contains("person not active"));
        assert_eq!(
            browser.userinfo(first["access_token"].as_str().unwrap()).await.status,
            401
        );
        world.write(sql, params!["active", world.person.id]).await;
        let (status, _) = refresh(&mut browser, &first["refresh_token"], &[]).await;
        assert_eq!(status, 400, "the grant was taken back");
    }
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_of_the_same_log_in() {
    let world = World::new().await;
    let (mut browser, first) = refreshing(&world).await;
    world.advance(60);
    let (status, second) = refresh(&mut browser, &first["refresh_token"], &[]).await;
    assert_eq!(status, 200, "{second}");
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_ne!(second["access_token"], first["access_token"]);
    let [before, after] = [&first, &second].map(|tokens| super::tokens::claims(tokens["id_token"].as_str().unwrap()));
    for same in ["sub", "sid", "auth_time", "acr", "aud", "iss"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert!(after.get("nonce").is_none());
    assert_eq!(
        browser.userinfo(second["access_token"].as_str().unwrap()).await.status,
        200
    );
}

// Keycloak CVE-2026-1035 and issue 51885: the loser of a race, also within one second.
#[tokio::test]
async fn the_same_answer_is_told_again_for_ten_seconds_and_then_reuse_ends_the_family() {
    let world = World::new().await;
    let (mut browser, first) = refreshing(&world).await;
    let (_, second) = refresh(&mut browser, &first["refresh_token"], &[]).await;
    world.advance(5);
    let (status, again) = refresh(&mut browser, &first["refresh_token"], &[]).await;
    assert_eq!(
        (status, &again),
        (200, &second),
        "whoever lost the answer fetches the same one"
    );
    world.advance(6);
    let (status, refused) = refresh(&mut browser, &first["refresh_token"], &[]).await;
    assert_eq!((status, refused["error"].clone()), (400, json!("invalid_grant")));
    let (status, _) = refresh(&mut browser, &second["refresh_token"], &[]).await;
    assert_eq!(status, 400, "the successor of a stolen token is worth nothing");
    assert_eq!(
        browser.userinfo(second["access_token"].as_str().unwrap()).await.status,
        401
    );
}

#[tokio::test]
async fn a_used_successor_means_that_the_old_token_was_copied() {
    let world = World::new().await;
    let (mut browser, first) = refreshing(&world).await;
    let (_, second) = refresh(&mut browser, &first["refresh_token"], &[]).await;
    let (status, third) = refresh(&mut browser, &second["refresh_token"], &[]).await;
    assert_eq!(status, 200);
    let (status, _) = refresh(&mut browser, &first["refresh_token"], &[]).await;
    assert_eq!(status, 400);
    let (status, _) = refresh(&mut browser, &third["refresh_token"], &[]).await;
    assert_eq!(status, 400, "the family is over");
}

#[tokio::test]
async fn the_session_s_end_and_twelve_hours_end_the_refreshing() {
    let world = World::new().await;
    let (mut browser, mut tokens) = refreshing(&world).await;
    world.advance(16 * 60);
    let (status, _) = refresh(&mut browser, &tokens["refresh_token"], &[]).await;
    assert_eq!(status, 400, "a quarter of an hour without use");
    let world = World::new().await;
    (browser, tokens) = refreshing(&world).await;
    for _ in 0..51 {
        world.advance(14 * 60);
        let (status, next) = refresh(&mut browser, &tokens["refresh_token"], &[]).await;
        assert_eq!(status, 200, "{next}");
        tokens = next;
    }
    world.advance(14 * 60);
    let (status, _) = refresh(&mut browser, &tokens["refresh_token"], &[]).await;
    assert_eq!(status, 400, "twelve hours after the log-in");
}

#[tokio::test]
async fn a_scope_may_become_narrower_and_never_wider() {
    let world = World::new().await;
    let (mut browser, first) = refreshing(&world).await;
    let (status, narrow) = refresh(&mut browser, &first["refresh_token"], &[("scope", "openid")]).await;
    assert_eq!((status, narrow["scope"].clone()), (200, json!("openid")), "{narrow}");
    let (status, wide) = refresh(
        &mut browser,
        &narrow["refresh_token"],
        &[("scope", "openid personal_number")],
    )
    .await;
    assert_eq!((status, wide["error"].clone()), (400, json!("invalid_scope")));
}

#[tokio::test]
async fn another_client_cannot_use_it_and_it_stays_good_for_its_own() {
    let world = World::new().await;
    let (mut browser, first) = refreshing(&world).await;
    let fields = encode(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", first["refresh_token"].as_str().unwrap()),
    ]);
    let other = browser.form_as("/token", "other-rp", SECRET, fields).await;
    assert!(other.status == 400 || other.status == 401, "{}", other.body);
    assert_eq!(refresh(&mut browser, &first["refresh_token"], &[]).await.0, 200);
}

#[tokio::test]
async fn who_was_granted_any_representee_chooses_one_at_a_refresh_and_nobody_else_does() {
    let world = World::new().await;
    let registry = std::sync::Arc::new(super::representation::table());
    let idp = world.service.clone().with_registry(registry).idp;
    let (mut browser, first) = refreshing(&world).await;
    let company = RepresenteeSub::of(&idp.csrf, "demo.localhost", "810000001").unwrap();
    let chosen = format!("openid representee.{company}");
    let (status, refused) = refresh(&mut browser, &first["refresh_token"], &[("scope", &chosen)]).await;
    assert_eq!((status, refused["error"].clone()), (400, json!("invalid_scope")));
    let query = authorize_query(&[("scope", "openid representee.*")]);
    let consent = browser.get(&format!("/authorize?{query}")).await.location();
    let csrf = browser.get(&consent).await.csrf();
    let agreed = browser
        .post_form(&consent, &[("csrf", &csrf), ("decision", "allow")])
        .await;
    let tokens = browser.redeem(&agreed.redirected("code").unwrap()).await.json();
    let (status, acting) = refresh(&mut browser, &tokens["refresh_token"], &[("scope", &chosen)]).await;
    assert_eq!(status, 200, "{acting}");
    let said = browser.userinfo(acting["access_token"].as_str().unwrap()).await.json();
    assert_eq!(said["representee"]["status"], "REQUESTED_REPRESENTEE_CURRENT");
    assert_eq!(said["representee"]["name"], "Shembull sh.p.k.");
}

#[tokio::test]
async fn a_lockout_where_the_session_began_stops_its_refreshing() {
    let world = World::new().await;
    let (browser, _) = refreshing(&world).await;
    let mut there = world.browser();
    there.authenticator = browser.authenticator;
    there.address = Some("198.51.100.1".parse().unwrap());
    let mut tokens = Value::Null;
    for _ in 0..6 {
        world.advance(1);
        let query = authorize_query(&[("prompt", "login")]);
        let login = there.get(&format!("/authorize?{query}")).await.location();
        let next = there.use_passkey(&login).await.json()["next"].clone();
        if let Some(next) = next.as_str() {
            let code = there.get(next).await.redirected("code").unwrap();
            tokens = there.redeem(&code).await.json();
        }
    }
    let (status, refused) = refresh(&mut there, &tokens["refresh_token"], &[]).await;
    assert_eq!(
        (status, refused["error"].clone()),
        (400, json!("invalid_grant")),
        "{refused}"
    );
}
