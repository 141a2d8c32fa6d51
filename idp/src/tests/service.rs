//! What outlives a request: the signing key, registrations, and what the purge leaves.

use super::browser::Browser;
use super::world::{AFTER_LOGOUT, CALLBACK, ISSUER, World, authorize_query, register, start};
use signum_core::params;

use crate::{Config, purge};

#[tokio::test]
async fn a_restart_keeps_the_signing_key_the_session_and_the_open_page() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    let before = browser.get("/jwks").await.json();
    let page = browser.get("/logout").await;
    let mut again = Browser::new(start(&world.cx, &world.hsm, &world.csrf).await.router());
    again.cookies = browser.cookies.clone();
    assert_eq!(again.get("/jwks").await.json(), before);
    let reply = again
        .get(&format!("/authorize?{}", authorize_query(&[("prompt", "none")])))
        .await;
    assert!(reply.redirected("code").is_some());
    let log_out = [("csrf", page.csrf())];
    let log_out = log_out.each_ref().map(|(name, token)| (*name, token.as_str()));
    assert_eq!(again.post_form("/logout/confirm", &log_out).await.status, 303);
}

#[tokio::test]
async fn registering_a_client_again_replaces_what_was_registered() {
    let world = World::new().await;
    register(
        &world.cx,
        "demo-rp",
        "http://demo.localhost:8083/new",
        AFTER_LOGOUT,
        false,
    )
    .await;
    let mut browser = world.browser();
    assert_eq!(
        browser
            .get(&format!("/authorize?{}", authorize_query(&[])))
            .await
            .status,
        400
    );
    let query = authorize_query(&[("redirect_uri", "http://demo.localhost:8083/new")]);
    assert_eq!(browser.get(&format!("/authorize?{query}")).await.status, 303);
    register(&world.cx, "demo-rp", CALLBACK, AFTER_LOGOUT, false).await;
}

#[tokio::test]
async fn the_purge_deletes_what_expired_a_day_ago_and_nothing_that_lives() {
    let world = World::new().await;
    let config = Config::at(ISSUER);
    let mut browser = world.logged_in().await;
    let unfinished = browser
        .get(&format!("/authorize?{}", authorize_query(&[("prompt", "login")])))
        .await;
    assert_eq!(unfinished.status, 303);
    assert_eq!(purge::run(&world.cx, &config).await.unwrap(), 0);
    world.advance(9 * 24 * 60 * 60);
    // One grant, one session, two interactions, one activation.
    assert_eq!(purge::run(&world.cx, &config).await.unwrap(), 5);
    let mut person = world.browser();
    person.authenticator = browser.authenticator.clone();
    let reply = person.reach_consent(&authorize_query(&[])).await;
    assert!(
        reply.starts_with(CALLBACK),
        "passkey and consent are still there: {reply}"
    );
}

#[tokio::test]
async fn the_purge_takes_any_number_of_rows_batch_by_batch_and_every_kind_of_them() {
    let world = World::new().await;
    let config = Config::at(ISSUER);
    let (cx, now) = (&world.cx, world.cx.now());
    let live = now.plus(std::time::Duration::from_secs(60));
    let filled = cx.db.run::<_, signum_core::DbError, _, _>("fill", |tx| async move {
        for n in 0..2_050_u32 {
            let (hash, until) = ([n.to_be_bytes(); 8].concat(), if n < 50 { live } else { now });
            tx.exec(
                "INSERT INTO single_use (kind, owner, id_hash, expires_at) VALUES ('dpop_proof', 'rp', $1, $2)",
                params![hash.clone(), until],
            )
            .await?;
            if n % 41 == 0 {
                tx.exec(
                    "INSERT INTO access_token (hash, client_id, scope, audience, issued_at, expires_at)
                     VALUES ($1, 'rp', '', '', $2, $3)",
                    params![hash, now, until],
                )
                .await?;
            }
        }
        Ok(())
    });
    filled.await.unwrap();
    assert_eq!(purge::run(cx, &config).await.unwrap(), 0);
    world.advance(10 * 60 + 1);
    assert_eq!(purge::run(cx, &config).await.unwrap(), 2_000 + 48);
    world.advance(60);
    assert_eq!(purge::run(cx, &config).await.unwrap(), 50 + 2);
}

#[tokio::test]
async fn a_wished_language_lasts_until_the_consent_page() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let consent = browser
        .reach_consent(&authorize_query(&[("ui_locales", "sr-Latn")]))
        .await;
    assert!(browser.get(&consent).await.body.contains("Datum rođenja"));
}
