//! What a failure or a refusal between the intent and the certificate leaves behind, and how it is closed.

mod fickle;
mod left;
pub use left::job;
mod rounds;

use std::collections::BTreeMap;

use signum_ca::Config;
use signum_core::contract::{CertificateAuthority, ContractError, LeafProfile};
use signum_core::params;

use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;
use fickle::{Does, on};

async fn rows(house: &House) -> Vec<Vec<u8>> {
    let sql = "SELECT serial FROM certificate WHERE profile = 'citizen-signature' ORDER BY reserved_at";
    let rows = house.cx.db.all(sql, params![]).await.unwrap();
    rows.iter().map(|row| row.get("serial").unwrap()).collect()
}

#[test]
fn what_the_hsm_did_not_sign_is_closed_at_once_and_a_repeat_gets_another_serial_number() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (service, hsm) = on(&house, Does::Fail);
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        assert!(matches!(
            service.issue(asked.clone()).await,
            Err(ContractError::Unavailable(_))
        ));
        let given_up = rows(&house).await.remove(0);
        assert_eq!(house.audited("certificate.intent_abandoned").await, 1);
        hsm.now(Does::Sign);
        let issued = service.issue(asked).await.unwrap();
        assert_ne!(serial(&issued.certificate), given_up);
        let sql = "SELECT state FROM certificate_status WHERE serial = $1";
        let row = house.cx.db.opt(sql, params![given_up]).await.unwrap().unwrap();
        assert_eq!(row.get::<String>("state").unwrap(), "revoked");
    });
}

#[test]
fn while_the_hsm_is_away_nothing_is_reserved() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (service, hsm) = on(&house, Does::Fail);
        hsm.sick();
        for number in 1..=3 {
            let asked = request(number, LeafProfile::CitizenSignature, pkcs10(&key()));
            service.issue(asked).await.unwrap_err();
        }
        assert_eq!(rows(&house).await.len(), 1);
    });
}

#[test]
fn a_ceremony_that_the_token_left_goes_on_when_it_is_back() {
    in_own_process(|dir| async move {
        let house = house::empty(&dir, config()).await;
        let (service, hsm) = on(&house, Does::Fail);
        service.ceremony().await.unwrap_err();
        hsm.now(Does::Sign);
        service.ceremony().await.unwrap();
        assert_eq!(house.audited("certificate.issued").await, 12);
    });
}

#[test]
fn a_ceremony_that_the_linter_refused_goes_on_when_the_configuration_is_mended() {
    in_own_process(|dir| async move {
        let wrong = Config {
            organization: "Combining e\u{308}".to_owned(),
            ..config()
        };
        let house = house::empty(&dir, wrong).await;
        for _ in 0..2 {
            let refused = house.service.ceremony().await.unwrap_err();
            assert!(format!("{refused:?}").contains("subject_text"));
        }
        let mended = house::service(config(), &house.cx, &house.token);
        mended.ceremony().await.unwrap();
        assert_eq!(house.audited("certificate.issued").await, 12);
    });
}

#[test]
fn what_the_linter_refuses_is_never_signed_and_stays_refused() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        // A language of three letters: the configuration lets it pass, EN 319 412-5 section 4.3.4 does not.
        let mut pds = Config::default().pds_urls;
        pds.insert("sqi".to_owned(), "https://pki.example.org/pds".to_owned());
        let wrong = Config {
            pds_urls: pds.into_iter().collect::<BTreeMap<_, _>>(),
            ..config()
        };
        let service = house::service(wrong, &house.cx, &house.token);
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        for _ in 0..2 {
            let refused = service.issue(asked.clone()).await;
            assert!(
                matches!(refused, Err(ContractError::Refused { code, message }) if code == "lint" && message == "qc_pds")
            );
        }
        assert_eq!(house.audited("certificate.lint_refused").await, 1);
        let sql = "SELECT serial FROM certificate WHERE profile = 'citizen-signature' AND certificate IS NULL";
        assert_eq!(house.cx.db.all(sql, params![]).await.unwrap().len(), 1);
    });
}

#[test]
fn two_callers_with_one_idempotency_key_get_one_certificate() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        let (one, two) = tokio::join!(house.service.issue(asked.clone()), house.service.issue(asked));
        assert_eq!(one.unwrap(), two.unwrap());
        assert_eq!(rows(&house).await.len(), 1);
    });
}
