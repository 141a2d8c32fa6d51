//! Status answers signed in advance: told without the HSM, never against the history, never outside their time.

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
fn a_change_is_told_within_two_seconds_on_every_replica_although_the_hsm_is_away() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let one = issued(&house, 1).await;
        house.service.presign_due().await.unwrap();
        let workers = workers(&dir).await;
        let deps = Deps {
            cx: house.cx.clone(),
            hsm: workers.clone(),
        };
        let cut_off = Service::new(config(), deps).unwrap();
        workers.stop().await;
        let other = replica(&house, config(), &house.clock);
        let asked = plain(&one, MessageDigest::sha1());
        for service in [&house.service, &other, &cut_off] {
            let answer = get(service, &asked).await;
            assert!(matches!(read(&answer).responses[0].status, Status::Good(_)));
        }
        house.service.suspend(&serial(&one.certificate)).await.unwrap();
        house.clock.advance(Duration::from_secs(2));
        for service in [&house.service, &other] {
            let answer = get(service, &asked).await;
            assert!(matches!(read(&answer).responses[0].status, Status::Revoked(_)));
        }
        // Without its HSM a replica cannot say what is; it never says what was.
        assert_eq!(status(&get(&cut_off, &asked).await), ResponseStatus::TryLater);
        assert_eq!(house.service.presign_due().await.unwrap(), 1);
        let answer = get(&cut_off, &asked).await;
        assert!(matches!(read(&answer).responses[0].status, Status::Revoked(_)));
    });
}

#[test]
fn on_replicas_whose_clocks_differ_every_answer_holds_by_the_clock_of_the_one_that_tells_it() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let one = issued(&house, 1).await;
        let at = |offset: i64| Arc::new(ManualClock::at(Timestamp(house.now().0 + offset * 1_000_000)));
        let clocks = [at(0), at(-8), at(5)];
        let replicas: Vec<_> = clocks.iter().map(|clock| replica(&house, config(), clock)).collect();
        let asked = [MessageDigest::sha1(), MessageDigest::sha256()].map(|digest| plain(&one, digest));
        let mut from_table = 0;
        // Three lives of an answer, in steps that fall on every side of its ends.
        for step in 0..130u64 {
            let turn = usize::try_from(step).unwrap() % 3;
            replicas[turn].presign_due().await.unwrap();
            for (service, clock) in replicas.iter().zip(&clocks) {
                for request in &asked {
                    let answer = get(service, request).await;
                    assert!(is_timely(&answer, clock.now()), "step {step}");
                    let lives = read(&answer).responses[0]
                        .next_update
                        .unwrap()
                        .to_unix_duration()
                        .as_secs()
                        - read(&answer).responses[0].this_update.to_unix_duration().as_secs();
                    from_table += usize::from(lives > 300);
                }
            }
            let by = Duration::from_secs([1, 1_000, 7, 2_993][usize::try_from(step).unwrap() % 4]);
            clocks.iter().for_each(|clock| clock.advance(by));
        }
        assert!(from_table > 700, "{from_table}");
    });
}

#[test]
fn a_replica_that_lags_tells_a_revocation_as_soon_as_the_others() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let one = issued(&house, 1).await;
        let clock = Arc::new(ManualClock::at(house.now().minus(Duration::from_secs(20))));
        let lagging = replica(&house, config(), &clock);
        let asked = plain(&one, MessageDigest::sha1());
        assert!(matches!(
            read(&get(&lagging, &asked).await).responses[0].status,
            Status::Good(_)
        ));
        house.service.revoke(&serial(&one.certificate), 1).await.unwrap();
        clock.advance(Duration::from_secs(2));
        let answer = get(&lagging, &asked).await;
        assert!(matches!(read(&answer).responses[0].status, Status::Revoked(_)));
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
fn an_expired_certificate_is_answered_with_the_archives_beginning() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (good, revoked) = (issued(&house, 1).await, issued(&house, 2).await);
        house.service.revoke(&serial(&revoked.certificate), 4).await.unwrap();
        house.service.presign_due().await.unwrap();
        house.clock.advance(Duration::from_secs(1_200 * 86_400));
        house.service.renew_own_keys().await.unwrap();
        let issuer = x509_cert::Certificate::from_der(&good.chain[0]).unwrap();
        let (begun, _) = signum_pki::certificate::validity_seconds(&issuer);
        for (certificate, is_good) in [(&good, true), (&revoked, false)] {
            let data = read(&get(&house.service, &plain(certificate, MessageDigest::sha1())).await);
            let single = &data.responses[0];
            assert_eq!(matches!(single.status, Status::Good(_)), is_good);
            let cutoff = single.extensions.as_ref().unwrap();
            let cutoff = cutoff.iter().find(|e| e.extn_id == oid::OCSP_ARCHIVE_CUTOFF).unwrap();
            let since = der::asn1::GeneralizedTime::from_der(cutoff.extn_value.as_bytes()).unwrap();
            assert_eq!(i64::try_from(since.to_unix_duration().as_secs()).unwrap(), begun);
        }
    });
}

#[test]
fn intended_and_abandoned_serial_numbers_are_never_good_whatever_is_configured() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let one = issued(&house, 1).await;
        let strict = Config {
            ocsp_unissued: Unissued::Unauthorized,
            ..config()
        };
        let strict = replica(&house, strict, &house.clock);
        let copy = |serial: [u8; 17], abandoned: Option<i64>| {
            let cx = house.cx.clone();
            async move {
                cx.db
                    .run("test", |tx| async move {
                        tx.exec(
                            "INSERT INTO certificate (issuer, serial, profile, shard, idempotency_key, fingerprint, spki_sha256, tbs,
                                 tbs_sha256, not_before, not_after, reserved_at, abandoned_at)
                             SELECT issuer, $1, profile, shard, $1, fingerprint, spki_sha256, tbs, tbs_sha256, not_before,
                                 not_after, reserved_at, $2 FROM certificate WHERE profile = 'citizen-signature' AND certificate IS NOT NULL",
                            params![serial, abandoned],
                        )
                        .await?;
                        if abandoned.is_some() {
                            tx.exec(
                                "INSERT INTO certificate_status (issuer, serial, sequence, state, reason, at)
                                 VALUES ('qsig', $1, 1, 'revoked', 0, $2)",
                                params![serial, abandoned],
                            )
                            .await?;
                        }
                        Ok::<_, signum_core::DbError>(())
                    })
                    .await
                    .unwrap();
            }
        };
        let (intended, abandoned) = ([1; 17], [2; 17]);
        copy(intended, None).await;
        copy(abandoned, Some(house.now().0)).await;
        assert_eq!(house.service.presign_due().await.unwrap(), 2);
        let ask = |serial: [u8; 17]| {
            question(&one, |r| {
                r.tbs.request_list[0].cert_id.serial_number = der::asn1::Int::new(&serial).unwrap()
            })
        };
        for serial in [intended, abandoned, [3; 17]] {
            let answer = get(&house.service, &ask(serial)).await;
            assert!(matches!(read(&answer).responses[0].status, Status::Revoked(_)));
        }
        assert_eq!(
            status(&get(&strict, &ask(intended)).await),
            ResponseStatus::Unauthorized
        );
        assert_eq!(status(&get(&strict, &ask([3; 17])).await), ResponseStatus::Unauthorized);
        let given_up = get(&strict, &ask(abandoned)).await;
        assert!(matches!(read(&given_up).responses[0].status, Status::Revoked(_)));
    });
}

#[test]
fn ten_certificates_are_answered_at_once() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let mut certificates = Vec::new();
        for number in 1..=10 {
            certificates.push(issued(&house, number).await);
        }
        house
            .service
            .revoke(&serial(&certificates[4].certificate), 1)
            .await
            .unwrap();
        house.service.presign_due().await.unwrap();
        let all = question(&certificates[0], |r| {
            r.tbs.request_list = certificates
                .iter()
                .map(|one| {
                    let request = signum_pki::ocsp::request::OcspRequest::from_der(&question(one, |_| {})).unwrap();
                    request.tbs.request_list[0].clone()
                })
                .collect();
        });
        let data = read(&get(&house.service, &all).await);
        assert_eq!(data.responses.len(), 10);
        for (place, single) in data.responses.iter().enumerate() {
            assert_eq!(matches!(single.status, Status::Good(_)), place != 4);
        }
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

#[test]
fn plain_and_padded_forms_of_one_question_get_answers_that_fit_them() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let one = issued(&house, 1).await;
        house.service.presign_due().await.unwrap();
        // A requestor's name: not the plain form, the same question.
        let named = {
            let mut request =
                <signum_pki::ocsp::request::OcspRequest as der::Decode>::from_der(&plain(&one, MessageDigest::sha1()))
                    .unwrap();
            let name = x509_cert::ext::pkix::name::GeneralName::DirectoryName(x509_cert::name::Name::default());
            request.tbs.requestor_name = Some(name);
            request.to_der().unwrap()
        };
        let (bare, named) = (plain(&one, MessageDigest::sha1()), named);
        assert_eq!(get(&house.service, &bare).await, get(&house.service, &named).await);
        for (length, octet) in [(1, 0), (20, 0x7f), (20, 0xff), (21, 1)] {
            let strange = question(&one, |r| {
                let serial = der::asn1::Int::new(&vec![octet; length]).unwrap();
                r.tbs.request_list[0].cert_id.serial_number = serial;
            });
            assert!(matches!(
                read(&get(&house.service, &strange).await).responses[0].status,
                Status::Revoked(_)
            ));
        }
        // Every one-octet change of a plain request is answered in good order, and only for what it asks.
        for place in 0..bare.len() {
            let mut changed = bare.clone();
            changed[place] ^= 1;
            let answer = get(&house.service, &changed).await;
            if status(&answer) == ResponseStatus::Successful {
                assert!(
                    matches!(read(&answer).responses[0].status, Status::Revoked(_)),
                    "octet {place}"
                );
            }
        }
    });
}
