//! PostgreSQL stops under a running identity provider and comes back: who asks meanwhile is told when to come again, relying
//! parties still find keys and metadata, and afterwards everything goes on by itself.

use std::time::Duration;

use futures::future::join_all;
use reqwest::{Method, RequestBuilder};
use signum_tests::postgres::Cluster;
use signum_tests::relying_party::Request;
use signum_tests::replica::Replicas;
use signum_tests::visitor::{Answer, Visitor};

/// A person with a session and consent, and a code of their own that is not redeemed yet.
async fn logged_in(replicas: &Replicas, redirect_uri: &str) -> (Visitor, Request, String) {
    let mut visitor = Visitor::new();
    let activation = visitor.get(replicas.activation()).await.expect(200);
    visitor.passkey(&activation).await.expect(200);
    let request = Request::of(&replicas.idp, "demo-rp", redirect_uri);
    let login = visitor.follow(&request.url, redirect_uri).await.expect(200);
    let done = visitor.passkey(&login).await.expect(200).json();
    let next = login.url.join(done["next"].as_str().unwrap()).unwrap();
    let consent = visitor.follow(next, redirect_uri).await.expect(200);
    let agreed = visitor
        .form(&consent, consent.url.as_str(), &[("decision", "allow")])
        .await;
    let code = agreed.redirect_parameter("code").expect("a code");
    (visitor, request, code)
}

fn redemption(replicas: &Replicas, redirect_uri: &str, request: &Request, code: &str) -> RequestBuilder {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", &request.verifier),
    ];
    let server = Visitor::new().request(Method::POST, &format!("{}/token", replicas.idp));
    server
        .form(&fields)
        .basic_auth("demo-rp", Some(replicas.client_secret()))
}

fn is_away(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}: {}", answer.url, answer.text());
    let pause: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((5..15).contains(&pause), "{pause}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stops_and_comes_back_needs_no_restart_of_anything() {
    let cluster = Cluster::start();
    let replicas = Replicas::start_on(1, cluster.url()).await;
    let (idp, redirect_uri) = (&replicas.idp, format!("{}/callback", replicas.demo));
    let (visitor, request, code) = logged_in(&replicas, &redirect_uri).await;
    let program = Visitor::new();
    let open = [
        "/jwks",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ];
    let published = async || join_all(open.map(|path| program.get(format!("{idp}{path}")))).await;
    let before = published().await;

    cluster.stop();
    let client = |path: &str| {
        let request = program.request(Method::POST, &format!("{idp}{path}"));
        let request = request.form(&[("token", "x")]);
        program.send(request.basic_auth("demo-rp", Some(replicas.client_secret())))
    };
    let redeem = program.send(redemption(&replicas, &redirect_uri, &request, &code));
    let userinfo = program.send(
        program
            .request(Method::GET, &format!("{idp}/userinfo"))
            .bearer_auth("x".repeat(43)),
    );
    let told = tokio::join!(redeem, userinfo, client("/introspect"), client("/revoke"));
    for answer in [told.0, told.1, told.2, told.3] {
        is_away(&answer);
        assert_eq!(answer.json()["error"], "temporarily_unavailable", "{}", answer.url);
    }
    let page = |url: &str| {
        let request = visitor.request(Method::GET, url);
        visitor.send(request.header("accept", "text/html").header("accept-language", "en"))
    };
    let pages = [request.url.clone(), format!("{idp}/account")];
    for page in join_all(pages.iter().map(|url| page(url))).await {
        is_away(&page);
        assert!(
            page.text().contains("The service cannot answer just now"),
            "{}",
            page.text()
        );
    }
    for (now, before) in published().await.iter().zip(&before) {
        assert_eq!((now.status, &now.body), (before.status, &before.body), "{}", now.url);
    }

    cluster.start_again();
    let redemption = async || {
        program
            .send(redemption(&replicas, &redirect_uri, &request, &code))
            .await
    };
    let mut tokens = redemption().await;
    for _ in 0..100 {
        if tokens.status != 503 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        tokens = redemption().await;
    }
    assert!(
        tokens.expect(200).json()["id_token"].is_string(),
        "the code was not spent meanwhile"
    );
    let silent = visitor.get(format!("{}&prompt=none", request.url)).await;
    assert!(
        silent.redirect_parameter("code").is_some(),
        "the session lives on: {silent:?}"
    );
}
