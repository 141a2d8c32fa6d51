//! Time stamps.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use der::asn1::{Any, BitString, OctetString};
use der::{Decode, Encode};
use sha2::{Digest, Sha256};
use signum_core::contract::TimeStamping;
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
        let token = token_of(&house.service.time_stamp(&query(|_| {})).await.unwrap()).unwrap();
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
        // The year's last digit within genTime: an hour is cheap to shift, so a forger would.
        let place = token.windows(2).position(|w| w == [0x18, 15]).unwrap() + 2 + 9;
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
