//! An officer in a real browser: makes a key for the list, and the gesture that a command asks for, in every language.

use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use signum_browser::page::Inspector;
use signum_browser::running::executable;
use signum_browser::session::Session;
use signum_gesture::officer::Key;
use signum_gesture::options::request_options;
use signum_gesture::{Assertion, assertion};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const PASSKEY: &str = "[data-passkey] button";
const RESULT: &str = "return document.querySelector('#result').value";

/// `signum ca officers page`, and where it serves.
async fn serve() -> (Child, String) {
    let mut child = Command::new(executable())
        .args(["ca", "officers", "page", "--listen", "127.0.0.1:0"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = tokio::time::timeout(Duration::from_secs(30), lines.next_line());
    let said = said.await.unwrap().unwrap().unwrap();
    let (address, _) = said.split_once("/key").unwrap();
    (child, address.to_owned())
}

async fn result(browser: &Session) -> Value {
    let text = browser.evaluate(RESULT).await.unwrap().unwrap();
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn an_officer_makes_a_key_and_then_the_gesture_that_a_command_asks_for() {
    let (_pages, address) = serve().await;
    for (number, language) in (1u8..).zip(["sq", "sr-Latn", "sr-Cyrl", "en"]) {
        let browser = Session::open().await.unwrap();
        browser.add_authenticator().await.unwrap();
        let mut inspector = Inspector::new(language).unwrap();
        browser
            .goto(&format!("{address}/language?set={language}&next=/key"))
            .await
            .unwrap();
        inspector.look(&browser, "officer-key").await.unwrap();
        browser.click(PASSKEY).await.unwrap();
        browser.wait_for_url(&format!("{address}/key/made")).await.unwrap();
        inspector.look(&browser, "officer-key-made").await.unwrap();
        let key: Key = serde_json::from_value(result(&browser).await).unwrap();
        assert_eq!(key.relying_party.origin, address);
        assert_eq!(key.relying_party.id, "ra.localhost");

        let challenge = [number; 32];
        let ids = [key.authenticator.credential_id.clone()];
        let asked = request_options(&challenge, &key.relying_party, &ids).to_string();
        let asked = URL_SAFE_NO_PAD.encode(asked);
        browser.goto(&format!("{address}/gesture?asked={asked}")).await.unwrap();
        let digits = format!("0{number}0{number}");
        assert!(browser.text().await.unwrap().contains(&digits), "the digits to compare");
        inspector.look(&browser, "officer-gesture").await.unwrap();
        browser.click(PASSKEY).await.unwrap();
        browser.wait_for_url(&format!("{address}/gesture/made")).await.unwrap();
        inspector.look(&browser, "officer-gesture-made").await.unwrap();
        let made = Assertion::from_json(&result(&browser).await).unwrap();
        assertion::verify(&made, &key.authenticator, &key.relying_party, &challenge, 0).unwrap();
        let other = assertion::verify(&made, &key.authenticator, &key.relying_party, &[9; 32], 0);
        assert!(other.is_err(), "a gesture agrees to one thing alone");
        browser.close().await.unwrap();
    }
}
