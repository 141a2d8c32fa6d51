//! The key ceremony.

use std::time::Duration;

use signum_ca::{Algorithms, CeremonyError, Config};
use signum_core::contract::{CertificateAuthority, CertificateStatus, ContractError, LeafProfile};
use signum_hsm_shim::{Hsm, KeyAlgorithm, KeyUri, local::Local};
use signum_pki::chain::{Purpose, verify_chain};
use signum_pki::ocsp::response::Status;

use crate::house::{self, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;
use crate::ocsp::read;

#[test]
fn every_certificate_of_the_ceremony_verifies_up_to_the_root() {
    in_own_process(|dir| async move {
        let house = house::empty(&dir, config()).await;
        let transcript = house.service.ceremony().await.unwrap();
        let of = |holder: &str| transcript.certificate(holder).unwrap().to_vec();
        let root = of("root");
        let now = house.now().seconds();
        let holders: Vec<_> = transcript.steps.iter().map(|s| s.holder.as_str()).collect();
        assert_eq!(
            holders,
            [
                "root",
                "auth",
                "qsig",
                "seal",
                "tsa",
                "tls",
                "ocsp-auth",
                "ocsp-qsig",
                "ocsp-seal",
                "ocsp-tsa",
                "ocsp-tls",
                "tsu"
            ]
        );
        for (leaf, issuer) in [
            ("ocsp-auth", "auth"),
            ("ocsp-qsig", "qsig"),
            ("ocsp-tsa", "tsa"),
            ("ocsp-seal", "seal"),
            ("ocsp-tls", "tls"),
            ("auth", "root"),
        ] {
            verify_chain(&of(leaf), &[of(issuer)], std::slice::from_ref(&root), Purpose::Any, now).unwrap();
        }
        verify_chain(&of("tsu"), &[of("tsa")], &[root], Purpose::TimeStamping, now).unwrap();
        assert_eq!(house.audited("certificate.issued").await, 12);
        assert_eq!(house.audited("crl.published").await, 6);
    });
}

#[test]
fn a_second_ceremony_finds_everything_and_makes_nothing() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let again = house::service(config(), &house.cx, &house.token)
            .ceremony()
            .await
            .unwrap();
        assert!(again.steps.iter().all(|step| !step.made));
        assert_eq!(house.audited("certificate.issued").await, 12);
    });
}

#[test]
fn a_ceremony_that_stopped_after_making_a_key_goes_on_with_it() {
    in_own_process(|dir| async move {
        let house = house::empty(&dir, config()).await;
        let hsm = Local::new(house.token.clone());
        let made = hsm
            .generate(&KeyUri::new("signum-ca", "root-g1"), KeyAlgorithm::EcP384)
            .await
            .unwrap();
        let transcript = house.service.ceremony().await.unwrap();
        let root = openssl::x509::X509::from_der(transcript.certificate("root").unwrap()).unwrap();
        assert_eq!(root.public_key().unwrap().public_key_to_der().unwrap(), made.spki);
    });
}

#[test]
fn a_token_with_other_keys_is_noticed() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        // The database says another label than the key's: as if the token had been changed.
        let label = "UPDATE certificate SET key_label = 'qsig-g1' WHERE holder = 'auth'";
        let changed = house
            .cx
            .db
            .run("t", |tx| async move { tx.exec(label, vec![]).await })
            .await
            .unwrap();
        assert_eq!(changed, 1);
        let error = house::service(config(), &house.cx, &house.token)
            .ceremony()
            .await
            .unwrap_err();
        assert!(matches!(error, CeremonyError::KeyMismatch(label) if label == "qsig-g1"));
    });
}

#[test]
fn responders_and_units_are_renewed_with_new_keys_in_time() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        house.clock.advance(Duration::from_secs(29 * 86_400));
        assert!(house.service.renew_own_keys().await.unwrap().iter().all(|s| !s.made));
        house.clock.advance(Duration::from_secs(2 * 86_400));
        let made: Vec<_> = house
            .service
            .renew_own_keys()
            .await
            .unwrap()
            .into_iter()
            .filter(|s| s.made)
            .collect();
        let labels: Vec<_> = made.iter().map(|s| s.key.object.as_str()).collect();
        assert_eq!(
            labels,
            [
                "ocsp-auth-g1-2",
                "ocsp-qsig-g1-2",
                "ocsp-seal-g1-2",
                "ocsp-tsa-g1-2",
                "ocsp-tls-g1-2"
            ]
        );
        house.clock.advance(Duration::from_secs(310 * 86_400));
        let made = house.service.renew_own_keys().await.unwrap();
        assert!(made.iter().any(|s| s.made && s.key.object == "tsu-g1-2"));
    });
}

#[test]
fn nothing_is_issued_before_the_ceremony() {
    in_own_process(|dir| async move {
        let house = house::empty(&dir, config()).await;
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        assert!(matches!(
            house.service.issue(asked).await,
            Err(ContractError::Unavailable(_))
        ));
    });
}

#[test]
fn a_folder_of_an_older_version_gets_the_authorities_that_are_new() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        // As version 1 left it: neither seal nor TLS.
        for sql in [
            "DELETE FROM certificate WHERE holder IN ('seal', 'tls', 'ocsp-seal', 'ocsp-tls')",
            "DELETE FROM subject_key WHERE spki_sha256 NOT IN (SELECT spki_sha256 FROM certificate)",
        ] {
            house
                .cx
                .db
                .run("t", |tx| async move { tx.exec(sql, vec![]).await })
                .await
                .unwrap();
        }
        let again = house::service(config(), &house.cx, &house.token);
        let made: Vec<_> = again
            .ceremony()
            .await
            .unwrap()
            .steps
            .into_iter()
            .filter(|s| s.made)
            .collect();
        let made: Vec<_> = made.iter().map(|step| step.holder.as_str()).collect();
        assert_eq!(made, ["seal", "tls", "ocsp-seal", "ocsp-tls"]);
    });
}

#[test]
fn a_second_generation_of_algorithms_lives_beside_the_first() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let asked = request(1, LeafProfile::CitizenAuthentication, pkcs10(&key()));
        let old = house.service.issue(asked).await.unwrap();
        let rsa = Config {
            algorithms: Algorithms::Rsa,
            ..config()
        };
        let new_service = house::service(rsa, &house.cx, &house.token);
        let transcript = new_service.ceremony().await.unwrap();
        assert!(transcript.certificate("root-rsa").is_some() && transcript.certificate("root").is_none());
        let asked = request(2, LeafProfile::CitizenAuthentication, pkcs10(&key()));
        let new = new_service.issue(asked).await.unwrap();
        let now = house.now().seconds();
        for issued in [&old, &new] {
            let [issuer, root] = issued.chain.as_slice() else {
                panic!("chain")
            };
            let (issuer, root) = (std::slice::from_ref(issuer), std::slice::from_ref(root));
            verify_chain(&issued.certificate, issuer, root, Purpose::Any, now).unwrap();
            // Either generation's status is told by whichever service is asked.
            for service in [&house.service, &new_service] {
                service.ocsp(&issued.certificate, &issued.chain[0]).await.unwrap();
            }
        }
        assert_ne!(old.chain, new.chain);
        // What the first issued is revoked, told and listed under its own key, by the service that issues with the second.
        new_service.revoke(&serial(&old.certificate), 1).await.unwrap();
        let answer = new_service.ocsp(&old.certificate, &old.chain[0]).await.unwrap();
        assert!(matches!(read(&answer).responses[0].status, Status::Revoked(_)));
        new_service.publish_due_crls().await.unwrap();
        let lists = signum_ca::overview(&house.cx).await.unwrap().lists;
        let number = |issuer: &str| lists.iter().find(|list| list.issuer == issuer).unwrap().number;
        assert!(number("auth") > number("auth-rsa"), "{lists:?}");
        // And issuance goes back to it when the setting does.
        let asked = request(3, LeafProfile::CitizenAuthentication, pkcs10(&key()));
        assert_eq!(house.service.issue(asked).await.unwrap().chain, old.chain);
    });
}
