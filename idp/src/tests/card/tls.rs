//! Over real TLS: the card in the handshake, and the way back to the browser that began.

use std::io::{Read, Write};
use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::X509;
use reqwest::redirect::Policy;
use serde_json::json;
use signum_core::http::serve_tls;
use signum_core::http::tls::{self, ClientCertificates, Identity, TlsListener};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt;

use super::authority::Shape;
use super::desk::{AtTheDoor, Card, Desk, NUMBER};
use super::responder::Behaviour;
use crate::login::client_certificate;
use crate::tests::agency::decide;
use crate::tests::browser::Reply;
use crate::tests::certificate::{Made, made};
use crate::tests::tokens::claims;
use crate::tests::world::ISSUER;

/// A desk with the port of the cards.
struct Port {
    desk: Desk,
    address: String,
    server: Made,
    proxy: Made,
    folder: tempfile::TempDir,
    _stop: DropGuard,
}

fn identity(folder: &tempfile::TempDir, certificate: &X509, key: &PKey<Private>) -> Identity {
    let (file, secret) = (folder.path().join("own.pem"), folder.path().join("own.key"));
    std::fs::write(&file, certificate.to_pem().unwrap()).unwrap();
    std::fs::write(&secret, key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    Identity::read(&file, &secret).unwrap()
}

impl Port {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (server, proxy) = (made("localhost", None, false), made("proxy", None, false));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let desk = Desk::with(|config, folder| {
            config.card.public_url = address.clone();
            let proxies = folder.join("proxies.pem");
            std::fs::write(&proxies, proxy.pem()).unwrap();
            config.card.proxies = proxies.display().to_string();
        })
        .await;
        let stop = CancellationToken::new();
        let identity = identity(&folder, &server.certificate, &server.key);
        let settings = tls::server(identity, ClientCertificates::Required).unwrap();
        let listener = TlsListener::new(listener, settings).unwrap();
        let router = desk.world.service.card_router().unwrap();
        tokio::spawn(serve_tls("idp-card", listener, router, stop.clone()));
        Self {
            desk,
            address,
            server,
            proxy,
            folder,
            _stop: stop.drop_guard(),
        }
    }

    /// A browser's connection that shows this certificate.
    fn http(&self, certificate: &X509, key: &PKey<Private>) -> reqwest::Client {
        let identity = identity(&self.folder, certificate, key);
        let config = tls::client(identity, vec![self.server.der().into()]).unwrap();
        let client = reqwest::Client::builder().use_preconfigured_tls(config);
        client.redirect(Policy::none()).build().unwrap()
    }

    fn with_card(&self, card: &Card) -> reqwest::Client {
        self.http(&X509::from_der(&card.certificate).unwrap(), &card.key)
    }

    /// Follows the plain link; the address at the other port.
    async fn off(&self, door: &mut AtTheDoor) -> String {
        let reply = door.browser.get(&format!("/eid/tls?i={}", door.i)).await;
        assert_eq!(reply.status, 303, "{}", reply.body);
        let address = reply.location();
        assert!(
            address.starts_with(&format!("{}/eid/card?t=", self.address)),
            "{address}"
        );
        address
    }

    /// Where the port sends the browser, below the issuer.
    async fn sent(&self, http: &reqwest::Client, address: &str) -> String {
        let reply = http.get(address).send().await.unwrap();
        assert_eq!(reply.status().as_u16(), 303);
        let location = reply.headers()["location"].to_str().unwrap();
        location.strip_prefix(ISSUER).unwrap().to_owned()
    }

    /// From the door to the answer of the main address, with this card.
    async fn attempt(&self, card: &Card) -> (AtTheDoor, Reply) {
        let mut door = self.desk.at_the_door().await;
        let address = self.off(&mut door).await;
        let back = self.sent(&self.with_card(card), &address).await;
        let reply = door.browser.get(&back).await;
        (door, reply)
    }

    /// The log-in page says this, nobody is logged in, and the audit log has the reason.
    async fn assert_refused(&self, card: &Card, words: &str, reason: &str) {
        let mut door = self.desk.at_the_door().await;
        let address = self.off(&mut door).await;
        let back = self.sent(&self.with_card(card), &address).await;
        assert!(back.starts_with("/login?i=") && !back.contains("code="), "{back}");
        let page = door.browser.get(&format!("{back}&ui_locales=en")).await;
        // Among the words of the script, and in the notice.
        assert_eq!(page.body.matches(words).count(), 2, "{words}");
        assert!(!door.browser.cookies.contains_key("idp_sid"));
        let (count, detail) = self.desk.world.audit("login.refused").await;
        assert!(count == 1 && detail.contains(reason), "{detail}");
    }
}

#[tokio::test]
async fn a_card_shown_in_the_handshake_logs_in_and_no_pin_is_claimed() {
    let port = Port::open().await;
    let (mut door, reply) = port.attempt(&port.desk.card).await;
    assert!(
        reply.location().starts_with("/authorize/resume?i="),
        "{}",
        reply.location()
    );
    let consent = door.browser.get(&reply.location()).await.location();
    let back = decide(&mut door.browser, &consent, "allow").await;
    let tokens = door.browser.redeem(&back.redirected("code").unwrap()).await.json();
    let claims = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(
        (&claims["acr"], &claims["amr"]),
        (&json!("substantial"), &json!(["sc", "mfa"]))
    );
}

#[tokio::test]
async fn the_page_links_to_the_port_and_without_one_it_does_not() {
    let port = Port::open().await;
    let mut door = port.desk.at_the_door().await;
    let login = format!("/login?i={}", door.i);
    let link = format!("href=\"/eid/tls?i={}\"", door.i);
    assert!(door.browser.get(&login).await.body.contains(&link));
    let without = Desk::open().await;
    let mut door = without.at_the_door().await;
    let login = format!("/login?i={}", door.i);
    assert!(!door.browser.get(&login).await.body.contains("/eid/tls"));
    assert_eq!(door.browser.get(&format!("/eid/tls?i={}", door.i)).await.status, 404);
}

#[tokio::test]
async fn without_a_certificate_there_is_no_connection() {
    let port = Port::open().await;
    let mut door = port.desk.at_the_door().await;
    let address = port.off(&mut door).await;
    let nothing = reqwest::Client::builder()
        .danger_accept_invalid_certs(true)
        .build()
        .unwrap();
    assert!(nothing.get(&address).send().await.is_err());
}

#[tokio::test]
async fn an_older_tls_is_not_spoken() {
    let port = Port::open().await;
    let target = port.address.strip_prefix("https://").unwrap().to_owned();
    let (certificate, key) = (
        X509::from_der(&port.desk.card.certificate).unwrap(),
        port.desk.card.key.clone(),
    );
    let tried = tokio::task::spawn_blocking(move || {
        let mut builder = SslConnector::builder(SslMethod::tls()).unwrap();
        builder.set_verify(SslVerifyMode::NONE);
        builder.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
        builder.set_certificate(&certificate).unwrap();
        builder.set_private_key(&key).unwrap();
        let stream = std::net::TcpStream::connect(target).unwrap();
        builder.build().connect("localhost", stream).is_ok()
    });
    assert!(!tried.await.unwrap());
}

#[tokio::test]
async fn the_port_serves_nothing_else() {
    let port = Port::open().await;
    let http = port.with_card(&port.desk.card);
    for path in [
        "/",
        "/login",
        "/token",
        "/authorize",
        "/account",
        "/eid/login",
        "/eid/return",
        "/static/web-eid.js",
    ] {
        let reply = http.get(format!("{}{path}", port.address)).send().await.unwrap();
        assert_eq!(reply.status().as_u16(), 404, "{path}");
    }
}

/// What the port answers on one connection to two requests, the second sent when the first is answered, or with it.
async fn two_requests(port: &Port, at_once: bool, tickets: [&str; 2]) -> String {
    let card = &port.desk.card;
    let (certificate, key) = (X509::from_der(&card.certificate).unwrap(), card.key.clone());
    let target = port.address.strip_prefix("https://").unwrap().to_owned();
    let [first, second] = tickets.map(|ticket| {
        let path = ticket.strip_prefix(&port.address).unwrap();
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: keep-alive\r\n\r\n")
    });
    let answers = tokio::task::spawn_blocking(move || {
        let mut builder = SslConnector::builder(SslMethod::tls()).unwrap();
        builder.set_verify(SslVerifyMode::NONE);
        builder.set_alpn_protos(b"\x02h2\x08http/1.1").unwrap();
        builder.set_certificate(&certificate).unwrap();
        builder.set_private_key(&key).unwrap();
        let stream = std::net::TcpStream::connect(target).unwrap();
        // A connection that is kept open would be read for ever.
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut stream = builder.build().connect("localhost", stream).unwrap();
        assert_eq!(stream.ssl().selected_alpn_protocol(), Some(b"http/1.1".as_slice()));
        let mut answers = Vec::new();
        if at_once {
            stream.write_all(format!("{first}{second}").as_bytes()).unwrap();
        } else {
            stream.write_all(first.as_bytes()).unwrap();
            let mut octet = [0];
            while !answers.ends_with(b"\r\n\r\n") {
                stream.read_exact(&mut octet).unwrap();
                answers.extend(octet);
            }
            // The other end may have gone already.
            stream.write_all(second.as_bytes()).ok();
        }
        stream.read_to_end(&mut answers).ok();
        answers
    });
    String::from_utf8(answers.await.unwrap()).unwrap().to_lowercase()
}

#[tokio::test]
async fn a_connection_answers_one_request_so_that_it_does_not_outlive_the_card() {
    let port = Port::open().await;
    for at_once in [false, true] {
        let (mut one, mut other) = (port.desk.at_the_door().await, port.desk.at_the_door().await);
        let tickets = [port.off(&mut one).await, port.off(&mut other).await];
        let answers = two_requests(&port, at_once, [&tickets[0], &tickets[1]]).await;
        assert_eq!(answers.matches("http/1.1 303").count(), 1, "{answers}");
        assert!(answers.contains("\r\nconnection: close\r\n"), "{answers}");
        // The second ticket was not even taken.
        let http = port.with_card(&port.desk.card);
        assert!(port.sent(&http, &tickets[1]).await.contains("code="));
    }
}

#[tokio::test]
async fn http_2_is_not_spoken_even_to_whoever_begins_with_it() {
    let port = Port::open().await;
    let request = http::Request::get("/eid/card?t=any").version(http::Version::HTTP_2);
    let router = port.desk.world.service.card_router().unwrap();
    let answer = router.oneshot(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.unwrap().status().as_u16(), 505);
}

#[tokio::test]
async fn a_ticket_is_good_once() {
    let port = Port::open().await;
    let mut door = port.desk.at_the_door().await;
    let address = port.off(&mut door).await;
    let http = port.with_card(&port.desk.card);
    assert!(port.sent(&http, &address).await.contains("code="));
    assert_eq!(port.sent(&http, &address).await, "/eid/help");
    assert_eq!(
        port.sent(&http, &format!("{}/eid/card?t=made-up", port.address)).await,
        "/eid/help"
    );
}

#[tokio::test]
async fn an_expired_ticket_and_one_that_was_replaced_lead_nowhere() {
    let port = Port::open().await;
    let mut door = port.desk.at_the_door().await;
    let http = port.with_card(&port.desk.card);
    let replaced = port.off(&mut door).await;
    let expired = port.off(&mut door).await;
    assert_eq!(port.sent(&http, &replaced).await, "/eid/help");
    port.desk.world.advance(300);
    assert_eq!(port.sent(&http, &expired).await, "/eid/help");
}

#[tokio::test]
async fn a_code_is_good_once() {
    let port = Port::open().await;
    let mut door = port.desk.at_the_door().await;
    let address = port.off(&mut door).await;
    let back = port.sent(&port.with_card(&port.desk.card), &address).await;
    assert!(door.browser.get(&back).await.location().contains("/resume"));
    let again = door.browser.get(&back).await.location();
    assert!(again.contains("refused=card.card_again"), "{again}");
    assert!(port.desk.world.audit("login.refused").await.1.contains("no_errand"));
}

#[tokio::test]
async fn a_code_older_than_a_minute_logs_nobody_in() {
    let port = Port::open().await;
    let mut door = port.desk.at_the_door().await;
    let address = port.off(&mut door).await;
    let back = port.sent(&port.with_card(&port.desk.card), &address).await;
    port.desk.world.advance(60);
    let reply = door.browser.get(&back).await;
    assert!(reply.location().contains("refused=card.card_again"));
    assert!(!door.browser.cookies.contains_key("idp_sid"));
}

#[tokio::test]
async fn a_code_is_of_no_use_in_another_browser_or_for_another_interaction() {
    let port = Port::open().await;
    let (mut victim, mut attacker) = (port.desk.at_the_door().await, port.desk.at_the_door().await);
    // The victim is lured to the ticket of somebody else, and shows a card there.
    let address = port.off(&mut attacker).await;
    let back = port.sent(&port.with_card(&port.desk.card), &address).await;
    assert_eq!(victim.browser.get(&back).await.status, 403, "it began elsewhere");
    assert!(!victim.browser.cookies.contains_key("idp_sid"));
    // Nor does the code serve for the victim's own interaction.
    let own = back.replace(&attacker.i, &victim.i);
    assert!(
        victim
            .browser
            .get(&own)
            .await
            .location()
            .contains("refused=card.card_again")
    );
    assert!(!victim.browser.cookies.contains_key("idp_sid"));
}

#[tokio::test]
async fn a_revoked_card_in_the_handshake_is_refused_and_the_page_says_so() {
    let port = Port::open().await;
    port.desk.responder.does(Behaviour::Revoked);
    port.assert_refused(&port.desk.card, "The card is blocked.", "revoked")
        .await;
}

#[tokio::test]
async fn without_an_answer_about_the_status_nobody_logs_in_over_the_port() {
    let port = Port::open().await;
    port.desk.responder.does(Behaviour::Failure);
    port.assert_refused(
        &port.desk.card,
        "Please try again in a few minutes.",
        "status_unavailable",
    )
    .await;
}

#[tokio::test]
async fn the_signing_certificate_in_the_handshake_is_refused() {
    let port = Port::open().await;
    let card = &port.desk.card;
    let signing = Card {
        key: card.signing_key.clone(),
        certificate: card.signing_certificate.clone(),
        ..Card::of(&port.desk.authority, &Shape::card(NUMBER))
    };
    port.assert_refused(&signing, "choose the certificate for log-in", "signing_certificate")
        .await;
}

#[tokio::test]
async fn a_card_of_nobody_known_in_the_handshake_is_refused() {
    let port = Port::open().await;
    let card = Card::of(&port.desk.authority, &Shape::card("1000000009"));
    port.assert_refused(&card, "The card was not accepted.", "unknown_person")
        .await;
}

fn byte_sequence(der: &[u8]) -> String {
    format!(":{}:", STANDARD.encode(der))
}

#[tokio::test]
async fn a_proxy_that_authenticates_may_tell_the_cards_certificate() {
    let port = Port::open().await;
    let mut door = port.desk.at_the_door().await;
    let address = port.off(&mut door).await;
    let proxy = port.http(&port.proxy.certificate, &port.proxy.key);
    let request = proxy
        .get(&address)
        .header("client-cert", byte_sequence(&port.desk.card.certificate));
    let location = request.send().await.unwrap().headers()["location"]
        .to_str()
        .unwrap()
        .to_owned();
    let back = door.browser.get(location.strip_prefix(ISSUER).unwrap()).await;
    assert!(back.location().contains("/resume"), "{}", back.location());
}

#[tokio::test]
async fn a_proxy_that_saw_no_certificate_brings_nobody_in() {
    let port = Port::open().await;
    let mut door = port.desk.at_the_door().await;
    let address = port.off(&mut door).await;
    let proxy = port.http(&port.proxy.certificate, &port.proxy.key);
    assert!(port.sent(&proxy, &address).await.contains("refused=card.card_other"));
    assert!(
        port.desk
            .world
            .audit("login.refused")
            .await
            .1
            .contains("no_certificate")
    );
}

#[tokio::test]
async fn whoever_is_no_proxy_tells_nothing_about_another_card() {
    let port = Port::open().await;
    let mut door = port.desk.at_the_door().await;
    let address = port.off(&mut door).await;
    let stranger = Card::of(&port.desk.authority, &Shape::card("1000000009"));
    let request = port
        .with_card(&stranger)
        .get(&address)
        .header("client-cert", byte_sequence(&port.desk.card.certificate));
    let reply = request.send().await.unwrap();
    let location = reply.headers()["location"].to_str().unwrap();
    assert!(location.contains("refused=card.card_refused"), "{location}");
    assert!(
        port.desk
            .world
            .audit("login.refused")
            .await
            .1
            .contains("unknown_person")
    );
}

#[tokio::test]
async fn the_port_must_have_a_host_name_of_its_own() {
    let mut config = crate::Config::at("https://idp.example.org");
    config.card.public_url = "https://idp.example.org:8088".to_owned();
    assert!(config.origin().is_err());
    config.card.public_url = "https://card.idp.example.org".to_owned();
    assert!(config.origin().is_ok());
    config.card.public_url = "http://card.idp.example.org".to_owned();
    assert!(config.origin().is_err());
}

#[tokio::test]
async fn where_the_pin_has_to_be_typed_the_way_over_tls_is_not_offered_and_leads_back_with_a_sentence() {
    let port = Port::open().await;
    for asked in [
        ("prompt", "login"),
        ("max_age", "0"),
        ("max_age", "3600"),
        ("acr_values", "high"),
    ] {
        let mut door = port.desk.at_the_door_for(&[asked]).await;
        let page = door.browser.get(&format!("/login?i={}", door.i)).await.body;
        assert!(page.contains("data-card") && !page.contains("/eid/tls"), "{asked:?}");
        let reply = door.browser.get(&format!("/eid/tls?i={}", door.i)).await;
        assert_eq!(reply.location(), format!("/login?i={}&refused=card.card_pin", door.i));
        let page = door.browser.get(&format!("{}&ui_locales=en", reply.location())).await;
        assert_eq!(page.body.matches("the PIN has to be typed").count(), 2);
    }
}

#[tokio::test]
async fn a_code_that_was_got_all_the_same_does_not_log_in_where_the_pin_has_to_be_typed() {
    let port = Port::open().await;
    let mut door = port.desk.at_the_door_for(&[("prompt", "login")]).await;
    let interaction = signum_core::Id::parse(&door.i).unwrap();
    let ticket = client_certificate::begin(&port.desk.world.service.idp, interaction).await;
    let address = format!("{}/eid/card?t={}", port.address, ticket.unwrap());
    let back = port.sent(&port.with_card(&port.desk.card), &address).await;
    let reply = door.browser.get(&back).await;
    assert!(
        reply.location().contains("refused=card.card_pin"),
        "{}",
        reply.location()
    );
    assert!(!door.browser.cookies.contains_key("idp_sid"));
    assert!(port.desk.world.audit("login.refused").await.1.contains("pin_not_typed"));
}

#[tokio::test]
async fn a_session_without_a_typed_pin_changes_no_passkeys_and_one_with_it_does() {
    let port = Port::open().await;
    let (mut by_tls, reply) = port.attempt(&port.desk.card).await;
    assert!(reply.location().contains("/resume"));
    let (mut by_web_eid, reply) = port.desk.attempt(&port.desk.card, |_| ()).await;
    assert_eq!(reply.status, 200);
    for (door, status) in [(&mut by_tls, 403), (&mut by_web_eid, 200)] {
        let csrf = door.browser.get("/account/passkeys").await.csrf();
        let options = door
            .browser
            .post_json("/account/passkeys/options", &csrf, &json!(null))
            .await;
        assert_eq!(options.status, status, "{}", options.body);
    }
}

#[tokio::test]
async fn a_remembered_status_does_not_count_on_the_way_over_tls() {
    let port = Port::open().await;
    assert_eq!(port.desk.attempt(&port.desk.card, |_| ()).await.1.status, 200);
    port.desk.responder.does(Behaviour::Revoked);
    port.assert_refused(&port.desk.card, "The card is blocked.", "revoked")
        .await;
}
