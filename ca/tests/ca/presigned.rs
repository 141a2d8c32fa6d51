//! Status answers signed in advance: told without the HSM, never against the history, never outside their time.

mod replicas;
mod unusual;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::{Decode, Encode};
use openssl::hash::MessageDigest;
use signum_ca::{Config, Deps, Service, Unissued};
use signum_core::contract::{CertificateAuthority, IssuedCertificate, LeafProfile};
use signum_core::{Clock, Cx, ManualClock, Timestamp, params};
use signum_hsm_shim::token::{PinSource, TokenConfig};
use signum_hsm_shim::workers::{Workers, WorkersConfig};
use signum_pki::ocsp::response::{ResponseData, ResponseStatus, Status};
use signum_pki::{CertStatus, OcspError, oid, verify_ocsp};

use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;
use crate::ocsp::{question, read, send_to, status, with_nonce};

const HOUR: Duration = Duration::from_secs(3_600);

async fn issued(house: &House, number: u8) -> IssuedCertificate {
    let asked = request(number, LeafProfile::CitizenSignature, pkcs10(&key()));
    house.service.issue(asked).await.unwrap()
}

/// As `openssl ocsp` asks: SHA-1 or SHA-256 with parameters NULL, no nonce.
pub fn plain(issued: &IssuedCertificate, digest: MessageDigest) -> Vec<u8> {
    let issuer = openssl::x509::X509::from_der(&issued.chain[0]).unwrap();
    let subject = openssl::x509::X509::from_der(&issued.certificate).unwrap();
    let id = openssl::ocsp::OcspCertId::from_cert(digest, &subject, &issuer).unwrap();
    let mut asked = openssl::ocsp::OcspRequest::new().unwrap();
    asked.add_id(id).unwrap();
    asked.to_der().unwrap()
}

fn get_request(der: &[u8]) -> axum::http::request::Builder {
    let encoded = STANDARD.encode(der).replace('+', "%2B").replace('/', "%2F");
    Request::builder().uri(format!("/ocsp/qsig/{encoded}"))
}

pub async fn get(service: &Arc<Service>, der: &[u8]) -> Vec<u8> {
    let request = get_request(der).body(Body::empty()).unwrap();
    send_to(service, request).await.2
}

/// `service` seen by a machine whose clock is another one.
fn replica(house: &House, config: Config, clock: &Arc<ManualClock>) -> Arc<Service> {
    let cx = Cx {
        clock: clock.clone(),
        ..house.cx.clone()
    };
    house::service(config, &cx, &house.token)
}

fn is_timely(answer: &[u8], now: Timestamp) -> bool {
    let data: ResponseData = read(answer);
    data.responses.iter().all(|one| {
        let from = one.this_update.to_unix_duration().as_secs();
        let until = one.next_update.unwrap().to_unix_duration().as_secs();
        let now = u64::try_from(now.seconds()).unwrap();
        from <= now && now < until
    })
}

async fn stored(house: &House) -> usize {
    house
        .cx
        .db
        .all("SELECT serial FROM ocsp_answer", vec![])
        .await
        .unwrap()
        .len()
}

/// A token of its own behind a worker process, as a service has it.
async fn workers(dir: &Path) -> Arc<Workers> {
    let executable = std::env::current_exe().unwrap();
    let worker = executable.ancestors().find_map(|folder| {
        let worker = folder.join("signum-hsm-worker");
        worker.exists().then_some(worker)
    });
    let token = TokenConfig {
        module: PathBuf::from("/usr/lib/softhsm/libsofthsm2.so"),
        token: "signum-ca".to_owned(),
        pin: PinSource::File(dir.join("user.pin")),
        sessions: 1,
    };
    let env = [("SOFTHSM2_CONF".to_owned(), std::env::var("SOFTHSM2_CONF").unwrap())];
    let worker = worker.expect("signum-hsm-worker is built: cargo build -p signum-hsm-shim");
    let config = WorkersConfig::new(&worker, &env, token, &dir.join("run"));
    Arc::new(Workers::start(config).await.unwrap())
}

#[test]
fn statuses_are_served_for_an_hour_and_more_after_the_hsms_process_was_killed() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (good, revoked) = (issued(&house, 1).await, issued(&house, 2).await);
        house.service.revoke(&serial(&revoked.certificate), 4).await.unwrap();
        let workers = workers(&dir).await;
        let deps = Deps {
            cx: house.cx.clone(),
            hsm: workers.clone(),
        };
        let service = Service::new(config(), deps).unwrap();
        // Two leaves, the time-stamping unit.
        assert_eq!(service.presign_due().await.unwrap(), 3);
        for id in workers.process_ids() {
            let killed = std::process::Command::new("kill")
                .args(["-9", &id.to_string()])
                .status();
            assert!(killed.unwrap().success());
        }
        workers.stop().await;
        for _ in 0..5 {
            house.clock.advance(HOUR);
            let now = house.now().seconds();
            for (certificate, digest, expected) in [
                (&good, MessageDigest::sha1(), CertStatus::Good),
                (&good, MessageDigest::sha256(), CertStatus::Good),
                (
                    &revoked,
                    MessageDigest::sha1(),
                    CertStatus::Revoked {
                        at: now - now % 3600,
                        reason: 4,
                    },
                ),
            ] {
                let answer = get(&service, &plain(certificate, digest)).await;
                let found = verify_ocsp(&answer, &certificate.certificate, &certificate.chain[0], now, 86_400);
                match (found, expected) {
                    (Ok(CertStatus::Revoked { reason, .. }), CertStatus::Revoked { reason: wanted, .. }) => {
                        assert_eq!(reason, wanted);
                    }
                    (found, expected) => assert_eq!(found, Ok(expected)),
                }
            }
            // Our own requests leave the parameters out: the same CertID to everybody who reads RFC 5754.
            let answer = get(&service, &question(&good, |_| {})).await;
            assert!(verify_ocsp(&answer, &good.certificate, &good.chain[0], now, 86_400).is_ok());
            let nonce = get(&service, &question(&good, with_nonce(&[7; 16]))).await;
            assert_eq!(status(&nonce), ResponseStatus::TryLater);
        }
    });
}

#[test]
fn a_client_that_has_the_answer_is_told_so() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let one = issued(&house, 1).await;
        house.service.presign_due().await.unwrap();
        let asked = plain(&one, MessageDigest::sha1());
        let (code, headers, body) = send_to(&house.service, get_request(&asked).body(Body::empty()).unwrap()).await;
        assert_eq!(code, StatusCode::OK);
        let tag = headers[header::ETAG].clone();
        assert!(headers.contains_key(header::LAST_MODIFIED));
        let again = |tag: header::HeaderValue| {
            get_request(&asked)
                .header(header::IF_NONE_MATCH, tag)
                .body(Body::empty())
                .unwrap()
        };
        let (code, headers, empty) = send_to(&house.service, again(tag.clone())).await;
        assert_eq!((code, empty.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(headers[header::ETAG], tag);
        assert_eq!(
            headers[header::CACHE_CONTROL],
            "max-age=60, public, no-transform, must-revalidate"
        );
        house.service.suspend(&serial(&one.certificate)).await.unwrap();
        house.clock.advance(Duration::from_secs(2));
        let (code, _, other) = send_to(&house.service, again(tag)).await;
        assert_eq!(code, StatusCode::OK);
        assert_ne!(other, body);
    });
}

#[test]
fn the_job_signs_what_is_due_once_long_before_it_ends_and_leaves_out_what_has_no_status_address() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        for number in 1..=40 {
            issued(&house, number).await;
        }
        assert_eq!(house.service.presign_due().await.unwrap(), 41);
        assert_eq!(house.service.presign_due().await.unwrap(), 0);
        // Another replica finds nothing missing either.
        let other = replica(&house, config(), &house.clock);
        assert_eq!(other.presign_due().await.unwrap(), 0);
        house.clock.advance(4 * HOUR);
        assert_eq!(other.presign_due().await.unwrap(), 0);
        house.clock.advance(2 * HOUR);
        assert_eq!(other.presign_due().await.unwrap(), 41);
        assert_eq!(stored(&house).await, 41);
        issued(&house, 41).await;
        assert_eq!(house.service.presign_due().await.unwrap(), 1);
        // Beyond every certificate's end, in their responder's renewed hands: no row is kept.
        house.clock.advance(Duration::from_secs(1_100 * 86_400));
        house.service.renew_own_keys().await.unwrap();
        house.service.presign_due().await.unwrap();
        // The units of time stamping alone live on.
        assert_eq!(stored(&house).await, 2);
    });
}

#[test]
fn answers_of_a_revoked_responder_are_told_no_more_and_it_gets_a_successor() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let one = issued(&house, 1).await;
        house.service.presign_due().await.unwrap();
        let asked = plain(&one, MessageDigest::sha1());
        let answer = get(&house.service, &asked).await;
        assert!(verify_ocsp(&answer, &one.certificate, &one.chain[0], house.now().seconds(), 60).is_ok());
        let transcript = house.service.ceremony().await.unwrap();
        let responder = serial(transcript.certificate("ocsp-qsig").unwrap());
        house.service.revoke(&responder, 1).await.unwrap();
        house.clock.advance(Duration::from_secs(2));
        let answer = get(&house.service, &asked).await;
        assert_eq!(status(&answer), ResponseStatus::TryLater);
        assert_eq!(
            verify_ocsp(&answer, &one.certificate, &one.chain[0], house.now().seconds(), 60),
            Err(OcspError::NoAnswer)
        );
        // Its successor is made at once, not when it would have ended.
        house.service.renew_own_keys().await.unwrap();
        let answer = get(&house.service, &asked).await;
        assert!(verify_ocsp(&answer, &one.certificate, &one.chain[0], house.now().seconds(), 60).is_ok());
    });
}
