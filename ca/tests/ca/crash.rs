//! What a crash or a refusal between the intent and the certificate leaves behind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use signum_ca::{Config, Deps, Service};
use signum_core::contract::{CertificateAuthority, ContractError, LeafProfile};
use signum_core::params;
use signum_hsm_shim::local::Local;
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};

use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;

/// The real token, away while `away` is set.
struct Failing {
    token: Local,
    away: Arc<AtomicBool>,
}

#[async_trait]
impl Hsm for Failing {
    async fn sign(&self, key: &KeyUri, how: SignatureAlgorithm, inputs: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, HsmError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(HsmError::down("test"));
        }
        self.token.sign(key, how, inputs).await
    }
    async fn public_key(&self, key: &KeyUri) -> Result<PublicKey, HsmError> {
        self.token.public_key(key).await
    }
    async fn generate(&self, key: &KeyUri, algorithm: KeyAlgorithm) -> Result<PublicKey, HsmError> {
        self.token.generate(key, algorithm).await
    }
    async fn health(&self) -> Result<(), HsmError> {
        self.token.health().await
    }
}

fn with_switch(house: &House) -> (Arc<Service>, Arc<AtomicBool>) {
    let away = Arc::new(AtomicBool::new(true));
    let hsm = Failing {
        token: Local::new(house.token.clone()),
        away: Arc::clone(&away),
    };
    let deps = Deps {
        cx: house.cx.clone(),
        hsm: Arc::new(hsm),
    };
    (Service::new(config(), deps).unwrap(), away)
}

async fn rows(house: &House) -> Vec<Vec<u8>> {
    let sql = "SELECT serial FROM certificate WHERE profile = 'citizen-signature' ORDER BY reserved_at";
    let rows = house.cx.db.all(sql, params![]).await.unwrap();
    rows.iter().map(|row| row.get("serial").unwrap()).collect()
}

#[test]
fn an_intent_left_by_a_crash_is_finished_with_its_own_serial_number() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (service, away) = with_switch(&house);
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        assert!(matches!(
            service.issue(asked.clone()).await,
            Err(ContractError::Unavailable(_))
        ));
        let reserved = rows(&house).await;
        away.store(false, Ordering::SeqCst);
        let issued = service.issue(asked).await.unwrap();
        assert_eq!(rows(&house).await, reserved);
        assert_eq!(vec![serial(&issued.certificate)], reserved);
    });
}

#[test]
fn an_old_intent_is_given_up_its_serial_number_revoked_and_never_used_again() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (service, away) = with_switch(&house);
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        service.issue(asked.clone()).await.unwrap_err();
        let abandoned = rows(&house).await.remove(0);
        away.store(false, Ordering::SeqCst);
        house.clock.advance(Duration::from_secs(601));
        let issued = service.issue(asked).await.unwrap();
        assert_ne!(serial(&issued.certificate), abandoned);
        assert_eq!(house.audited("certificate.intent_abandoned").await, 1);
        let sql = "SELECT state FROM certificate_status WHERE serial = $1";
        let row = house.cx.db.opt(sql, params![abandoned]).await.unwrap().unwrap();
        assert_eq!(row.get::<String>("state").unwrap(), "revoked");
    });
}

#[test]
fn a_ceremony_that_the_token_left_goes_on_when_it_is_back() {
    in_own_process(|dir| async move {
        let house = house::empty(&dir, config()).await;
        let (service, away) = with_switch(&house);
        service.ceremony().await.unwrap_err();
        away.store(false, Ordering::SeqCst);
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
