//! How soon a change of status is told (L-04): within five seconds by OCSP on every replica, within ten minutes by lists.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use der::Decode;
use openssl::hash::MessageDigest;
use signum_ca::Service;
use signum_core::contract::{AskedBy, StatusChange};
use signum_core::contract::{CertificateAuthority, IssuedCertificate, LeafProfile, StatusAction};
use signum_core::{Cx, ManualClock};
use signum_pki::ocsp::response::Status;
use x509_cert::crl::CertificateList;

use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;
use crate::ocsp::{read, send_to};
use crate::presigned::{get, plain};

const SECOND: Duration = Duration::from_secs(1);

/// One of three machines; each has a clock of its own.
struct Replica {
    service: Arc<Service>,
    clock: Arc<ManualClock>,
}

/// The second one is three seconds behind, the third one two seconds ahead.
fn replicas(house: &House) -> Vec<Replica> {
    let now = house.now();
    let clocks = [now, now.minus(3 * SECOND), now.plus(2 * SECOND)].map(|at| Arc::new(ManualClock::at(at)));
    let replica = |clock: Arc<ManualClock>| {
        let cx = Cx {
            clock: clock.clone(),
            ..house.cx.clone()
        };
        let service = house::service(config(), &cx, &house.token);
        Replica { service, clock }
    };
    clocks.into_iter().map(replica).collect()
}

fn passes(replicas: &[Replica], time: Duration) {
    replicas.iter().for_each(|replica| replica.clock.advance(time));
}

/// Whether each replica says that it is good.
async fn good(replicas: &[Replica], question: &[u8]) -> Vec<bool> {
    let mut said = Vec::new();
    for replica in replicas {
        let answer = read(&get(&replica.service, question).await);
        said.push(matches!(answer.responses[0].status, Status::Good(_)));
    }
    said
}

async fn changed(replica: &Replica, issued: &IssuedCertificate, action: StatusAction) {
    let change = StatusChange::new(&serial(&issued.certificate), action, AskedBy::Operator);
    replica.service.change_status(change).await.unwrap();
}

#[test]
fn every_replica_tells_every_change_within_five_seconds_whichever_made_it() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        let issued = house.service.issue(asked).await.unwrap();
        let replicas = replicas(&house);
        house.service.presign_due().await.unwrap();
        let question = plain(&issued, MessageDigest::sha1());
        let steps = [
            StatusAction::Suspend,
            StatusAction::Reinstate,
            StatusAction::Suspend,
            StatusAction::Reinstate,
            StatusAction::Suspend,
            StatusAction::Revoke { reason: 1 },
        ];
        let mut is_good = true;
        for (number, action) in steps.into_iter().enumerate() {
            // Everyone has the answer in memory.
            assert_eq!(good(&replicas, &question).await, [is_good; 3]);
            assert_eq!(good(&replicas, &question).await, [is_good; 3]);
            changed(&replicas[number % 3], &issued, action).await;
            is_good = action == StatusAction::Reinstate;
            passes(&replicas, 5 * SECOND);
            assert_eq!(good(&replicas, &question).await, [is_good; 3], "{action:?}");
        }
    });
}

/// `max-age` of an answer, in seconds.
fn max_age(headers: &header::HeaderMap) -> u64 {
    let control = headers[header::CACHE_CONTROL].to_str().unwrap();
    let age = control.split(',').find_map(|part| part.trim().strip_prefix("max-age="));
    age.unwrap().parse().unwrap()
}

#[test]
fn a_change_is_on_its_list_and_past_every_cache_within_ten_minutes() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        let issued = house.service.issue(asked).await.unwrap();
        let replicas = replicas(&house);
        let job = replicas[1]
            .service
            .jobs()
            .into_iter()
            .find(|job| job.name == "ca.crl")
            .unwrap();
        changed(&replicas[0], &issued, StatusAction::Suspend).await;
        // The one that is behind has the lease.
        passes(&replicas, job.every);
        assert!(replicas[1].service.publish_due_crls().await.unwrap() > 0);
        for replica in &replicas {
            let fetch = Request::builder().uri("/crl/qsig/0.crl").body(Body::empty()).unwrap();
            let (_, headers, der) = send_to(&replica.service, fetch).await;
            let list: CertificateList = CertificateList::from_der(&der).unwrap();
            let entries = list.tbs_cert_list.revoked_certificates.unwrap();
            assert_eq!(entries[0].serial_number.as_bytes(), serial(&issued.certificate));
            // A lease that a dead replica holds lapses before the job's next turn.
            let longest = 2 * job.every + Duration::from_secs(max_age(&headers));
            assert!(longest <= Duration::from_secs(600), "{longest:?}");
        }
    });
}
