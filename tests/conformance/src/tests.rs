//! The form log-in over real HTTP: what it admits, and what it never admits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod assertion;
mod attempt;
mod basic;
mod code;
mod cve;
mod dpop;
mod jwt;
mod logout;
mod metadata;
mod object;
mod page;
mod party;
mod plan;
mod pushed;
mod refresh;
mod row;
mod rust_client;
mod stand;

use std::sync::Arc;

use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use signum_core::SystemClock;
use tempfile::TempDir;

use crate::target::{Options, Target};

const CALLBACK: &str = "https://localhost:8765/callback";

fn options(folder: &TempDir, listen: &str) -> Options {
    stand::options(folder, listen, Arc::new(SystemClock))
}

fn location(answer: &Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

fn attribute(page: &str, before: &str) -> String {
    let (_, rest) = page
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {page}"));
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_address_off_loopback_is_refused() {
    let folder = TempDir::new().unwrap();
    let refused = Target::start(&options(&folder, "0.0.0.0:0"))
        .await
        .err()
        .expect("refused");
    assert!(refused.to_string().contains("loopback"), "{refused}");
}

#[tokio::test]
async fn the_form_admits_a_test_person_and_refuses_a_wrong_password_or_an_unknown_name() {
    let folder = TempDir::new().unwrap();
    let target = Target::start(&options(&folder, "127.0.0.1:0")).await.unwrap();
    let builder = Client::builder().redirect(Policy::none()).cookie_store(true);
    let browser = builder.build().unwrap();
    let request = format!(
        "{}/authorize?client_id=basic-1&redirect_uri={CALLBACK}&response_type=code&scope=openid&state=state-0123&nonce=n\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
        target.issuer
    );
    let asked = browser.get(request).send().await.unwrap();
    let login = format!("{}{}", target.issuer, location(&asked));
    for (username, password, good) in [
        ("arta", "besim-test", false),
        ("nobody", "arta-test", false),
        ("", "", false),
        ("arta", "arta-test", true),
    ] {
        let page = browser.get(&login).send().await.unwrap().text().await.unwrap();
        let action = attribute(&page, "action=\"/login/form").replace("&amp;", "&");
        let form = [
            ("csrf", attribute(&page, "name=\"csrf\" value=\"")),
            ("username", username.to_owned()),
            ("password", password.to_owned()),
        ];
        let answer = browser
            .post(format!("{}/login/form{action}", target.issuer))
            .form(&form)
            .send();
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 303);
        assert_eq!(
            location(&answer).starts_with("/authorize/resume"),
            good,
            "{username} {password}"
        );
        if !good {
            let again = format!("{}{}", target.issuer, location(&answer));
            let page = browser.get(again).send().await.unwrap().text().await.unwrap();
            assert!(page.contains("id=\"log-in-refused\""), "{page}");
        }
    }
    target.stop().await;
}
