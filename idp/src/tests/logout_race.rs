//! A log-out that falls between two statements of an authorization: whatever comes later gives nothing any more.

use signum_core::{DbError, params};

use super::browser::Browser;
use super::world::{World, authorize_query};
use crate::authorize::request::AuthorizeRequest;
use crate::authorize::response::ToClient;
use crate::authorize::resume::{self, Finish, Resumed};
use crate::authorize::{self, Answer, Step};
use crate::interaction::{self, Interaction};
use crate::logout;
use crate::session::{self, Session};

/// The browser stands on the consent page; what the provider looked up for it is stale once somebody logs out.
async fn at_consent(world: &World) -> (Browser, Interaction, Session) {
    let mut browser = world.enrolled().await;
    let consent = browser.reach_consent(&authorize_query(&[])).await;
    let id = consent.split_once("i=").unwrap().1;
    let id = serde_json::from_value(serde_json::json!(id)).unwrap();
    let idp = &world.service.idp;
    let interaction = interaction::find(&idp.cx, id).await.unwrap().unwrap();
    let session = session::find(&idp.cx, &idp.config, &browser.cookies["idp_sid"])
        .await
        .unwrap()
        .unwrap();
    (browser, interaction, session)
}

/// A request that would be answered with a code at once, and the session it would be answered in.
async fn consented(world: &World) -> (AuthorizeRequest, Session) {
    let (mut browser, interaction, session) = at_consent(world).await;
    let consent = format!("/consent?i={}", interaction.id);
    let csrf = browser.get(&consent).await.csrf();
    let form = [("csrf", csrf.as_str()), ("decision", "allow")];
    assert!(browser.post_form(&consent, &form).await.redirected("code").is_some());
    (interaction.request, session)
}

#[tokio::test]
async fn a_person_who_logged_out_while_consenting_gets_no_code_and_may_log_in_again() {
    let world = World::new().await;
    let (mut browser, interaction, session) = at_consent(&world).await;
    let idp = &world.service.idp;
    logout::log_out(idp, session.id, None).await.unwrap();
    let outcome = resume::finish(idp, &interaction, &session, Finish::AgreesNow)
        .await
        .unwrap();
    assert!(matches!(outcome, Resumed::LogIn));
    assert_eq!(world.audit("code.issued").await.0, 0);
    assert_eq!(world.audit("consent.given").await.0, 0);
    let login = format!("/login?i={}", interaction.id);
    assert_eq!(
        browser.use_passkey(&login).await.status,
        200,
        "the interaction is still open"
    );
}

#[tokio::test]
async fn a_person_who_logged_out_while_a_silent_request_was_decided_gets_no_code() {
    let world = World::new().await;
    let (request, session) = consented(&world).await;
    let idp = &world.service.idp;
    logout::log_out(idp, session.id, None).await.unwrap();
    let issued = world.audit("code.issued").await.0;
    let answer = authorize::answer(idp, request.clone(), "demo.localhost", Some(&session)).await;
    let expected = matches!(answer, Ok(Answer::Interaction { step: Step::LogIn, .. }));
    assert!(expected, "an ordinary request leads to the log-in page");
    let mut silent = AuthorizeRequest { ..request };
    silent.prompt.none = true;
    let answer = authorize::answer(idp, silent, "demo.localhost", Some(&session)).await;
    match answer {
        Ok(Answer::Client(ToClient::Redirect(location))) => {
            assert!(location.contains("error=login_required"), "{location}")
        }
        _ => panic!("a silent request is answered to the client"),
    }
    assert_eq!(world.audit("code.issued").await.0, issued);
}

#[tokio::test]
async fn a_code_is_worth_nothing_once_its_session_has_ended_even_if_its_grant_was_not_revoked() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let code = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    let cx = &world.cx;
    cx.db
        .run::<_, DbError, _, _>("test", |tx| async move {
            tx.exec("UPDATE session SET ended_at = $1", params![cx.now()]).await
        })
        .await
        .unwrap();
    assert_eq!(browser.redeem(&code).await.json()["error"], "invalid_grant");
    assert!(world.audit("code.refused").await.1.contains("revoked"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn however_log_out_and_authorization_interleave_no_live_grant_is_left() {
    let world = World::new().await;
    let (request, session) = consented(&world).await;
    let idp = &world.service.idp;
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (idp, request, session) = (idp.clone(), request.clone(), session.clone());
            tokio::spawn(async move {
                match n {
                    8 => logout::log_out(&idp, session.id, None)
                        .await
                        .map(drop)
                        .map_err(Into::into),
                    _ => authorize::answer(&idp, request, "demo.localhost", Some(&session))
                        .await
                        .map(drop),
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let sql = "SELECT id FROM authorization_grant WHERE revoked_at IS NULL";
    assert!(idp.cx.db.all(sql, vec![]).await.unwrap().is_empty());
}
