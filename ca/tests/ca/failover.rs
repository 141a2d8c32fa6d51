//! PostgreSQL fails over in the middle of issuances: the primary is killed, its synchronous standby is promoted, and of what
//! callers were given nothing is lost (reference/ca.md D-01, D-02: recovery point 0).

mod pair;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openssl::hash::MessageDigest;
use signum_ca::Service;
use signum_core::contract::{CertificateAuthority, CertificateRequest, ContractError, IssuedCertificate, LeafProfile};
use signum_pki::ocsp::response::Status;

use crate::house::{self, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;
use crate::ocsp::read;
use crate::presigned::{get, plain};
use pair::Pair;

/// Requests, and how many tasks ask for them.
const REQUESTS: u8 = 48;
const TASKS: usize = 4;
/// After how many certificates the primary is killed.
const BEFORE: usize = 10;
/// A caller whose request was not answered asks again, as the contract says: with the same idempotency key.
const PAUSE: Duration = Duration::from_millis(50);
const ATTEMPTS: usize = 3;

/// What callers were given, by the number of the request.
type Given = Mutex<BTreeMap<u8, IssuedCertificate>>;

async fn ask(service: &Service, requests: Vec<CertificateRequest>, given: &Given, refused: &AtomicUsize) {
    for request in requests {
        for _ in 0..ATTEMPTS {
            match service.issue(request.clone()).await {
                Ok(issued) => {
                    given.lock().unwrap().insert(request.idempotency_key[0], issued);
                    break;
                }
                Err(ContractError::Refused { code, .. }) => panic!("{code}"),
                Err(_) => {
                    refused.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

#[test]
fn no_certificate_that_a_caller_has_is_lost_when_postgresql_fails_over_between_issuances() {
    if std::env::var("SIGNUM_TEST_POSTGRES").unwrap_or_default().is_empty() {
        return; // ./test postgres runs it.
    }
    in_own_process(|dir| async move {
        let pair = Arc::new(Pair::start());
        let front = pair::front(pair.primary()).await;
        let house = house::over(&dir, config(), pair.address(front.port)).await;
        house.service.ceremony().await.unwrap();
        let requests: Vec<_> = (1..=REQUESTS)
            .map(|number| request(number, LeafProfile::CitizenSignature, pkcs10(&key())))
            .collect();
        let (given, refused) = (Arc::new(Given::default()), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = requests
            .chunks(usize::from(REQUESTS) / TASKS)
            .map(|own| {
                let (service, own) = (Arc::clone(&house.service), own.to_vec());
                let (given, refused) = (Arc::clone(&given), Arc::clone(&refused));
                tokio::spawn(async move { ask(&service, own, &given, &refused).await })
            })
            .collect();
        while given.lock().unwrap().len() < BEFORE {
            tokio::time::sleep(PAUSE / 10).await;
        }
        let failing = Arc::clone(&pair);
        let promoted = tokio::task::spawn_blocking(move || failing.fail_over()).await.unwrap();
        front.lead_to(promoted);
        for task in tasks {
            task.await.unwrap();
        }
        assert!(refused.load(Ordering::SeqCst) > 0, "nobody noticed");
        let before = given.lock().unwrap().clone();
        assert!(before.len() >= BEFORE);

        // The replica starts anew, and callers ask again for what they did not get.
        house.service.close_left_intents().await.unwrap();
        for request in &requests {
            let issued = house.service.issue(request.clone()).await.unwrap();
            if let Some(known) = before.get(&request.idempotency_key[0]) {
                assert_eq!(issued, *known, "another certificate than the one that was given");
            }
            given.lock().unwrap().insert(request.idempotency_key[0], issued);
        }
        let all = given.lock().unwrap().clone();
        for issued in all.values() {
            let answer = read(&get(&house.service, &plain(issued, MessageDigest::sha1())).await);
            assert!(matches!(answer.responses[0].status, Status::Good(_)));
        }
        let sql = "SELECT serial, certificate, abandoned_at FROM certificate WHERE profile = 'citizen-signature'";
        let rows = house.cx.db.all(sql, vec![]).await.unwrap();
        let issued: Vec<Vec<u8>> = rows.iter().filter_map(|row| row.get("certificate").unwrap()).collect();
        assert_eq!(issued.len(), usize::from(REQUESTS), "each request has one certificate");
        for row in &rows {
            let (certificate, abandoned): (Option<Vec<u8>>, Option<i64>) =
                (row.get("certificate").unwrap(), row.get("abandoned_at").unwrap());
            assert!(certificate.is_some() != abandoned.is_some(), "an intent is open");
            if let Some(certificate) = certificate {
                assert_eq!(serial(&certificate), row.get::<Vec<u8>>("serial").unwrap());
            }
        }
        // Each has its event, in the log that failed over with it.
        let events = house
            .cx
            .db
            .all("SELECT id FROM audit_event WHERE kind = 'certificate.issued'", vec![]);
        assert!(events.await.unwrap().len() >= usize::from(REQUESTS));
        house.cx.db.close().await;
    });
}
