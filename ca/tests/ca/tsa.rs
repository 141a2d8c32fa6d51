//! Time stamps.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use der::asn1::{Any, BitString, OctetString};
use der::{Decode, Encode};
use sha2::{Digest, Sha256};
use signum_ca::{ClockCheck, ClockQuality, ClockSource, Config, Deps, Service, overview};
use signum_core::Timestamp;
use signum_core::contract::{CertificateAuthority, TimeStamping};
use signum_hsm_shim::local::Local;
use signum_pki::tsp::request::TimeStampReq;
use signum_pki::tsp::response::TimeStampResp;
use signum_pki::tsp::verify::token_of;
use signum_pki::{TimeStampError, oid, verify_time_stamp};
use x509_cert::ext::Extension;

use crate::house::{self, House, config, in_own_process};
use crate::ocsp::send;

fn digest() -> [u8; 32] {
    Sha256::digest(b"a document").into()
}

fn query(change: impl FnOnce(&mut TimeStampReq)) -> Vec<u8> {
    let der = signum_pki::tsp_request(&digest(), &[0x80; 16]).unwrap();
    let mut request = TimeStampReq::from_der(&der).unwrap();
    change(&mut request);
    request.to_der().unwrap()
}

async fn root(house: &House) -> Vec<u8> {
    house
        .service
        .ceremony()
        .await
        .unwrap()
        .certificate("root")
        .unwrap()
        .to_vec()
}

/// The number of the one failure bit that is set.
fn failure(response: &[u8]) -> usize {
    let status = TimeStampResp::from_der(response).unwrap().status;
    assert_eq!(status.status, 2);
    let bits: BitString = status.fail_info.unwrap();
    let set: Vec<usize> = bits
        .bits()
        .enumerate()
        .filter_map(|(index, bit)| bit.then_some(index))
        .collect();
    assert_eq!(set.len(), 1);
    set[0]
}

#[test]
fn a_stamp_says_when_and_over_what_and_verifies() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        house.clock.set(Timestamp::from_seconds(house.now().seconds()));
        house.clock.advance(Duration::from_millis(250));
        let token = token_of(&house.service.time_stamp(&query(|_| {})).await.unwrap()).unwrap();
        let fraction = token
            .windows(5)
            .position(|w| w == b"0.25Z" || (w[0].is_ascii_digit() && w[1..] == *b".25Z"));
        assert!(fraction.is_some());
        let roots = [root(&house).await];
        let stamp = verify_time_stamp(&token, &digest(), &[], &roots).unwrap();
        assert_eq!(stamp.gen_time, house.now().seconds());
        assert_eq!(stamp.policy, oid::BTSP);
        assert_eq!(stamp.serial.len(), 17);
        assert_eq!(stamp.nonce.unwrap(), [&[0u8], [0x80; 16].as_slice()].concat());
        let other: [u8; 32] = Sha256::digest(b"another document").into();
        assert_eq!(
            verify_time_stamp(&token, &other, &[], &roots),
            Err(TimeStampError::OtherData)
        );
        let elsewhere = house
            .service
            .ceremony()
            .await
            .unwrap()
            .certificate("qsig")
            .unwrap()
            .to_vec();
        assert!(matches!(
            verify_time_stamp(&token, &digest(), &[], &[elsewhere]),
            Err(TimeStampError::Certificate(_))
        ));
        assert_eq!(house.audited("time_stamp.issued").await, 1);
    });
}

#[test]
fn a_changed_stamp_does_not_verify() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let roots = [root(&house).await];
        let token = token_of(&house.service.time_stamp(&query(|_| {})).await.unwrap()).unwrap();
        // A digit of the hour within genTime: it is cheap to shift, so a forger would.
        let is_time = |w: &[u8]| w[0] == 0x18 && (15..=19).contains(&w[1]) && w[2..4] == *b"20";
        let place = token.windows(4).position(is_time).unwrap() + 2 + 9;
        let mut forged = token.clone();
        forged[place] = if forged[place] == b'0' { b'1' } else { b'0' };
        assert!(verify_time_stamp(&forged, &digest(), &[], &roots).is_err());
        let mut forged = token;
        *forged.last_mut().unwrap() ^= 1;
        assert_eq!(
            verify_time_stamp(&forged, &digest(), &[], &roots),
            Err(TimeStampError::Signature)
        );
    });
}

/// A clock whose quality the test sets.
struct Judge(Mutex<ClockQuality>);

#[async_trait::async_trait]
impl ClockCheck for Judge {
    async fn quality(&self) -> ClockQuality {
        self.0.lock().unwrap().clone()
    }
}

#[test]
fn a_clock_that_is_off_or_unsynchronised_stamps_nothing() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let judge = Arc::new(Judge(Mutex::new(ClockQuality::Within(Duration::from_millis(3)))));
        let deps = Deps {
            cx: house.cx.clone(),
            hsm: Arc::new(Local::new(Arc::clone(&house.token))),
        };
        let service = Service::with_clock_check(config(), deps, judge.clone()).unwrap();
        let second = Duration::from_secs(1);
        let steps = [
            (ClockQuality::Within(second), true),
            (ClockQuality::Within(second + Duration::from_millis(1)), false),
            (ClockQuality::Within(Duration::from_millis(3)), true),
            (ClockQuality::Unknown("not synchronised".to_owned()), false),
            (ClockQuality::Within(Duration::ZERO), true),
        ];
        for (quality, stamps) in steps {
            *judge.0.lock().unwrap() = quality;
            let reply = service.time_stamp(&query(|_| {})).await.unwrap();
            assert_eq!(token_of(&reply).is_ok(), stamps);
            if !stamps {
                assert_eq!(failure(&reply), 14);
                assert!(TimeStampResp::from_der(&reply).unwrap().token.is_none());
            }
        }
        assert_eq!(house.audited("time_stamp.issued").await, 3);
        assert_eq!(house.audited("time_stamp.rejected").await, 2);
    });
}

#[test]
fn a_clock_that_goes_wrong_where_nothing_is_stamped_is_seen_and_its_loss_recorded_once() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let judge = Arc::new(Judge(Mutex::new(ClockQuality::Within(Duration::from_millis(3)))));
        let deps = Deps {
            cx: house.cx.clone(),
            hsm: Arc::new(Local::new(Arc::clone(&house.token))),
        };
        let checked = Config {
            clock: ClockSource::Chrony,
            ..config()
        };
        let service = Service::with_clock_check(checked, deps, judge.clone()).unwrap();
        let seen = async || {
            service.look_at_clock().await.unwrap();
            let mut clocks = overview(&house.cx).await.unwrap().clocks;
            assert_eq!(clocks.len(), 1, "one replica, one row");
            clocks.pop().unwrap()
        };
        let good = seen().await;
        assert_eq!((good.off, good.problem), (Some(Duration::from_millis(3)), None));
        assert!(good.is_checked && good.at == house.now());
        let lost_at = house.now();
        let wrong = [
            ClockQuality::Unknown("not synchronised".to_owned()),
            ClockQuality::Within(Duration::from_millis(1001)),
            ClockQuality::Within(Duration::MAX),
        ];
        for (quality, said) in wrong.into_iter().zip(["not synchronised", "1001 ms", "be off by"]) {
            *judge.0.lock().unwrap() = quality;
            let (problem, since) = seen().await.problem.unwrap();
            assert!(problem.contains(said) && since == lost_at, "{problem}");
            house.clock.advance(Duration::from_secs(60));
        }
        assert_eq!(house.audited("clock.lost").await, 1);
        *judge.0.lock().unwrap() = ClockQuality::Within(Duration::ZERO);
        assert_eq!(seen().await.problem, None);
        assert_eq!(house.audited("clock.regained").await, 1);
        // A replica that ends in order is not missed; of one that does not, the last look stays for two days.
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        drop(stop);
        let stopped = async { stopped.await.unwrap_or_default() };
        Arc::clone(&service).watch_clock(stopped).await;
        assert_eq!(overview(&house.cx).await.unwrap().clocks, []);
    });
}

#[test]
fn a_ca_that_is_no_test_does_not_start_with_an_unchecked_clock() {
    in_own_process(|_| async move {
        let real = Config {
            name_prefix: "Signum".to_owned(),
            ..config()
        };
        let checked = Config {
            clock: ClockSource::Chrony,
            tls_domains: vec![],
            ..real.clone()
        };
        assert!(checked.check().is_ok());
        let unchecked = Config {
            tls_domains: vec![],
            ..real
        };
        assert_eq!(unchecked.check().unwrap_err().field, "clock");
    });
}

#[test]
fn stamps_made_at_once_have_serials_of_their_own_and_are_all_recorded() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let roots = [root(&house).await];
        let stamping = (0..300).map(|_| {
            let service = Arc::clone(&house.service);
            tokio::spawn(async move { service.time_stamp(&query(|_| {})).await.unwrap() })
        });
        let mut serials = BTreeSet::new();
        for reply in stamping.collect::<Vec<_>>() {
            let token = token_of(&reply.await.unwrap()).unwrap();
            let stamp = verify_time_stamp(&token, &digest(), &[], &roots).unwrap();
            serials.insert((hex::encode(stamp.serial), hex::encode(Sha256::digest(&token))));
        }
        assert_eq!(serials.len(), 300);
        let events = house
            .cx
            .db
            .all(
                "SELECT detail FROM audit_event WHERE kind = 'time_stamp.issued'",
                vec![],
            )
            .await
            .unwrap();
        let mut recorded = BTreeSet::new();
        for event in &events {
            let detail: serde_json::Value = serde_json::from_str(&event.get::<String>("detail").unwrap()).unwrap();
            for stamp in detail["stamps"].as_array().unwrap() {
                let text = |name: &str| stamp[name].as_str().unwrap().to_owned();
                recorded.insert((text("serial"), text("token_sha256")));
            }
        }
        assert_eq!(recorded, serials);
        assert!(events.len() < 300, "{}", events.len());
    });
}

#[test]
fn a_revoked_unit_stamps_no_more() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        assert!(token_of(&house.service.time_stamp(&query(|_| {})).await.unwrap()).is_ok());
        let transcript = house.service.ceremony().await.unwrap();
        let unit = crate::issuance::serial(transcript.certificate("tsu").unwrap());
        house.service.revoke(&unit, 1).await.unwrap();
        house.clock.advance(Duration::from_secs(5));
        assert_eq!(failure(&house.service.time_stamp(&query(|_| {})).await.unwrap()), 14);
    });
}

#[test]
fn certificates_come_only_when_asked_for() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let with = house.service.time_stamp(&query(|_| {})).await.unwrap();
        let without = house.service.time_stamp(&query(|r| r.cert_req = false)).await.unwrap();
        assert!(without.len() + 1000 < with.len());
        let token = token_of(&without).unwrap();
        assert!(matches!(
            verify_time_stamp(&token, &digest(), &[], &[root(&house).await]),
            Err(TimeStampError::Certificate(_))
        ));
    });
}

#[test]
fn longer_digests_are_stamped_and_unfit_requests_get_their_failure() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        for (algorithm, length) in [(oid::SHA384, 48), (oid::SHA512, 64)] {
            let der = query(|r| {
                r.message_imprint.hash_algorithm.oid = algorithm;
                r.message_imprint.hashed_message = OctetString::new(vec![7; length]).unwrap();
            });
            assert!(token_of(&house.service.time_stamp(&der).await.unwrap()).is_ok());
        }
        let extension = Extension {
            extn_id: oid::OCSP_NONCE,
            critical: false,
            extn_value: OctetString::new([5, 0]).unwrap(),
        };
        let unfit = [
            (vec![0x30, 0x00], 5),
            (query(|r| r.version = 2), 2),
            (query(|r| r.message_imprint.hash_algorithm.oid = oid::SHA1), 0),
            (
                query(|r| r.message_imprint.hashed_message = OctetString::new([7; 20]).unwrap()),
                5,
            ),
            (query(|r| r.policy = Some(oid::NCP_PLUS)), 15),
            (query(|r| r.extensions = Some(vec![extension])), 16),
        ];
        for (der, expected) in &unfit {
            assert_eq!(failure(&house.service.time_stamp(der).await.unwrap()), *expected);
        }
        assert_eq!(house.audited("time_stamp.rejected").await, unfit.len());
    });
}

#[test]
fn after_its_year_a_unit_stamps_no_more() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        house.clock.advance(Duration::from_secs(366 * 86_400));
        assert_eq!(failure(&house.service.time_stamp(&query(|_| {})).await.unwrap()), 14);
        house.service.renew_own_keys().await.unwrap();
        assert!(token_of(&house.service.time_stamp(&query(|_| {})).await.unwrap()).is_ok());
    });
}

#[test]
fn the_address_wants_its_media_type() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let ask = |kind: &str| {
            let builder = Request::builder()
                .method(Method::POST)
                .uri("/tsa")
                .header(header::CONTENT_TYPE, kind);
            builder.body(Body::from(query(|_| {}))).unwrap()
        };
        let (code, headers, body) = send(&house, ask("application/timestamp-query")).await;
        assert_eq!(code, StatusCode::OK);
        assert_eq!(headers[header::CONTENT_TYPE], "application/timestamp-reply");
        assert!(Any::from_der(&body).is_ok());
        let (code, _, _) = send(&house, ask("application/json")).await;
        assert_eq!(code, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    });
}
