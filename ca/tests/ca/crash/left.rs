//! Intents that nobody finishes: whose they are, when they are closed, and what is answered about their serial numbers.

use std::time::Duration;

use der::asn1::{Any, BitString};
use der::{Decode, Encode};
use signum_core::contract::{CertificateAuthority, CertificateRequest, CertificateStatus, ContractError, LeafProfile};
use signum_core::jobs::{Outcome, Runner};
use signum_core::params;
use signum_pki::ocsp::response::{BasicOcspResponse, OcspResponse, ResponseData, Status};

use super::fickle::{Does, on, replica};
use super::rows;
use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;

fn signature(number: u8) -> CertificateRequest {
    request(number, LeafProfile::CitizenSignature, pkcs10(&key()))
}

/// Leaves an intent as a crash would: the caller is gone while the HSM is asked.
async fn leave(house: &House, id: [u8; 16], asked: CertificateRequest) {
    let (service, hsm) = replica(house, Does::Hang, id);
    tokio::select! {
        answer = service.issue(asked) => panic!("{answer:?}"),
        () = hsm.begun() => {}
    }
}

async fn open_intents(house: &House) -> usize {
    let sql = "SELECT serial FROM certificate WHERE certificate IS NULL AND refusal IS NULL AND abandoned_at IS NULL";
    house.cx.db.all(sql, params![]).await.unwrap().len()
}

/// Runs the service's job of that name once, as a replica would.
pub async fn job(house: &House, name: &str) {
    let jobs = house.service.jobs();
    let job = jobs.iter().find(|job| job.name == name).unwrap();
    let outcome = Runner::new(house.cx.clone(), vec![]).once(job).await.unwrap();
    assert_eq!(outcome, Outcome::Ok);
    // The lease of this run lapses.
    house.clock.advance(job.every);
}

#[test]
fn a_replica_closes_at_its_start_what_its_crashed_process_left_and_nothing_of_others() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        leave(&house, [1; 16], signature(1)).await;
        leave(&house, [2; 16], signature(2)).await;
        let (again, _) = replica(&house, Does::Sign, [1; 16]);
        assert_eq!(again.close_left_intents().await.unwrap(), 1);
        assert_eq!(open_intents(&house).await, 1);
        assert_eq!(house.audited("certificate.intent_abandoned").await, 1);
        assert_eq!(again.close_left_intents().await.unwrap(), 0);
    });
}

#[test]
fn an_intent_is_its_replica_s_alone_until_it_is_overdue_and_then_any_replica_closes_it() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let asked = signature(1);
        leave(&house, [1; 16], asked.clone()).await;
        house.clock.advance(Duration::from_secs(100));
        job(&house, "ca.intents").await;
        assert_eq!(open_intents(&house).await, 1);
        house.clock.advance(Duration::from_secs(11));
        job(&house, "ca.intents").await;
        assert_eq!(open_intents(&house).await, 0);
        let abandoned = rows(&house).await.remove(0);
        let issued = house.service.issue(asked).await.unwrap();
        assert_ne!(serial(&issued.certificate), abandoned);
    });
}

#[test]
fn a_repeat_closes_an_overdue_intent_by_itself_and_gets_another_serial_number() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let asked = signature(1);
        leave(&house, [1; 16], asked.clone()).await;
        let abandoned = rows(&house).await.remove(0);
        house.clock.advance(Duration::from_secs(121));
        let issued = house.service.issue(asked).await.unwrap();
        assert_ne!(serial(&issued.certificate), abandoned);
        assert_eq!(house.audited("certificate.intent_abandoned").await, 1);
    });
}

#[test]
fn an_issuance_that_wakes_after_its_intent_was_closed_issues_nothing() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (service, hsm) = on(&house, Does::Hang);
        let asked = signature(1);
        let late = tokio::spawn({
            let asked = asked.clone();
            async move { service.issue(asked).await }
        });
        hsm.begun().await;
        house.clock.advance(Duration::from_secs(121));
        job(&house, "ca.intents").await;
        hsm.go_on();
        assert!(matches!(late.await.unwrap(), Err(ContractError::Unavailable(_))));
        assert_eq!(house.audited("certificate.issued").await, 12);
        house.service.issue(asked).await.unwrap();
    });
}

#[test]
fn a_certificate_that_was_signed_and_never_stored_is_answered_as_revoked() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let issued = house.service.issue(signature(1)).await.unwrap();
        let (service, hsm) = on(&house, Does::Lose);
        service.issue(signature(2)).await.unwrap_err();
        let sql = "SELECT tbs FROM certificate WHERE abandoned_at IS NOT NULL";
        let tbs: Vec<u8> = house
            .cx
            .db
            .opt(sql, params![])
            .await
            .unwrap()
            .unwrap()
            .get("tbs")
            .unwrap();
        let orphan = orphan(&issued.certificate, &tbs, &hsm.made().pop().unwrap());
        assert!(openssl::x509::X509::from_der(&orphan).is_ok_and(|orphan| {
            let issuer = openssl::x509::X509::from_der(&issued.chain[0]).unwrap();
            orphan.verify(&issuer.public_key().unwrap()).unwrap()
        }));
        let answer = house.service.ocsp(&orphan, &issued.chain[0]).await.unwrap();
        let answer = OcspResponse::from_der(&answer).unwrap();
        let basic = BasicOcspResponse::from_der(answer.bytes.unwrap().response.as_bytes()).unwrap();
        let data = ResponseData::from_der(&basic.tbs.to_der().unwrap()).unwrap();
        assert!(matches!(data.responses[0].status, Status::Revoked(_)));
    });
}

/// The certificate that was lost: its octets, its algorithm as in `like`, and `r || s` of the token.
fn orphan(like: &[u8], tbs: &[u8], signature: &[u8]) -> Vec<u8> {
    let like = x509_cert::Certificate::from_der(like).unwrap();
    let signature = signum_hsm_shim::key::ecdsa_der(signature).unwrap();
    let parts = [
        Any::from_der(tbs).unwrap(),
        Any::encode_from(like.signature_algorithm()).unwrap(),
        Any::encode_from(&BitString::from_bytes(&signature).unwrap()).unwrap(),
    ];
    parts.to_vec().to_der().unwrap()
}

#[test]
fn while_no_audit_event_can_be_stored_the_hsm_is_not_even_asked() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (service, hsm) = on(&house, Does::Sign);
        rename(&house, "ALTER TABLE audit_event RENAME TO audit_event_away").await;
        let asked = signature(1);
        assert!(matches!(
            service.issue(asked.clone()).await,
            Err(ContractError::Unavailable(_))
        ));
        assert!(hsm.made().is_empty() && rows(&house).await.is_empty());
        rename(&house, "ALTER TABLE audit_event_away RENAME TO audit_event").await;
        service.issue(asked).await.unwrap();
    });
}

#[test]
fn a_certificate_whose_audit_event_cannot_be_stored_is_not_issued() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (service, hsm) = on(&house, Does::Hang);
        let asked = signature(1);
        let issuing = tokio::spawn({
            let (service, asked) = (service.clone(), asked.clone());
            async move { service.issue(asked).await }
        });
        hsm.begun().await;
        rename(&house, "ALTER TABLE audit_event RENAME TO audit_event_away").await;
        hsm.go_on();
        assert!(matches!(issuing.await.unwrap(), Err(ContractError::Unavailable(_))));
        let sql = "SELECT serial FROM certificate WHERE profile = 'citizen-signature' AND certificate IS NOT NULL";
        assert!(house.cx.db.all(sql, params![]).await.unwrap().is_empty());
        rename(&house, "ALTER TABLE audit_event_away RENAME TO audit_event").await;
        house.clock.advance(Duration::from_secs(121));
        job(&house, "ca.intents").await;
        assert_eq!(house.audited("certificate.intent_abandoned").await, 1);
        hsm.now(Does::Sign);
        service.issue(asked).await.unwrap();
    });
}

async fn rename(house: &House, sql: &'static str) {
    let renamed = house
        .cx
        .db
        .run("test.rename", |tx| async move { tx.exec(sql, params![]).await });
    renamed.await.unwrap();
}
