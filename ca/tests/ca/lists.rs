//! Revocation lists over their life: numbers, long ones, expired certificates, the last one.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use der::{Decode, Encode};
use signum_ca::{Algorithms, CrlError, Role};
use signum_core::contract::{CertificateAuthority, LeafProfile};
use signum_core::params;
use signum_pki::oid;
use x509_cert::crl::CertificateList;
use x509_cert::time::Time;

use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;
use crate::ocsp::send;

const DAY: Duration = Duration::from_secs(86_400);
const PUBLISHES: usize = 1_000;

async fn list(house: &House, path: &str) -> (header::HeaderMap, CertificateList) {
    let (code, headers, der) = send(house, Request::builder().uri(path).body(Body::empty()).unwrap()).await;
    assert_eq!(code, StatusCode::OK, "{path}");
    assert_eq!(headers[header::CONTENT_LENGTH], der.len().to_string());
    (headers, CertificateList::from_der(&der).unwrap())
}

fn entries(list: &CertificateList) -> usize {
    list.tbs_cert_list.revoked_certificates.as_ref().map_or(0, Vec::len)
}

async fn issued(house: &House, number: u8, profile: LeafProfile) -> Vec<u8> {
    let asked = request(number, profile, pkcs10(&key()));
    serial(&house.service.issue(asked).await.unwrap().certificate)
}

/// As if that many more citizens' certificates had been issued, and revoked for changing reasons.
pub async fn revoke_many(house: &House, count: u32) {
    let (model, now) = (&issued(house, 250, LeafProfile::CitizenSignature).await, house.now());
    house
        .cx
        .db
        .run("test", |tx| async move {
            for number in 0..count {
                let serial = [&[1u8; 13][..], &number.to_be_bytes()].concat();
                tx.exec(
                    "INSERT INTO certificate (issuer, serial, profile, shard, idempotency_key, fingerprint, spki_sha256, tbs,
                         tbs_sha256, not_before, not_after, reserved_at, certificate, issued_at)
                     SELECT issuer, $1, profile, shard, $1, fingerprint, spki_sha256, tbs_sha256, tbs_sha256, not_before,
                         not_after, reserved_at, tbs_sha256, issued_at FROM certificate WHERE issuer = 'qsig' AND serial = $2",
                    params![serial.clone(), model],
                )
                .await?;
                let reason = [0, 1, 3, 4, 5, 9][number as usize % 6];
                tx.exec(
                    "INSERT INTO certificate_status (issuer, serial, sequence, state, reason, at)
                     VALUES ('qsig', $1, 1, 'revoked', $2, $3)",
                    params![serial, reason, now],
                )
                .await?;
            }
            Ok::<_, signum_core::DbError>(())
        })
        .await
        .unwrap();
}

#[test]
fn two_replicas_that_publish_a_thousand_times_each_give_every_number_once_and_never_say_less() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let mut serials = Vec::new();
        for number in 1..=8 {
            serials.push(issued(&house, number, LeafProfile::CitizenSignature).await);
        }
        let qsig = Role::Qsig.of(Algorithms::Ec);
        let replicas: Vec<_> = (0..2)
            .map(|_| house::service(config(), &house.cx, &house.token))
            .collect();
        let publishing = replicas.into_iter().map(|service| {
            tokio::spawn(async move {
                let mut numbers = Vec::with_capacity(PUBLISHES);
                for _ in 0..PUBLISHES {
                    numbers.push(service.publish_crl(qsig, 0).await.unwrap());
                }
                numbers
            })
        });
        let publishing: Vec<_> = publishing.collect();
        for serial in serials {
            house.service.revoke(&serial, 4).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut all = Vec::new();
        for one in publishing {
            let numbers = one.await.unwrap();
            assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
            all.extend(numbers);
        }
        all.sort_unstable();
        // The ceremony's was the first; a number whose transaction lost a race is taken back with it.
        assert_eq!(all, (2..=2 * i64::try_from(PUBLISHES).unwrap() + 1).collect::<Vec<_>>());
        let published = house
            .cx
            .db
            .all(
                "SELECT detail FROM audit_event WHERE kind = 'crl.published' AND subject = 'qsig/0'",
                vec![],
            )
            .await
            .unwrap();
        let mut told: Vec<(u64, u64)> = published
            .iter()
            .map(|row| {
                let detail: serde_json::Value = serde_json::from_str(&row.get::<String>("detail").unwrap()).unwrap();
                (detail["number"].as_u64().unwrap(), detail["entries"].as_u64().unwrap())
            })
            .collect();
        told.sort_unstable();
        assert_eq!(told.len(), 2 * PUBLISHES + 1);
        assert!(told.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        // Lists that were replaced long ago are gone, all their parts with them.
        for (table, most) in [
            ("SELECT number FROM crl WHERE issuer = 'qsig'", 5),
            ("SELECT number FROM crl_part WHERE issuer = 'qsig'", 5),
        ] {
            assert!(house.cx.db.all(table, vec![]).await.unwrap().len() <= most);
        }
    });
}

#[test]
fn a_long_list_comes_in_parts_whole_sorted_and_verifiable() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        revoke_many(&house, 25_000).await;
        house.service.publish_due_crls().await.unwrap();
        let parts = house
            .cx
            .db
            .all(
                "SELECT place FROM crl_part WHERE issuer = 'qsig' AND number = 2",
                vec![],
            )
            .await;
        assert_eq!(parts.unwrap().len(), 2);
        let (_, list) = list(&house, "/crl/qsig/0.crl").await;
        let revoked = list.tbs_cert_list.revoked_certificates.as_ref().unwrap();
        assert_eq!(revoked.len(), 25_000);
        let serials = revoked.iter().map(|entry| entry.serial_number.as_bytes());
        assert!(serials.is_sorted_by(|a, b| a < b));
        let told = revoked
            .iter()
            .filter(|entry| entry.crl_entry_extensions.is_some())
            .count();
        assert_eq!(told, 25_000 - 25_000_usize.div_ceil(6));
        let transcript = house.service.ceremony().await.unwrap();
        let issuer = openssl::x509::X509::from_der(transcript.certificate("qsig").unwrap()).unwrap();
        let parsed = openssl::x509::X509Crl::from_der(&list.to_der().unwrap()).unwrap();
        assert!(parsed.verify(&issuer.public_key().unwrap()).unwrap());
    });
}

#[test]
fn an_expired_log_in_certificate_leaves_after_one_more_list_and_a_qualified_one_never() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let log_in = issued(&house, 1, LeafProfile::CitizenAuthentication).await;
        let signature = issued(&house, 2, LeafProfile::CitizenSignature).await;
        house.service.revoke(&log_in, 4).await.unwrap();
        house.service.revoke(&signature, 4).await.unwrap();
        house.service.publish_due_crls().await.unwrap();
        let of = async |ca: &str| entries(&list(&house, &format!("/crl/{ca}/0.crl")).await.1);
        assert_eq!((of("auth").await, of("qsig").await), (1, 1));
        house.clock.advance(1_900 * DAY);
        // The first list beyond its end still has it, the next one has not.
        house.service.publish_due_crls().await.unwrap();
        assert_eq!((of("auth").await, of("qsig").await), (1, 1));
        house.clock.advance(DAY);
        house.service.publish_due_crls().await.unwrap();
        assert_eq!((of("auth").await, of("qsig").await), (0, 1));
        let (_, auth) = list(&house, "/crl/auth/0.crl").await;
        assert!(auth.tbs_cert_list.revoked_certificates.is_none());
        let since = |list: &CertificateList| {
            let extensions = list.tbs_cert_list.crl_extensions.as_ref().unwrap();
            let found = extensions.iter().find(|e| e.extn_id == oid::EXPIRED_CERTS_ON_CRL);
            found.map(|e| der::asn1::GeneralizedTime::from_der(e.extn_value.as_bytes()).unwrap())
        };
        assert!(since(&auth).is_none());
        let (_, qsig) = list(&house, "/crl/qsig/0.crl").await;
        let (_, _, issuer) = send(
            &house,
            Request::builder().uri("/ca/qsig.cer").body(Body::empty()).unwrap(),
        )
        .await;
        let (begun, _) = signum_pki::certificate::validity_seconds(&x509_cert::Certificate::from_der(&issuer).unwrap());
        let seconds = since(&qsig).unwrap().to_unix_duration().as_secs();
        assert_eq!(i64::try_from(seconds).unwrap(), begun);
    });
}

#[test]
fn the_last_list_has_no_end_and_waits_for_every_certificate() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let seal = Role::Seal.of(Algorithms::Ec);
        // The responder's certificate is one as well.
        assert!(matches!(
            house.service.publish_last_crls(seal).await,
            Err(CrlError::StillValid(1))
        ));
        let transcript = house.service.ceremony().await.unwrap();
        let responder = serial(transcript.certificate("ocsp-seal").unwrap());
        house.service.revoke(&responder, 5).await.unwrap();
        assert_eq!(house.service.publish_last_crls(seal).await.unwrap(), 1);
        let (_, last) = list(&house, "/crl/seal/0.crl").await;
        let Some(Time::GeneralTime(end)) = last.tbs_cert_list.next_update else {
            panic!("{last:?}")
        };
        assert_eq!(end.to_der().unwrap()[2..], *b"99991231235959Z");
        assert_eq!(entries(&last), 1);
        assert_eq!(house.audited("crl.last_published").await, 1);
        // No further one, whoever asks.
        house.clock.advance(30 * DAY);
        let own = house.service.renew_own_keys().await.unwrap();
        assert!(
            own.iter().all(|step| step.holder != "ocsp-seal"),
            "an ended authority certifies nobody"
        );
        house.service.publish_due_crls().await.unwrap();
        assert_eq!(list(&house, "/crl/seal/0.crl").await.1, last);
        assert!(matches!(
            house.service.publish_crl(seal, 0).await,
            Err(CrlError::NoPart(..))
        ));
        assert_eq!(house.service.publish_last_crls(seal).await.unwrap(), 0);
    });
}

#[test]
fn a_client_that_has_the_list_is_told_so_and_gets_the_next_one() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (headers, _) = list(&house, "/crl/qsig/0.crl").await;
        let tag = headers[header::ETAG].clone();
        let again = || {
            Request::builder()
                .uri("/crl/qsig/0.crl")
                .header(header::IF_NONE_MATCH, &tag)
        };
        let (code, headers, body) = send(&house, again().body(Body::empty()).unwrap()).await;
        assert_eq!((code, body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(headers[header::ETAG], tag);
        house.clock.advance(DAY / 2);
        house.service.publish_due_crls().await.unwrap();
        let (code, _, _) = send(&house, again().body(Body::empty()).unwrap()).await;
        assert_eq!(code, StatusCode::OK);
    });
}
