//! Real handshakes over loopback between our listener and `reqwest`.

#![allow(clippy::unwrap_used)]
use std::path::PathBuf;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::{X509, X509NameBuilder};
use rustls::pki_types::CertificateDer;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::http::serve_tls;

struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new(name: &str) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let mut named = X509NameBuilder::new().unwrap();
        named.append_entry_by_text("CN", name).unwrap();
        let named = named.build();
        let mut certificate = X509::builder().unwrap();
        certificate.set_version(2).unwrap();
        certificate.set_subject_name(&named).unwrap();
        certificate.set_issuer_name(&named).unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate
            .set_not_before(&Asn1Time::days_from_now(0).unwrap())
            .unwrap();
        certificate.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("own.pem"), certificate.build().to_pem().unwrap()).unwrap();
        std::fs::write(folder.path().join("own.key"), key.private_key_to_pem_pkcs8().unwrap()).unwrap();
        Self { folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn identity(&self) -> Identity {
        Identity::read(&self.file("own.pem"), &self.file("own.key")).unwrap()
    }

    fn certificates(&self) -> Vec<CertificateDer<'static>> {
        certificates(&self.file("own.pem")).unwrap()
    }

    /// Asks as this machine; believes `server` alone.
    async fn ask(&self, server: &Machine, port: u16) -> Result<String, reqwest::Error> {
        let config = client(self.identity(), server.certificates()).unwrap();
        let client = reqwest::Client::builder()
            .use_preconfigured_tls(config)
            .build()
            .unwrap();
        let answer = client.get(format!("https://localhost:{port}/")).send().await?;
        answer.text().await
    }
}

/// A server that tells how many certificates it was shown; returns its port.
async fn served(machine: &Machine, clients: ClientCertificates) -> (u16, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listener = TlsListener::new(listener, server(machine.identity(), clients).unwrap()).unwrap();
    let (port, stop) = (listener.address().port(), CancellationToken::new());
    let shown = |ConnectInfo(peer): ConnectInfo<Peer>| async move { peer.certificates.len().to_string() };
    tokio::spawn(serve_tls(
        "test",
        listener,
        Router::new().route("/", get(shown)),
        stop.clone(),
    ));
    (port, stop)
}

#[tokio::test]
async fn a_pinned_client_is_served_and_another_is_not() {
    let [ca, signer, stranger] = ["ca", "signer", "stranger"].map(Machine::new);
    let (port, _stop) = served(&ca, ClientCertificates::Pinned(signer.certificates())).await;
    assert_eq!(signer.ask(&ca, port).await.unwrap(), "1");
    assert!(stranger.ask(&ca, port).await.is_err());
}

#[tokio::test]
async fn a_client_believes_the_pinned_server_alone() {
    let [ca, signer, impostor] = ["ca", "signer", "ca"].map(Machine::new);
    let (port, _stop) = served(&impostor, ClientCertificates::Asked).await;
    assert!(signer.ask(&ca, port).await.is_err());
    assert_eq!(signer.ask(&impostor, port).await.unwrap(), "1");
}

#[tokio::test]
async fn without_a_certificate_a_listener_that_pins_serves_nobody_and_one_that_asks_does() {
    let ca = Machine::new("ca");
    let bare = || {
        reqwest::Client::builder()
            .danger_accept_invalid_certs(true)
            .build()
            .unwrap()
    };
    let (port, _stop) = served(&ca, ClientCertificates::Asked).await;
    let answer = bare().get(format!("https://localhost:{port}/")).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "0");
    let (port, _stop) = served(&ca, ClientCertificates::Pinned(ca.certificates())).await;
    assert!(bare().get(format!("https://localhost:{port}/")).send().await.is_err());
}

#[tokio::test]
async fn a_silent_client_holds_up_nobody() {
    let [ca, signer] = ["ca", "signer"].map(Machine::new);
    let (port, _stop) = served(&ca, ClientCertificates::Pinned(signer.certificates())).await;
    let mut silent = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    silent.write_all(&[0x16]).await.unwrap();
    assert_eq!(signer.ask(&ca, port).await.unwrap(), "1");
}

#[test]
fn a_file_without_a_certificate_is_named() {
    let machine = Machine::new("x");
    let error = certificates(&machine.file("own.key")).unwrap_err().to_string();
    assert!(error.contains("own.key"), "{error}");
}
