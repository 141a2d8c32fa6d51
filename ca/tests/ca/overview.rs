//! What operators see of the CA, and what a subscriber can have of its log.

use std::time::Duration;

use der::{Decode, Encode};
use signum_ca::{issuance_receipt, overview};
use signum_core::audit::{Log, ProofError};
use signum_core::contract::{CertificateAuthority, LeafProfile};
use signum_core::params;

use crate::house::{self, config, in_own_process, key, pkcs10, request};

#[test]
fn operators_see_own_keys_lists_and_what_waits() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let seen = overview(&house.cx).await.unwrap();
        let holders: Vec<&str> = seen.keys.iter().map(|key| key.holder.as_str()).collect();
        for holder in ["root", "auth", "qsig", "seal", "tsa", "tls", "ocsp-qsig"] {
            assert!(holders.contains(&holder), "{holder} of {holders:?}");
        }
        assert!(seen.keys.iter().all(|key| key.not_after > house.now()));
        let unit = seen.keys.iter().find(|key| key.holder == "tsu").unwrap();
        assert!(unit.used_until < unit.not_after, "a year of six");
        assert!(seen.keys.iter().filter(|key| key.is_authority()).count() >= 6);
        assert!(seen.lists.iter().any(|list| list.issuer == "qsig" && list.number == 1));
        assert_eq!(seen.queue, signum_ca::Queue::default());

        house.clock.advance(Duration::from_secs(13 * 3600));
        house.service.publish_due_crls().await.unwrap();
        let seen = overview(&house.cx).await.unwrap();
        let qsig = seen.lists.iter().filter(|list| list.issuer == "qsig");
        assert_eq!(
            qsig.map(|list| list.number).collect::<Vec<_>>(),
            [2],
            "the newest alone"
        );
        // One that was begun before a crash.
        let undone = house.cx.db.run("undo", |tx| async move {
            tx.exec(
                "UPDATE certificate SET certificate = NULL, issued_at = NULL WHERE holder = 'tls'",
                vec![],
            )
            .await
        });
        undone.await.unwrap();
        let queue = overview(&house.cx).await.unwrap().queue;
        assert_eq!(queue.intents, 1);
        assert!(queue.oldest_intent.unwrap() < house.now());
    });
}

#[test]
fn a_subscriber_has_a_receipt_for_exactly_their_certificate() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let issued = house
            .service
            .issue(request(1, LeafProfile::CitizenAuthentication, pkcs10(&key())))
            .await
            .unwrap();
        let log = Log::new(house.cx.clone(), "ca");
        let early = issuance_receipt(&log, &issued.certificate).await;
        assert!(matches!(early, Err(ProofError::NoCheckpoint)), "not in its place yet");
        log.sequence().await.unwrap();
        let note = "log.example/ca\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u{2014} x AAAAAA==\n";
        let unsigned = house.cx.db.run("note", |tx| async move {
            tx.exec(
                "INSERT INTO audit_checkpoint (tree_size, note) VALUES (1, $1)",
                params![note],
            )
            .await
        });
        unsigned.await.unwrap();
        assert!(
            issuance_receipt(&log, &issued.certificate).await.is_err(),
            "no proof under a broken checkpoint"
        );
        let mut other = x509_cert::Certificate::from_der(&issued.certificate)
            .unwrap()
            .to_der()
            .unwrap();
        let last = other.len() - 1;
        other[last] ^= 1;
        assert_eq!(issuance_receipt(&log, &other).await.unwrap(), None);
        assert_eq!(issuance_receipt(&log, b"no certificate").await.unwrap(), None);
    });
}
