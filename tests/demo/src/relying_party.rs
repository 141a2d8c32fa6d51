//! The demo relying party against a provider that lies in one thing at a time (OpenID Connect Core 1.0 section 3.1.3.7).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use crate::{
    browser::{Browser, Page},
    html,
    stub_provider::{self, Lie, Stub},
};
use reqwest::StatusCode;
use signum_demo_rp::{App, Settings};
use std::sync::Arc;
use url::Url;

struct Scene {
    stub: Arc<Stub>,
    browser: Browser,
    rp: Url,
}

async fn listen(host: &str) -> (tokio::net::TcpListener, Url) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{host}:{}", listener.local_addr().unwrap().port())
        .parse()
        .unwrap();
    (listener, url)
}

impl Scene {
    async fn set() -> Self {
        let (provider_listener, provider) = listen("idp.localhost").await;
        let (rp_listener, rp) = listen("demo.localhost").await;
        let issuer = provider.as_str().trim_end_matches('/').to_owned();
        let stub = Stub::new(issuer.clone());
        let app = App::new(Settings {
            public_url: rp.clone(),
            issuer,
            client_id: "demo-rp".to_owned(),
            client_secret: "secret".to_owned(),
        });
        let (provider_app, rp_app) = (
            stub_provider::router(stub.clone()),
            signum_demo_rp::router(app.unwrap()),
        );
        tokio::spawn(async move { axum::serve(provider_listener, provider_app).await });
        tokio::spawn(async move { axum::serve(rp_listener, rp_app).await });
        Self {
            stub,
            browser: Browser::new(&[&provider, &rp]).unwrap(),
            rp,
        }
    }

    async fn open(&self, path: &str) -> Page {
        let page = self.browser.get(&self.rp.join(path).unwrap()).await.unwrap();
        self.browser.follow(page).await.unwrap().0
    }
}

#[tokio::test]
async fn a_person_logs_in_sees_their_data_and_logs_out_in_both_places() {
    let scene = Scene::set().await;
    let me = scene.open("/login").await;
    let shown = me.html().unwrap();
    assert_eq!(me.url.path(), "/me");
    assert_eq!(html::text_of(&shown, "name").unwrap(), "Arta Shembulli");
    assert_eq!(html::text_of(&shown, "birth-date").unwrap(), "17.05.1990");
    assert!(html::text_of(&shown, "level").unwrap().starts_with("Substantial"));
    let form = html::forms(&shown).pop().unwrap();
    let answer = scene
        .browser
        .post_form(&me.url.join(&form.action).unwrap(), &form.fields)
        .await
        .unwrap();
    let (home, hops) = scene.browser.follow(answer).await.unwrap();
    assert_eq!(hops.first().unwrap().path(), "/logout");
    assert!(home.html().unwrap().contains("You have logged out"));
    assert_eq!(scene.open("/me").await.url.path(), "/");
}

#[tokio::test]
async fn a_log_out_that_the_persons_own_page_did_not_send_is_refused() {
    let scene = Scene::set().await;
    scene.open("/login").await;
    let forged = [("csrf".to_owned(), "forged".to_owned())];
    let answer = scene
        .browser
        .post_form(&scene.rp.join("/logout").unwrap(), &forged)
        .await
        .unwrap();
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(scene.open("/me").await.url.path(), "/me");
}

#[tokio::test]
async fn whatever_the_provider_lies_about_nobody_is_logged_in() {
    let untrusted = (StatusCode::BAD_GATEWAY, "We could not trust the answer");
    let cases = [
        (Lie::Nonce, untrusted),
        (Lie::Audience, untrusted),
        (Lie::Issuer, untrusted),
        (Lie::Expired, untrusted),
        (Lie::Signature, untrusted),
        (Lie::NoAlgorithm, untrusted),
        (Lie::AccessTokenHash, untrusted),
        (Lie::UserInfoSubject, untrusted),
        (Lie::AnswerIssuer, untrusted),
        (Lie::NoAnswerIssuer, untrusted),
        (Lie::State, (StatusCode::BAD_REQUEST, "This log-in cannot be used")),
        (Lie::AccessDenied, (StatusCode::FORBIDDEN, "You did not log in")),
    ];
    let scene = Scene::set().await;
    for (lie, (status, heading)) in cases {
        *scene.stub.lie.lock().unwrap() = lie;
        let page = scene.open("/login").await;
        let shown = String::from_utf8(page.body.clone()).unwrap();
        assert_eq!(
            (page.status, html::heading(&shown).as_deref()),
            (status, Some(heading)),
            "{lie:?}"
        );
        assert_eq!(scene.open("/me").await.url.path(), "/", "{lie:?}");
    }
    *scene.stub.lie.lock().unwrap() = Lie::None;
    assert_eq!(scene.open("/login").await.url.path(), "/me");
}

#[tokio::test]
async fn a_new_key_of_the_provider_is_learnt_without_a_restart() {
    let scene = Scene::set().await;
    *scene.stub.lie.lock().unwrap() = Lie::AccessDenied;
    scene.open("/login").await; // The first key is known now.
    *scene.stub.lie.lock().unwrap() = Lie::None;
    scene.stub.change_key();
    assert_eq!(scene.open("/login").await.url.path(), "/me");
}
