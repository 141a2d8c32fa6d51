//! The OCSP responder over HTTP, asked as relying parties ask.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use base64::Engine;
use der::asn1::{Int, OctetString};
use der::{Decode, Encode};
use http_body_util::BodyExt;
use signum_ca::Service;
use signum_core::contract::{CertificateAuthority, CertificateStatus, IssuedCertificate, LeafProfile};
use signum_pki::ocsp::request::OcspRequest;
use signum_pki::ocsp::response::{BasicOcspResponse, OcspResponse, ResponseData, ResponseStatus, Status};
use signum_pki::{CertStatus, OcspError, oid, verify_ocsp};
use spki::AlgorithmIdentifierOwned;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;
use x509_cert::ext::Extension;

use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;

async fn post(house: &House, ca: &str, body: Vec<u8>) -> (StatusCode, header::HeaderMap, Vec<u8>) {
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/ocsp/{ca}"))
        .header(header::CONTENT_TYPE, "application/ocsp-request")
        .body(Body::from(body))
        .unwrap();
    send(house, request).await
}

pub async fn send(house: &House, request: Request<Body>) -> (StatusCode, header::HeaderMap, Vec<u8>) {
    send_to(&house.service, request).await
}

pub async fn send_to(service: &Arc<Service>, request: Request<Body>) -> (StatusCode, header::HeaderMap, Vec<u8>) {
    let response = service.router().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    (
        parts.status,
        parts.headers,
        body.collect().await.unwrap().to_bytes().to_vec(),
    )
}

async fn signed_house(dir: &std::path::Path) -> (House, IssuedCertificate) {
    let house = house::open(dir, config()).await;
    let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
    let issued = house.service.issue(asked).await.unwrap();
    (house, issued)
}

pub fn question(issued: &IssuedCertificate, change: impl FnOnce(&mut OcspRequest)) -> Vec<u8> {
    let der = signum_pki::ocsp_request(&issued.certificate, &issued.chain[0]).unwrap();
    let mut request = OcspRequest::from_der(&der).unwrap();
    change(&mut request);
    request.to_der().unwrap()
}

pub fn read(response: &[u8]) -> ResponseData {
    let response = OcspResponse::from_der(response).unwrap();
    let basic = BasicOcspResponse::from_der(response.bytes.unwrap().response.as_bytes()).unwrap();
    ResponseData::from_der(&basic.tbs.to_der().unwrap()).unwrap()
}

pub fn status(response: &[u8]) -> ResponseStatus {
    OcspResponse::from_der(response).unwrap().status
}

pub fn with_nonce(octets: &[u8]) -> impl FnOnce(&mut OcspRequest) {
    let value = OctetString::new(octets).unwrap().to_der().unwrap();
    move |request| {
        request.tbs.extensions = Some(vec![Extension {
            extn_id: oid::OCSP_NONCE,
            critical: false,
            extn_value: OctetString::new(value).unwrap(),
        }]);
    }
}

#[test]
fn post_and_get_answer_alike_and_get_may_be_cached_for_a_minute() {
    in_own_process(|dir| async move {
        let (house, issued) = signed_house(&dir).await;
        let der = question(&issued, |_| {});
        let (_, headers, posted) = post(&house, "qsig", der.clone()).await;
        assert_eq!(headers[header::CONTENT_TYPE], "application/ocsp-response");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        let encoded = base64::engine::general_purpose::STANDARD
            .encode(&der)
            .replace('+', "%2B");
        let get = Request::builder()
            .uri(format!("/ocsp/qsig/{encoded}"))
            .body(Body::empty())
            .unwrap();
        let (code, headers, got) = send(&house, get).await;
        assert_eq!(code, StatusCode::OK);
        assert_eq!(
            headers[header::CACHE_CONTROL],
            "max-age=60, public, no-transform, must-revalidate"
        );
        assert!(headers.contains_key(header::ETAG) && headers.contains_key(header::EXPIRES));
        assert_eq!(read(&got), read(&posted));
        let now = house.now().seconds();
        assert_eq!(
            verify_ocsp(&got, &issued.certificate, &issued.chain[0], now, 60),
            Ok(CertStatus::Good)
        );
    });
}

#[test]
fn a_revocation_shows_in_the_next_answer() {
    in_own_process(|dir| async move {
        let (house, issued) = signed_house(&dir).await;
        house.service.revoke(&serial(&issued.certificate), 4).await.unwrap();
        let answer = house.service.ocsp(&issued.certificate, &issued.chain[0]).await.unwrap();
        let now = house.now().seconds();
        let expected = Ok(CertStatus::Revoked { at: now, reason: 4 });
        assert_eq!(
            verify_ocsp(&answer, &issued.certificate, &issued.chain[0], now, 60),
            expected
        );
    });
}

#[test]
fn a_serial_number_never_issued_is_answered_revoked_since_1970() {
    in_own_process(|dir| async move {
        let (house, issued) = signed_house(&dir).await;
        let der = question(&issued, |r| {
            r.tbs.request_list[0].cert_id.serial_number = Int::new(&[1, 2, 3]).unwrap()
        });
        let (_, _, answer) = post(&house, "qsig", der).await;
        let data = read(&answer);
        let Status::Revoked(info) = &data.responses[0].status else {
            panic!("{data:?}")
        };
        assert_eq!(info.revocation_time.to_unix_duration().as_secs(), 0);
        assert_eq!(info.reason, Some(x509_cert::ext::pkix::CrlReason::CertificateHold));
        let extensions = data.extensions.unwrap();
        assert!(extensions.iter().any(|e| e.extn_id == oid::OCSP_EXTENDED_REVOKED));
    });
}

#[test]
fn a_nonce_of_1_to_128_octets_is_echoed_and_others_are_malformed() {
    in_own_process(|dir| async move {
        let (house, issued) = signed_house(&dir).await;
        for length in [1, 32, 128] {
            let nonce = vec![7; length];
            let (_, _, answer) = post(&house, "qsig", question(&issued, with_nonce(&nonce))).await;
            let extensions = read(&answer).extensions.unwrap();
            let echoed = extensions.iter().find(|e| e.extn_id == oid::OCSP_NONCE).unwrap();
            assert_eq!(
                OctetString::from_der(echoed.extn_value.as_bytes()).unwrap().as_bytes(),
                nonce
            );
        }
        for length in [0, 129] {
            let (_, _, answer) = post(&house, "qsig", question(&issued, with_nonce(&vec![7; length]))).await;
            assert_eq!(status(&answer), ResponseStatus::MalformedRequest);
        }
    });
}

#[test]
fn sha_1_names_of_the_issuer_are_understood_and_others_are_not_ours() {
    in_own_process(|dir| async move {
        let (house, issued) = signed_house(&dir).await;
        let issuer = openssl::x509::X509::from_der(&issued.chain[0]).unwrap();
        let subject = openssl::x509::X509::from_der(&issued.certificate).unwrap();
        let id = openssl::ocsp::OcspCertId::from_cert(openssl::hash::MessageDigest::sha1(), &subject, &issuer).unwrap();
        let mut asked = openssl::ocsp::OcspRequest::new().unwrap();
        asked.add_id(id).unwrap();
        let (_, _, answer) = post(&house, "qsig", asked.to_der().unwrap()).await;
        assert!(matches!(read(&answer).responses[0].status, Status::Good(_)));
        let (_, _, other_ca) = post(&house, "auth", asked.to_der().unwrap()).await;
        assert_eq!(status(&other_ca), ResponseStatus::Unauthorized);
        let sha512 = AlgorithmIdentifierOwned {
            oid: oid::SHA512,
            parameters: None,
        };
        let der = question(&issued, |r| r.tbs.request_list[0].cert_id.hash_algorithm = sha512);
        assert_eq!(status(&post(&house, "qsig", der).await.2), ResponseStatus::Unauthorized);
    });
}

#[test]
fn junk_too_many_questions_and_unknown_critical_extensions_are_malformed() {
    in_own_process(|dir| async move {
        let (house, issued) = signed_house(&dir).await;
        let many = question(&issued, |r| {
            r.tbs.request_list = vec![r.tbs.request_list[0].clone(); 11]
        });
        let critical = question(&issued, |r| {
            r.tbs.extensions = Some(vec![Extension {
                extn_id: oid::CLIENT_AUTH,
                critical: true,
                extn_value: OctetString::new([5, 0]).unwrap(),
            }]);
        });
        for body in [Vec::new(), vec![0x30, 0x80], many, critical] {
            assert_eq!(
                status(&post(&house, "qsig", body).await.2),
                ResponseStatus::MalformedRequest
            );
        }
        let get = Request::builder()
            .uri("/ocsp/qsig/not-base64!")
            .body(Body::empty())
            .unwrap();
        assert_eq!(status(&send(&house, get).await.2), ResponseStatus::MalformedRequest);
    });
}

#[test]
fn an_answer_is_believed_only_fresh_whole_and_from_the_delegated_responder() {
    in_own_process(|dir| async move {
        let (house, issued) = signed_house(&dir).await;
        let other = house
            .service
            .issue(request(2, LeafProfile::CitizenSignature, pkcs10(&key())))
            .await
            .unwrap();
        let answer = house.service.ocsp(&issued.certificate, &issued.chain[0]).await.unwrap();
        let (certificate, issuer, now) = (&issued.certificate, &issued.chain[0], house.now().seconds());
        assert_eq!(
            verify_ocsp(&answer, certificate, issuer, now + 60, 60),
            Ok(CertStatus::Good)
        );
        assert_eq!(
            verify_ocsp(&answer, certificate, issuer, now + 61, 60),
            Err(OcspError::Stale)
        );
        assert_eq!(
            verify_ocsp(&answer, certificate, issuer, now + 300, 900),
            Err(OcspError::Stale)
        );
        assert_eq!(
            verify_ocsp(&answer, certificate, issuer, now - 11, 60),
            Err(OcspError::Future)
        );
        assert_eq!(
            verify_ocsp(&answer, &other.certificate, issuer, now, 60),
            Err(OcspError::OtherCertificate)
        );
        assert_eq!(
            verify_ocsp(&answer, certificate, &issued.chain[1], now, 60),
            Err(OcspError::WrongIssuer)
        );
        assert!(matches!(
            verify_ocsp(&spoilt(&answer), certificate, issuer, now, 60),
            Err(OcspError::Signature)
        ));
        // A citizen's own certificate is issued by the same CA, and is no responder's.
        let mut basic = basic(&answer);
        basic.certs = Some(vec![der::asn1::Any::from_der(certificate).unwrap()]);
        let forged = OcspResponse::successful(&basic).unwrap().to_der().unwrap();
        assert_eq!(
            verify_ocsp(&forged, certificate, issuer, now, 60),
            Err(OcspError::Responder)
        );
    });
}

fn basic(answer: &[u8]) -> BasicOcspResponse {
    let response = OcspResponse::from_der(answer).unwrap();
    BasicOcspResponse::from_der(response.bytes.unwrap().response.as_bytes()).unwrap()
}

/// The same answer with nextUpdate moved, signature kept.
fn spoilt(answer: &[u8]) -> Vec<u8> {
    let mut basic = basic(answer);
    let mut data = read(answer);
    data.responses[0].next_update = None;
    basic.tbs = der::asn1::Any::from_der(&data.to_der().unwrap()).unwrap();
    OcspResponse::successful(&basic).unwrap().to_der().unwrap()
}

#[test]
fn without_a_valid_responder_certificate_the_answer_is_try_later() {
    in_own_process(|dir| async move {
        let (house, issued) = signed_house(&dir).await;
        house.clock.advance(Duration::from_secs(46 * 86_400));
        let (_, _, answer) = post(&house, "qsig", question(&issued, |_| {})).await;
        assert_eq!(status(&answer), ResponseStatus::TryLater);
        house.service.renew_own_keys().await.unwrap();
        let (_, _, answer) = post(&house, "qsig", question(&issued, |_| {})).await;
        assert_eq!(status(&answer), ResponseStatus::Successful);
    });
}

#[test]
fn answers_carry_a_request_id_and_refusals_before_the_protocol_are_problems() {
    in_own_process(|dir| async move {
        let (house, issued) = signed_house(&dir).await;
        let (status, headers, body) = post(&house, "qsig", question(&issued, |_| {})).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["x-request-id"].len(), 32);
        assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
        assert_eq!(headers[header::CONTENT_TYPE], "application/ocsp-response");
        assert!(!body.is_empty());
        // Malformed for the protocol: answered in the protocol's own form.
        let (status, headers, body) = post(&house, "qsig", b"not a request".to_vec()).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers[header::CONTENT_TYPE], "application/ocsp-response");
        assert_eq!(
            OcspResponse::from_der(&body).unwrap().status,
            ResponseStatus::MalformedRequest
        );
        let (status, headers, _) = post(&house, "qsig", vec![0; 17 * 1024]).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        let page = Request::builder()
            .uri("/language")
            .header(header::ACCEPT, "text/html")
            .body(Body::empty())
            .unwrap();
        let (status, headers, _) = send(&house, page).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert!(!headers.contains_key(header::SET_COOKIE));
    });
}
