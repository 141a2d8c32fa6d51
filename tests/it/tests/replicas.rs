//! A replica of the identity provider is killed in the middle of somebody's log-in: their next click goes on at another.

use reqwest::Method;
use signum_tests::relying_party::Request;
use signum_tests::replica::Replicas;
use signum_tests::visitor::{Answer, Visitor};

async fn page(visitor: &Visitor, at: impl AsRef<str>, stop: &str) -> Answer {
    visitor.follow(at, stop).await.expect(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_click_after_a_kill_goes_on_at_another_replica() {
    let mut replicas = Replicas::start(3).await;
    let redirect_uri = format!("{}/callback", replicas.demo);
    let mut visitor = Visitor::new();
    let activation = visitor.get(replicas.activation()).await.expect(200);

    // Between the page that offers a passkey and the click that makes it.
    replicas.kill(0);
    replicas.answer(1);
    visitor.passkey(&activation).await.expect(200);
    let request = Request::of(&replicas.idp, "demo-rp", &redirect_uri);
    let login = page(&visitor, &request.url, &redirect_uri).await;

    // Between the log-in page and the gesture, then between consent page and answer.
    replicas.kill(1);
    replicas.answer(2);
    let done = visitor.passkey(&login).await.expect(200).json();
    let next = login.url.join(done["next"].as_str().unwrap()).unwrap();
    let consent = page(&visitor, next, &redirect_uri).await;
    let agreed = visitor
        .form(&consent, consent.url.as_str(), &[("decision", "allow")])
        .await
        .expect(303);
    let code = agreed.redirect_parameter("code").expect("a code");
    assert_eq!(agreed.redirect_parameter("state"), Some(request.state));

    let server = Visitor::new();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", &request.verifier),
    ];
    let redeem = server
        .request(Method::POST, &format!("{}/token", replicas.idp))
        .form(&fields);
    let tokens = server
        .send(redeem.basic_auth("demo-rp", Some(replicas.client_secret())))
        .await
        .expect(200)
        .json();
    assert!(tokens["id_token"].is_string(), "{tokens}");
}
