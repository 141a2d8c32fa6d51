//! The second look at a day's certificates: what is right passes, and nothing that was done to the database does.

use std::time::Duration;

use signum_core::contract::{CertificateAuthority, LeafProfile};
use signum_core::params;

use crate::crash::job;
use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;

const DAY: Duration = Duration::from_secs(86_400);

/// A CA with its own certificates and two of people, a minute later.
async fn house_of_a_day(dir: &std::path::Path) -> House {
    let house = house::open(dir, config()).await;
    for (number, profile) in [
        (1, LeafProfile::CitizenAuthentication),
        (2, LeafProfile::CitizenSignature),
    ] {
        house
            .service
            .issue(request(number, profile, pkcs10(&key())))
            .await
            .unwrap();
    }
    house.clock.advance(Duration::from_secs(60));
    house
}

/// The rules that the last day's certificates break.
async fn rules(house: &House) -> Vec<&'static str> {
    let report = house.service.relint(house.now().minus(DAY)).await.unwrap();
    report.findings.iter().map(|finding| finding.rule).collect()
}

async fn spoil(house: &House, sql: &'static str) {
    let spoilt = house
        .cx
        .db
        .run("test.spoil", |tx| async move { tx.exec(sql, params![]).await });
    assert!(spoilt.await.unwrap() > 0);
}

#[test]
fn the_certificates_of_a_day_are_all_read_again_and_counted() {
    in_own_process(|dir| async move {
        let house = house_of_a_day(&dir).await;
        let report = house.service.relint(house.now().minus(DAY)).await.unwrap();
        assert_eq!((report.read, report.stored, report.findings), (14, 14, vec![]));
        assert_eq!(house.audited("certificate.relinted").await, 1);
        house.clock.advance(DAY + DAY);
        let later = house.service.relint(house.now().minus(DAY)).await.unwrap();
        assert_eq!((later.read, later.stored), (0, 0));
    });
}

#[test]
fn the_nightly_job_reads_them() {
    in_own_process(|dir| async move {
        let house = house_of_a_day(&dir).await;
        job(&house, "ca.relint").await;
        assert_eq!(house.audited("certificate.relinted").await, 1);
        assert_eq!(house.audited("certificate.relint_finding").await, 0);
        let look = signum_ca::overview(&house.cx).await.unwrap().relint.unwrap();
        assert_eq!(look.findings, 0);
        assert!(look.read > 0);
    });
}

#[test]
fn a_rule_that_has_become_stricter_finds_what_passed_before() {
    in_own_process(|dir| async move {
        let house = house_of_a_day(&dir).await;
        let stricter = signum_ca::Config {
            country: "AL".to_owned(),
            organization_identifier: "NTRAL-810000000".to_owned(),
            ..config()
        };
        let service = house::service(stricter, &house.cx, &house.token);
        let report = service.relint(house.now().minus(DAY)).await.unwrap();
        assert!(report.findings.iter().any(|finding| finding.rule == "country"));
        assert!(house.audited("certificate.relint_finding").await > 0);
        let look = signum_ca::overview(&house.cx).await.unwrap().relint.unwrap();
        assert_eq!(look.findings, report.findings.len() as i64, "operators are alarmed");
    });
}

#[test]
fn a_certificate_put_into_the_database_is_found() {
    in_own_process(|dir| async move {
        let house = house_of_a_day(&dir).await;
        // A copy of the signature certificate under the authentication CA's name.
        spoil(
            &house,
            "INSERT INTO certificate (issuer, serial, profile, shard, idempotency_key, fingerprint, spki_sha256, tbs, tbs_sha256,
                 not_before, not_after, reserved_at, certificate, issued_at, intent_of)
             SELECT 'auth', serial, profile, shard, fingerprint, fingerprint, spki_sha256, tbs, tbs_sha256,
                 not_before, not_after, reserved_at, certificate, issued_at, intent_of
             FROM certificate WHERE profile = 'citizen-signature'",
        )
        .await;
        let rules = rules(&house).await;
        assert!(
            rules.contains(&"signature") && rules.contains(&"certificate_without_audit_event"),
            "{rules:?}"
        );
        assert!(rules.contains(&"issuer_name"), "{rules:?}");
    });
}

#[test]
fn a_certificate_taken_out_of_the_database_is_found() {
    in_own_process(|dir| async move {
        let house = house_of_a_day(&dir).await;
        spoil(&house, "DELETE FROM certificate WHERE profile = 'citizen-signature'").await;
        assert_eq!(rules(&house).await, ["audit_event_without_certificate"]);
    });
}

#[test]
fn a_certificate_exchanged_in_the_database_is_found() {
    in_own_process(|dir| async move {
        let house = house_of_a_day(&dir).await;
        let other = house
            .service
            .issue(request(3, LeafProfile::CitizenSignature, pkcs10(&key())))
            .await
            .unwrap();
        house.clock.advance(Duration::from_secs(60));
        assert!(!serial(&other.certificate).is_empty());
        spoil(
            &house,
            "UPDATE certificate SET certificate = (SELECT certificate FROM certificate WHERE profile = 'citizen-authentication')
             WHERE profile = 'citizen-signature'",
        )
        .await;
        let rules = rules(&house).await;
        for rule in [
            "octets_other_than_linted",
            "serial_other_than_reserved",
            "signature",
            "audit_event_of_another_certificate",
        ] {
            assert!(rules.contains(&rule), "{rule} of {rules:?}");
        }
    });
}
