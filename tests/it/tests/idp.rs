//! OpenID Connect over HTTP: what a relying party gets, and the refusals of RFC 6749, RFC 7636 and WebAuthn.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value as Json;
use signum::config::Config;
use signum::first_start;
use signum_softauth::Behaviour;
use signum_tests::app::TestApp;
use signum_tests::visitor::Visitor;
use signum_tests::{relying_party, trip};

fn jwt_part(jwt: &str, index: usize) -> Json {
    let part = jwt.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn activated(app: &TestApp) -> Visitor {
    let mut visitor = Visitor::new();
    let code = app.new_person().await;
    trip::activate(app, &mut visitor, &code).await;
    visitor
}

#[tokio::test]
async fn relying_party_learns_who_logged_in_and_nothing_it_did_not_ask_for() {
    let app = TestApp::start().await;
    let mut visitor = activated(&app).await;
    let request = relying_party::request(&app);
    let code = relying_party::code(&app, &mut visitor, &request).await;
    let tokens = relying_party::token(&app, &code, &request.verifier)
        .await
        .expect(200)
        .json();
    let id_token = tokens["id_token"].as_str().unwrap();
    assert_eq!(jwt_part(id_token, 0)["alg"], "ES256");
    let claims = jwt_part(id_token, 1);
    assert_eq!(claims["iss"], app.idp.as_str());
    assert_eq!(claims["nonce"], request.nonce.as_str());
    let user = relying_party::userinfo(&app, tokens["access_token"].as_str().unwrap())
        .await
        .expect(200)
        .json();
    assert_eq!(user["sub"], claims["sub"]);
    for datum in ["given_name", "family_name", "name", "birthdate"] {
        assert!(
            claims.get(datum).is_none(),
            "{datum} would travel in addresses as id_token_hint"
        );
    }
    assert!(
        user["given_name"].is_string() && user["family_name"].is_string(),
        "{user}"
    );
    assert!(
        user.get("personal_number").is_none(),
        "the number was not asked for: {user}"
    );
    app.stop().await;
}

#[tokio::test]
async fn both_relying_parties_refuse_an_answer_that_does_not_name_its_issuer() {
    let app = TestApp::start().await;
    for service in [app.demo.clone(), app.signer.clone()] {
        let mut visitor = activated(&app).await;
        let callback = format!("{service}/callback");
        let answer = trip::through_idp(&app, &mut visitor, &format!("{service}/login"), &callback).await;
        let mut location = answer.location.expect("back to the service");
        let kept: Vec<_> = location
            .query_pairs()
            .into_owned()
            .filter(|(name, _)| name != "iss")
            .collect();
        location.query_pairs_mut().clear().extend_pairs(kept);
        visitor.get(&location).await.expect(502);
        let cookies_of_nobody = visitor.get(format!("{service}/login")).await;
        assert!(
            cookies_of_nobody
                .location
                .is_some_and(|next| next.as_str().starts_with(&app.idp)),
            "nobody is logged in at {service}"
        );
    }
    app.stop().await;
}

#[tokio::test]
async fn reused_code_is_refused_and_what_it_gave_is_taken_back() {
    let app = TestApp::start().await;
    let mut visitor = activated(&app).await;
    let request = relying_party::request(&app);
    let code = relying_party::code(&app, &mut visitor, &request).await;
    let tokens = relying_party::token(&app, &code, &request.verifier)
        .await
        .expect(200)
        .json();
    let before = app.refusals(&app.databases().idp.db).await;

    let second = relying_party::token(&app, &code, &request.verifier)
        .await
        .expect(400)
        .json();
    assert_eq!(second["error"], "invalid_grant");
    assert!(second.get("id_token").is_none());
    relying_party::userinfo(&app, tokens["access_token"].as_str().unwrap())
        .await
        .expect(401);
    assert!(app.refusals(&app.databases().idp.db).await > before, "no audit record");
    app.stop().await;
}

#[tokio::test]
async fn wrong_pkce_verifier_is_refused() {
    let app = TestApp::start().await;
    let mut visitor = activated(&app).await;
    let request = relying_party::request(&app);
    let code = relying_party::code(&app, &mut visitor, &request).await;
    let before = app.refusals(&app.databases().idp.db).await;

    let wrong = relying_party::request(&app).verifier;
    let answer = relying_party::token(&app, &code, &wrong).await.expect(400).json();
    assert_eq!(answer["error"], "invalid_grant");
    assert!(answer.get("access_token").is_none() && answer.get("id_token").is_none());
    assert!(app.refusals(&app.databases().idp.db).await > before, "no audit record");
    app.stop().await;
}

#[tokio::test]
async fn expired_code_is_refused() {
    let app = TestApp::start().await;
    let mut visitor = activated(&app).await;
    let request = relying_party::request(&app);
    let code = relying_party::code(&app, &mut visitor, &request).await;
    app.clock.advance(Duration::from_secs(61));
    let answer = relying_party::token(&app, &code, &request.verifier)
        .await
        .expect(400)
        .json();
    assert_eq!(answer["error"], "invalid_grant");
    app.stop().await;
}

#[tokio::test]
async fn log_in_without_user_verification_or_from_another_origin_is_refused() {
    let app = TestApp::start().await;
    let mut visitor = activated(&app).await;
    let wrongs = [
        Behaviour {
            skip_uv: true,
            ..Default::default()
        },
        Behaviour {
            origin: Some(app.signer.clone()),
            ..Default::default()
        },
        Behaviour {
            rp_id: Some("sign.localhost".to_owned()),
            ..Default::default()
        },
        Behaviour {
            break_signature: true,
            ..Default::default()
        },
    ];
    for wrong in wrongs {
        let page = visitor
            .follow(&relying_party::request(&app).url, &app.redirect_uri)
            .await
            .expect(200);
        let before = app.refusals(&app.databases().idp.db).await;
        visitor.authenticator.behaviour = wrong.clone();
        let answer = visitor.passkey(&page).await;
        assert!(answer.status.is_client_error(), "{wrong:?}: {}", answer.status);
        assert!(
            app.refusals(&app.databases().idp.db).await > before,
            "no audit record of {wrong:?}"
        );
    }
    app.stop().await;
}

#[tokio::test]
async fn a_later_start_makes_activation_links_only_for_people_without_a_passkey() {
    let app = TestApp::start().await;
    let (config, idp, register) = (Config::default(), &app.databases().idp, &app.parts().people);
    let first = first_start::people(&config, idp, register).await.unwrap();
    assert_eq!(first.len(), 3);
    let code = first[0].1.rsplit('/').next().unwrap();
    trip::activate(&app, &mut Visitor::new(), code).await;
    let later = first_start::people(&config, idp, register).await.unwrap();
    let names = |links: &[(String, String)]| links.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&later), names(&first[1..]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_keys_are_listed_and_a_compromised_one_is_withdrawn_by_command() {
    let stopped = TestApp::start().await.stop_and_keep().await;
    let list = stopped.signum(&["idp", "keys", "list"]);
    assert!(list.good && list.text.contains("active"), "{list:?}");
    let line = list.text.lines().find(|line| line.contains("active")).expect("a key");
    let kid = line.split_whitespace().next().expect("a kid").to_owned();
    let withdrawn = stopped.signum(&["idp", "keys", "withdraw", &kid]);
    assert!(
        withdrawn.good && withdrawn.text.contains("Nothing is signed"),
        "{withdrawn:?}"
    );
    let again = stopped.signum(&["idp", "keys", "withdraw", &kid]);
    assert!(
        !again.good && again.text.contains("no key of this kid is published"),
        "{again:?}"
    );
    assert!(!stopped.signum(&["idp", "keys", "rotate", "--algorithm", "none"]).good);
    assert!(stopped.signum(&["idp", "keys", "rotate"]).good);
    let app = stopped
        .start()
        .await
        .expect("starts with another key, made in the token");
    let keys = Visitor::new().get(format!("{}/jwks", app.idp)).await.expect(200).json();
    let kids: Vec<_> = keys["keys"]
        .as_array()
        .expect("keys")
        .iter()
        .map(|key| key["kid"].clone())
        .collect();
    assert!(
        !kids.is_empty() && !kids.contains(&serde_json::Value::from(kid)),
        "{kids:?}"
    );
    app.stop().await;
}
