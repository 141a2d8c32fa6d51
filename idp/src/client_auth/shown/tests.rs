//! Which certificate a request shows: the connection's own, or what a pinned proxy hands on, and nobody else's word.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use signum_core::ManualClock;

use super::*;
use crate::tests::certificate::{Made, NOW, made};

fn peer(certificates: &[&Made]) -> Peer {
    Peer {
        address: ([127, 0, 0, 1], 1).into(),
        certificates: certificates.iter().map(|made| made.der().into()).collect(),
    }
}

fn believed(authority: &Made, proxy: &Made, now: i64) -> Believed {
    Believed {
        authorities: vec![authority.certificate.clone()],
        proxies: vec![proxy.der()],
        clock: Arc::new(ManualClock::at(Timestamp::from_seconds(now))),
    }
}

fn header(made: &Made) -> String {
    format!(":{}:", STANDARD.encode(made.der()))
}

fn headers(values: &[(&'static str, String)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in values {
        headers.append(*name, value.parse().unwrap());
    }
    headers
}

#[test]
fn a_certificate_is_chained_only_to_a_configured_authority_and_while_it_lasts() {
    let (authority, proxy) = (made("authority", None, true), made("proxy", None, false));
    let client = made("client", Some(&authority), false);
    let (alone, stranger) = (made("client", None, false), made("authority", None, true));
    let forged = made("client", Some(&stranger), false);
    let chained = |now, shown: &Made| {
        let shown = believed(&authority, &proxy, now).shown(&peer(&[shown]), &HeaderMap::new());
        shown.unwrap().unwrap().chained
    };
    assert!(chained(NOW, &client));
    assert!(!chained(NOW + 2000, &client), "its time is over");
    assert!(!chained(NOW - 2000, &client), "its time has not come");
    assert!(!chained(NOW, &alone) && !chained(NOW, &forged));
    assert_eq!(
        believed(&authority, &proxy, NOW).shown(&peer(&[]), &HeaderMap::new()),
        Ok(None)
    );
}

#[test]
fn a_client_cert_header_of_anybody_but_a_pinned_proxy_is_nothing() {
    let (authority, proxy) = (made("authority", None, true), made("proxy", None, false));
    let (client, liar) = (made("client", Some(&authority), false), made("proxy", None, false));
    let believed = believed(&authority, &proxy, NOW);
    let lie = headers(&[("client-cert", header(&client))]);
    let shown = believed.shown(&peer(&[&liar]), &lie).unwrap().unwrap();
    assert_eq!(shown.der, liar.der(), "the liar is who its own certificate says");
    assert_eq!(believed.shown(&peer(&[]), &lie), Ok(None));
    let shown = believed.shown(&peer(&[&proxy]), &lie).unwrap().unwrap();
    assert!(shown.der == client.der() && shown.chained);
}

#[test]
fn a_proxy_without_a_word_of_the_client_shows_no_certificate_and_never_its_own() {
    let (authority, proxy) = (made("authority", None, true), made("proxy", None, false));
    let believed = believed(&authority, &proxy, NOW);
    assert_eq!(believed.shown(&peer(&[&proxy]), &HeaderMap::new()), Ok(None));
}

#[test]
fn doubtful_certificate_headers_are_refused() {
    let (authority, proxy) = (made("authority", None, true), made("proxy", None, false));
    let client = made("client", Some(&authority), false);
    let believed = believed(&authority, &proxy, NOW);
    for bad in [
        vec![("client-cert", header(&client)), ("client-cert", header(&client))],
        vec![("client-cert", STANDARD.encode(client.der()))],
        vec![("client-cert", ":!!:".to_owned())],
        vec![("client-cert", header(&client)), ("client-cert-chain", "x".to_owned())],
    ] {
        assert!(believed.shown(&peer(&[&proxy]), &headers(&bad)).is_err(), "{bad:?}");
    }
}

#[test]
fn the_metadata_has_aliases_only_for_what_it_offers() {
    let settings = MtlsSettings {
        public_url: "https://mtls.example.org".to_owned(),
        ..MtlsSettings::default()
    };
    let mut metadata =
        json!({"token_endpoint": "https://idp.example.org/token", "jwks_uri": "https://idp.example.org/jwks"});
    tell(&mut metadata, "https://idp.example.org", &settings);
    assert_eq!(
        metadata["mtls_endpoint_aliases"],
        json!({"token_endpoint": "https://mtls.example.org/token"})
    );
    assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
    let mut plain = json!({});
    tell(&mut plain, "https://idp.example.org", &MtlsSettings::default());
    assert_eq!(plain, json!({}));
}
