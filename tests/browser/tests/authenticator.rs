//! The browser itself keeps a passkey on its own host (WebAuthn Level 3 section 5.1.4.1 step 8): what our two-origin rule builds on.

use serde_json::json;
use signum_browser::session::Session;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const GET: &str = "const id = RP; const found = await navigator.credentials.get({ publicKey: {
    challenge: new Uint8Array(32), rpId: id, userVerification: 'required' } }); return found.type;";

/// Serves one empty page on a free loopback port, whatever host name is asked for.
async fn empty_site() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // A connection each: the browser opens some in advance and says nothing on them.
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let page =
                    "<!doctype html><html lang=en><title>empty</title><link rel=icon href='data:,'><h1>empty</h1>";
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length:";
                let _ = stream
                    .write_all(format!("{head} {}\r\n\r\n{page}", page.len()).as_bytes())
                    .await;
            });
        }
    });
    port
}

async fn create(browser: &Session, rp: &str) -> Result<serde_json::Value, String> {
    let body = format!(
        "const made = await navigator.credentials.create({{ publicKey: {{ challenge: new Uint8Array(32), rp: {{ id: '{rp}', name: 'x' }},
           user: {{ id: new Uint8Array(16), name: 'x', displayName: 'x' }}, pubKeyCredParams: [{{ type: 'public-key', alg: -7 }}],
           authenticatorSelection: {{ residentKey: 'required', userVerification: 'required' }} }} }}); return made.type;"
    );
    browser.evaluate(&body).await.unwrap()
}

#[tokio::test]
async fn passkey_of_the_signer_cannot_be_used_on_the_identity_providers_page() {
    let port = empty_site().await;
    let browser = Session::open().await.unwrap();
    let authenticator = browser.add_authenticator().await.unwrap();

    browser.goto(&format!("http://sign.localhost:{port}/")).await.unwrap();
    assert_eq!(create(&browser, "sign.localhost").await, Ok(json!("public-key")));
    assert_eq!(
        browser.relying_parties(&authenticator).await.unwrap(),
        ["sign.localhost"]
    );

    browser.goto(&format!("http://idp.localhost:{port}/")).await.unwrap();
    let stolen = browser.evaluate(&GET.replace("RP", "'sign.localhost'")).await.unwrap();
    assert!(
        stolen.as_ref().is_err_and(|e| e.starts_with("SecurityError")),
        "{stolen:?}"
    );
    let parent = create(&browser, "localhost").await;
    assert!(
        parent.as_ref().is_err_and(|e| e.starts_with("SecurityError")),
        "{parent:?}"
    );
    browser.close().await.unwrap();
}

#[tokio::test]
async fn person_who_fails_verification_gets_no_assertion() {
    let port = empty_site().await;
    let browser = Session::open().await.unwrap();
    let authenticator = browser.add_authenticator().await.unwrap();
    browser.goto(&format!("http://sign.localhost:{port}/")).await.unwrap();
    create(&browser, "sign.localhost").await.unwrap();
    browser.set_user_verified(&authenticator, false).await.unwrap();
    let refused = browser.evaluate(&GET.replace("RP", "'sign.localhost'")).await.unwrap();
    assert!(
        refused.as_ref().is_err_and(|e| e.starts_with("NotAllowedError")),
        "{refused:?}"
    );
    browser.close().await.unwrap();
}
