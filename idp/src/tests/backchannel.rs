//! Back-channel logout: what services are told, when they are asked again, and that nobody waits for them.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{RawForm, State};
use http::StatusCode;
use serde_json::Value;

use super::browser::Browser;
use super::world::{AFTER_LOGOUT, CALLBACK, SECRET, World, authorize_query, words};
use crate::clients::{self, Metadata, Profile, Realm, Registration};
use crate::jws;
use crate::logout::deliver;
use crate::logout::outbox::{self, Outcome};

/// A relying party's back-channel logout address over real HTTP.
#[derive(Clone)]
struct Service {
    /// What it will answer.
    status: Arc<Mutex<u16>>,
    tokens: Arc<Mutex<Vec<String>>>,
    port: u16,
}

impl Service {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self {
            status: Arc::new(Mutex::new(200)),
            tokens: Arc::default(),
            port: listener.local_addr().unwrap().port(),
        };
        let route = async |State(this): State<Service>, RawForm(body): RawForm| {
            let mut form = url::form_urlencoded::parse(&body);
            let token = form.find(|(name, _)| name == "logout_token").unwrap().1.into_owned();
            this.tokens.lock().unwrap().push(token);
            let status = StatusCode::from_u16(*this.status.lock().unwrap()).unwrap();
            (status, [("location", "http://demo.localhost:1/elsewhere")])
        };
        let app = Router::new()
            .route("/backchannel", axum::routing::post(route))
            .with_state(this.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        this
    }

    fn tokens(&self) -> Vec<String> {
        self.tokens.lock().unwrap().clone()
    }

    fn address(&self) -> String {
        format!("http://demo.localhost:{}/backchannel", self.port)
    }
}

async fn register(world: &World, address: &str) {
    let registration = Registration {
        client_id: "demo-rp".to_owned(),
        profile: Profile::GovBasic,
        realm: Realm::Production,
        name: words("demo-rp"),
        purpose: words("To show the demonstration"),
        metadata: Metadata {
            redirect_uris: vec![CALLBACK.to_owned()],
            post_logout_redirect_uris: vec![AFTER_LOGOUT.to_owned()],
            token_endpoint_auth_method: crate::client_auth::AuthMethod::ClientSecretBasic,
            backchannel_logout_uri: Some(address.to_owned()),
            ..Metadata::default()
        },
        secret: Some(SECRET.to_owned().into()),
        legal_basis_personal_number: false,
    };
    clients::put(&world.cx, registration).await.unwrap();
}

/// Logged in at the service, tokens in hand; returns the ID token's claims.
async fn at_the_service(world: &World) -> (Browser, Value) {
    let mut browser = world.enrolled().await;
    let code = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    let tokens = browser.redeem(&code).await.json();
    let idp = &world.service.idp;
    let claims = jws::verify(
        &idp.keys.current().published,
        jws::ID_TOKEN,
        tokens["id_token"].as_str().unwrap(),
    )
    .unwrap();
    (browser, claims)
}

async fn log_out(browser: &mut Browser) {
    let csrf = browser.get("/logout").await.csrf();
    let reply = browser.post_form("/logout/confirm", &[("csrf", &csrf)]).await;
    assert_eq!(reply.location(), "/logged-out");
}

#[tokio::test]
async fn a_service_is_told_by_a_logout_token_of_the_session_it_knows() {
    let world = World::new().await;
    let service = Service::start().await;
    register(&world, &service.address()).await;
    let (mut browser, id_token) = at_the_service(&world).await;
    log_out(&mut browser).await;
    assert!(service.tokens().is_empty(), "the browser waited for nobody");
    let idp = &world.service.idp;
    assert_eq!(deliver::run(idp).await.unwrap(), 1);
    let tokens = service.tokens();
    assert_eq!(tokens.len(), 1);
    let header = tokens[0].split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    assert_eq!(header["typ"], "logout+jwt");
    let claims = jws::verify(&idp.keys.current().published, "logout+jwt", &tokens[0]).unwrap();
    for same in ["iss", "aud", "sub", "sid"] {
        assert_eq!(claims[same], id_token[same], "{same}");
    }
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((1..=120).contains(&life));
    assert!(claims["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
    assert!(claims["jti"].is_string() && claims.get("nonce").is_none());
    assert!(browser.get("/logged-out").await.body.contains("U njoftua"));
    assert_eq!(deliver::run(idp).await.unwrap(), 0, "once");
}

#[tokio::test]
async fn a_service_is_told_when_consent_is_withdrawn_and_again_when_the_session_ends_after_a_return() {
    let world = World::new().await;
    let service = Service::start().await;
    register(&world, &service.address()).await;
    let (mut browser, first) = at_the_service(&world).await;
    let csrf = browser.get("/account").await.csrf();
    let withdrawn = [("csrf", csrf.as_str()), ("client", "demo-rp")];
    browser.post_form("/account/consents/withdraw", &withdrawn).await;
    let idp = &world.service.idp;
    assert_eq!(deliver::run(idp).await.unwrap(), 1);
    let told = |n: usize| {
        let token = &service.tokens()[n];
        jws::verify(&idp.keys.current().published, "logout+jwt", token).unwrap()
    };
    assert_eq!((&told(0)["sid"], &told(0)["sub"]), (&first["sid"], &first["sub"]));
    assert_eq!(browser.get("/account").await.status, 200, "the session goes on");
    // The person comes back, agrees anew, and the service knows another sid.
    let consent = browser
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    let csrf = browser.get(&consent).await.csrf();
    let back = browser
        .post_form(&consent, &[("csrf", &csrf), ("decision", "allow")])
        .await;
    let tokens = browser.redeem(&back.redirected("code").unwrap()).await.json();
    let second = super::tokens::claims(tokens["id_token"].as_str().unwrap());
    assert_ne!(second["sid"], first["sid"]);
    log_out(&mut browser).await;
    assert_eq!(deliver::run(idp).await.unwrap(), 1);
    assert_eq!(told(1)["sid"], second["sid"]);
}

fn decode(part: &str) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

#[tokio::test]
async fn a_service_that_fails_is_asked_again_later_with_another_token_and_given_up_after_half_a_day() {
    let world = World::new().await;
    let service = Service::start().await;
    register(&world, &service.address()).await;
    let (mut browser, _) = at_the_service(&world).await;
    let idp = &world.service.idp;
    // A redirect is no consent and is not followed; 400 and 500 are failures.
    for (n, status) in [(1, 302), (2, 500), (3, 400)] {
        *service.status.lock().unwrap() = status;
        match n {
            1 => log_out(&mut browser).await,
            _ => world.advance(60),
        }
        assert_eq!(deliver::run(idp).await.unwrap(), 0);
        assert_eq!(service.tokens().len(), n);
        assert_eq!(deliver::run(idp).await.unwrap(), 0);
        assert_eq!(service.tokens().len(), n, "not before its pause is over");
    }
    let jti = |token: &String| jws::verify(&idp.keys.current().published, "logout+jwt", token).unwrap()["jti"].clone();
    let tokens = service.tokens();
    assert_ne!(jti(&tokens[0]), jti(&tokens[1]));
    assert!(
        browser
            .get("/logged-out")
            .await
            .body
            .contains("Nuk është përgjigjur ende")
    );
    world.advance(14 * 60 * 60);
    deliver::run(idp).await.unwrap();
    assert!(outbox::due(&world.cx, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_service_without_an_address_or_inside_our_network_is_not_connected_to() {
    let world = World::new().await;
    let (mut browser, _) = at_the_service(&world).await;
    log_out(&mut browser).await;
    let idp = &world.service.idp;
    let session = outbox::due(&world.cx, 1).await.unwrap()[0].session;
    assert_eq!(deliver::run(idp).await.unwrap(), 0);
    let settled = outbox::of_session(&world.cx, session).await.unwrap();
    assert_eq!(settled, [("demo-rp".to_owned(), Some(Outcome::CannotBeTold))]);
    assert!(browser.get("/logged-out").await.body.contains("Nuk mund të njoftohet"));
    // A host of this machine that the operator has not named: nothing connects to it.
    let service = Service::start().await;
    register(&world, &service.address().replace("demo.localhost", "other.localhost")).await;
    let login = browser
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    browser.use_passkey(&login).await;
    let resumed = browser.get(&login.replace("/login", "/authorize/resume")).await;
    assert!(resumed.redirected("code").is_some());
    log_out(&mut browser).await;
    assert_eq!(deliver::run(idp).await.unwrap(), 0);
    assert!(service.tokens().is_empty());
    assert_eq!(
        outbox::due(&world.cx, 10).await.unwrap().len(),
        0,
        "it waits for its next attempt"
    );
}

#[tokio::test]
async fn what_was_told_once_stays_told() {
    let world = World::new().await;
    let service = Service::start().await;
    register(&world, &service.address()).await;
    let (mut browser, _) = at_the_service(&world).await;
    log_out(&mut browser).await;
    *service.status.lock().unwrap() = 204;
    let idp = &world.service.idp;
    let owed = outbox::due(&world.cx, 1).await.unwrap();
    assert_eq!(deliver::run(idp).await.unwrap(), 1, "204 is as good as 200");
    // Whoever else settles or postpones it afterwards changes nothing.
    outbox::postpone(&world.cx, &owed[0]).await.unwrap();
    outbox::settle(&world.cx, &owed[0], Outcome::GaveUp).await.unwrap();
    let settled = outbox::of_session(&world.cx, owed[0].session).await.unwrap();
    assert_eq!(settled[0].1, Some(Outcome::Told));
}
