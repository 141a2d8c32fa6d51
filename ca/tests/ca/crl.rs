//! Revocation lists, and the status changes they tell of.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use der::{Decode, Encode};
use signum_core::contract::{AskedBy, CertificateAuthority, ContractError, LeafProfile, StatusAction, StatusChange};
use signum_core::params;
use signum_pki::oid;
use x509_cert::crl::CertificateList;
use x509_cert::ext::pkix::{CrlNumber, CrlReason};

use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;
use crate::ocsp::{read, send};
use crate::presigned::{get, plain};

async fn fetch(house: &House, path: &str) -> CertificateList {
    let (code, headers, der) = send(house, Request::builder().uri(path).body(Body::empty()).unwrap()).await;
    assert_eq!(code, StatusCode::OK, "{path}");
    assert_eq!(headers[header::CONTENT_TYPE], "application/pkix-crl");
    CertificateList::from_der(&der).unwrap()
}

/// The newest list of an authority as it is served, DER.
pub async fn newest(house: &House, authority: &str) -> Vec<u8> {
    let path = match authority {
        "root" => "/arl/root.crl".to_owned(),
        issuing => format!("/crl/{issuing}/0.crl"),
    };
    send(house, Request::builder().uri(path).body(Body::empty()).unwrap())
        .await
        .2
        .to_vec()
}

fn number(list: &CertificateList) -> Vec<u8> {
    let extensions = list.tbs_cert_list.crl_extensions.as_ref().unwrap();
    let found = extensions.iter().find(|e| e.extn_id == oid::CRL_NUMBER).unwrap();
    CrlNumber::from_der(found.extn_value.as_bytes())
        .unwrap()
        .0
        .as_bytes()
        .to_vec()
}

/// Serial numbers with their reasons.
fn entries(list: &CertificateList) -> Vec<(Vec<u8>, Option<CrlReason>)> {
    let revoked = list.tbs_cert_list.revoked_certificates.iter().flatten();
    revoked
        .map(|entry| {
            let extensions = entry.crl_entry_extensions.iter().flatten();
            let reason = extensions
                .map(|e| CrlReason::from_der(e.extn_value.as_bytes()).unwrap())
                .next();
            (entry.serial_number.as_bytes().to_vec(), reason)
        })
        .collect()
}

async fn issued(house: &House, number: u8) -> Vec<u8> {
    let asked = request(number, LeafProfile::CitizenSignature, pkcs10(&key()));
    serial(&house.service.issue(asked).await.unwrap().certificate)
}

#[test]
fn what_is_revoked_is_on_the_next_list_under_a_higher_number() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (first, second) = (issued(&house, 1).await, issued(&house, 2).await);
        let before = fetch(&house, "/crl/qsig/0.crl").await;
        assert!(before.tbs_cert_list.revoked_certificates.is_none());
        house.service.revoke(&first, 0).await.unwrap();
        house.service.revoke(&second, 1).await.unwrap();
        assert_eq!(house.service.publish_due_crls().await.unwrap(), 1);
        let after = fetch(&house, "/crl/qsig/0.crl").await;
        assert!(number(&after) > number(&before));
        let mut expected = vec![(first, None), (second, Some(CrlReason::KeyCompromise))];
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(entries(&after), expected);
        assert_eq!(
            fetch(&house, "/arl/root.crl").await.tbs_cert_list.revoked_certificates,
            None
        );
    });
}

#[test]
fn suspension_holds_reinstatement_frees_and_revocation_keeps_the_first_date() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let serial = issued(&house, 1).await;
        house.service.suspend(&serial).await.unwrap();
        house.service.publish_due_crls().await.unwrap();
        let held = fetch(&house, "/crl/qsig/0.crl").await;
        assert_eq!(entries(&held), [(serial.clone(), Some(CrlReason::CertificateHold))]);
        house.clock.advance(Duration::from_secs(60));
        house.service.reinstate(&serial).await.unwrap();
        house.service.publish_due_crls().await.unwrap();
        assert!(entries(&fetch(&house, "/crl/qsig/0.crl").await).is_empty());
        house.clock.advance(Duration::from_secs(60));
        house.service.suspend(&serial).await.unwrap();
        let suspended_at = house.now().seconds();
        house.clock.advance(Duration::from_secs(60));
        house.service.revoke(&serial, 4).await.unwrap();
        house.service.publish_due_crls().await.unwrap();
        let list = fetch(&house, "/crl/qsig/0.crl").await;
        let date = list.tbs_cert_list.revoked_certificates.unwrap()[0]
            .revocation_date
            .to_unix_duration()
            .as_secs();
        assert_eq!(i64::try_from(date).unwrap(), suspended_at);
    });
}

#[test]
fn revoking_twice_changes_nothing_and_what_was_never_issued_is_not_found() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let serial = issued(&house, 1).await;
        house.service.revoke(&serial, 4).await.unwrap();
        house.service.revoke(&serial, 1).await.unwrap();
        assert_eq!(house.audited("certificate.revoked").await, 1);
        assert!(house.service.reinstate(&serial).await.is_err());
        assert!(matches!(
            house.service.revoke(&[9; 17], 4).await,
            Err(ContractError::NotFound)
        ));
        for reason in [6, 7, 8, 10, 255] {
            assert!(matches!(
                house.service.revoke(&serial, reason).await,
                Err(ContractError::Refused { .. })
            ));
        }
    });
}

#[test]
fn since_when_a_key_is_doubtful_stands_on_the_list_and_in_the_answer() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        let certificate = house.service.issue(asked).await.unwrap();
        let doubtful = issued(&house, 2).await;
        let since = house.now().minus(Duration::from_secs(86_400));
        let first = serial(&certificate.certificate);
        for (serial, reason) in [(&first, 1), (&doubtful, 0)] {
            let mut change = StatusChange::new(serial, StatusAction::Revoke { reason }, AskedBy::Operator);
            change.invalid_since = Some(since);
            house.service.change(&change).await.unwrap();
        }
        house.service.publish_due_crls().await.unwrap();
        let list = fetch(&house, "/crl/qsig/0.crl").await;
        let date = |value: &[u8]| {
            let date = der::asn1::GeneralizedTime::from_der(value).unwrap();
            i64::try_from(date.to_unix_duration().as_secs()).unwrap()
        };
        for entry in list.tbs_cert_list.revoked_certificates.iter().flatten() {
            let extensions = entry.crl_entry_extensions.as_ref().unwrap();
            let is_first = entry.serial_number.as_bytes() == first;
            assert_eq!(
                extensions.len(),
                if is_first { 2 } else { 1 },
                "unspecified is told by silence"
            );
            let told = extensions.iter().find(|e| e.extn_id == oid::INVALIDITY_DATE).unwrap();
            assert!(!told.critical);
            assert_eq!(date(told.extn_value.as_bytes()), since.seconds());
        }
        let file = dir.join("qsig.crl");
        std::fs::write(&file, list.to_der().unwrap()).unwrap();
        let said = std::process::Command::new("openssl")
            .args(["crl", "-inform", "DER", "-noout", "-text", "-in"])
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        assert_eq!(said.matches("Invalidity Date").count(), 2, "{said}");
        let question = plain(&certificate, openssl::hash::MessageDigest::sha1());
        let answer = read(&get(&house.service, &question).await);
        let told = answer.responses[0].extensions.as_ref().unwrap();
        assert_eq!(told[0].extn_id, oid::INVALIDITY_DATE);
        assert_eq!(date(told[0].extn_value.as_bytes()), since.seconds());
    });
}

#[test]
fn an_authority_is_revoked_but_never_suspended() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let transcript = house.service.ceremony().await.unwrap();
        let serial = serial(transcript.certificate("auth").unwrap());
        assert!(house.service.suspend(&serial).await.is_err());
        assert!(
            house.service.revoke(&serial, 2).await.is_err(),
            "that takes two officers"
        );
        // What they would have done (`ca/src/status/authority.rs`).
        let (revoked, now) = (&serial, house.now());
        let done = house.cx.db.run("revoke", |tx| async move {
            let sql = "INSERT INTO certificate_status (issuer, serial, sequence, state, reason, at)
                       VALUES ('root', $1, 1, 'revoked', 2, $2)";
            tx.exec(sql, params![revoked, now]).await
        });
        done.await.unwrap();
        house.service.publish_due_crls().await.unwrap();
        assert_eq!(
            entries(&fetch(&house, "/arl/root.crl").await),
            [(serial, Some(CrlReason::CaCompromise))]
        );
    });
}

#[test]
fn a_list_is_renewed_at_half_its_life_without_news() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        assert_eq!(house.service.publish_due_crls().await.unwrap(), 0);
        house.clock.advance(Duration::from_secs(12 * 3_600));
        assert_eq!(house.service.publish_due_crls().await.unwrap(), 5);
    });
}

#[test]
fn certificates_and_lists_are_served_and_what_is_not_there_is_not_found() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let transcript = house.service.ceremony().await.unwrap();
        for ca in ["root", "auth", "qsig", "seal", "tsa", "tls"] {
            let get = Request::builder()
                .uri(format!("/ca/{ca}.cer"))
                .body(Body::empty())
                .unwrap();
            let (code, headers, der) = send(&house, get).await;
            assert_eq!(
                (code, der.as_slice()),
                (StatusCode::OK, transcript.certificate(ca).unwrap())
            );
            assert_eq!(headers[header::CONTENT_TYPE], "application/pkix-cert");
        }
        for path in [
            "/ca/other.cer",
            "/crl/qsig/1.crl",
            "/crl/root/0.crl",
            "/crl/qsig/x",
            "/ca/root.pem",
        ] {
            let (code, _, _) = send(&house, Request::builder().uri(path).body(Body::empty()).unwrap()).await;
            assert_eq!(code, StatusCode::NOT_FOUND, "{path}");
        }
        let root = fetch(&house, "/arl/root.crl").await;
        assert!(root.to_der().unwrap().len() > 100);
    });
}

#[test]
fn changes_of_one_certificate_at_the_same_moment_all_find_their_place() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        for number in 1..=3 {
            let serial = issued(&house, number).await;
            let revocations = (0..6).map(|reason| {
                let (service, serial) = (house.service.clone(), serial.clone());
                tokio::spawn(async move { service.revoke(&serial, reason).await })
            });
            for revocation in revocations.collect::<Vec<_>>() {
                revocation.await.unwrap().unwrap();
            }
            assert_eq!(house.audited("certificate.revoked").await, usize::from(number));
        }
    });
}
