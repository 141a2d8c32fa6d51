//! What supervision promises: nothing lost while a worker is recycled, a bounded queue, rules checked inside the worker,
//! new keys proven, a PIN latch that an operator lifts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use signum_hsm_shim::approval::{CeremonyFile, Deed};
use signum_hsm_shim::health::WorkerState;
use signum_hsm_shim::local::Local;
use signum_hsm_shim::worker::{AllowList, Operation};
use signum_hsm_shim::workers::{Workers, WorkersConfig};
use signum_hsm_shim::wrap::{KeyBinding, KeyUsage};
use signum_hsm_shim::{Guards, Hsm, HsmError, KeyAlgorithm, KeyUri, SignRequest, SignatureAlgorithm};

use crate::approvals::Board;
use crate::bench::{TOKEN, in_own_process, open_token};
use crate::faults::patient::Patient;

const ES256: SignatureAlgorithm = SignatureAlgorithm::EcdsaSha256;

fn guards() -> Guards {
    Guards {
        kek: "kek".into(),
        binding: "binding".into(),
    }
}

fn owner() -> KeyBinding {
    KeyBinding {
        key: [1; 16],
        person: [2; 32],
        algorithm: KeyAlgorithm::EcP256,
        usage: KeyUsage::Sign,
        epoch: 1,
    }
}

fn making(config: &WorkersConfig) -> WorkersConfig {
    let making = [Operation::Generate, Operation::MakeGuards];
    WorkersConfig {
        allow: AllowList::default().and("*", &making),
        ..config.clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recycled_worker_loses_no_request() {
    let patient = Patient::admit(2).await;
    let config = WorkersConfig {
        recycle_after: 40,
        deadline: Duration::from_secs(30),
        ..making(&patient.config)
    };
    let workers = Arc::new(Workers::start(config).await.unwrap());
    workers.make_guards(&guards(), 1, None).await.unwrap();
    let key = Arc::new(workers.create_wrapped(&guards(), &owner()).await.unwrap());
    let mut processes: BTreeSet<u32> = workers.process_ids().into_iter().collect();
    for _ in 0..8 {
        let calls: Vec<_> = (0_u8..32)
            .map(|n| {
                let (workers, key) = (workers.clone(), key.clone());
                tokio::spawn(async move { workers.sign_wrapped(&guards(), &key, ES256, &[vec![n; 32]]).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap().len(), 1);
        }
        processes.extend(workers.process_ids());
    }
    assert!(processes.len() > 2, "nothing was recycled");
    workers.stop().await;
}

#[tokio::test]
async fn a_slow_module_makes_a_short_queue_and_not_many_threads() {
    let patient = Patient::admit_with_shim(1).await;
    let config = WorkersConfig {
        queue: 8,
        deadline: Duration::from_secs(30),
        ..making(&patient.config)
    };
    let workers = Arc::new(Workers::start(config).await.unwrap());
    let key = KeyUri::new(TOKEN, "slow");
    workers.generate(&key, KeyAlgorithm::EcP256).await.unwrap();
    patient.order("delay 20");
    let calls: Vec<_> = (0_u8..64)
        .map(|n| {
            let (workers, key) = (workers.clone(), key.clone());
            tokio::spawn(async move { workers.sign(&key, ES256, &[vec![n; 32]]).await })
        })
        .collect();
    let threads = |pid: u32| std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().count();
    tokio::task::yield_now().await;
    assert!(threads(workers.process_ids()[0]) < 8, "threads in the worker");
    let (mut done, mut overloaded) = (0, 0);
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => done += 1,
            Err(HsmError::Overloaded { retry_after_ms }) => {
                assert!((10..=60_000).contains(&retry_after_ms));
                overloaded += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    // The worker holds 32 at a time, eight wait.
    assert_eq!((done, overloaded), (40, 24));
    patient.order("");
    workers.stop().await;
}

#[tokio::test]
async fn a_callers_own_deadline_covers_the_queue_and_kills_no_worker() {
    let patient = Patient::admit_with_shim(1).await;
    let config = WorkersConfig {
        deadline: Duration::from_secs(30),
        ..making(&patient.config)
    };
    let workers = Arc::new(Workers::start(config).await.unwrap());
    let key = KeyUri::new(TOKEN, "hurried");
    workers.generate(&key, KeyAlgorithm::EcP256).await.unwrap();
    let processes = workers.process_ids();
    patient.order("delay 50");
    let digests = [vec![1; 32]];
    let hurried = |within| SignRequest {
        within: Some(within),
        ..SignRequest::new(&key, ES256, &digests)
    };
    let asked = workers.sign_request(hurried(Duration::from_millis(5))).await;
    assert_eq!(asked, Err(HsmError::Timeout { maybe_executed: true }));
    let filling: Vec<_> = (0_u8..32)
        .map(|n| {
            let (workers, key) = (workers.clone(), key.clone());
            tokio::spawn(async move { workers.sign(&key, ES256, &[vec![n; 32]]).await })
        })
        .collect();
    while workers.report().in_flight < 32 {
        tokio::task::yield_now().await;
    }
    let queued = workers.sign_request(hurried(Duration::from_millis(1))).await;
    assert_eq!(queued, Err(HsmError::Timeout { maybe_executed: false }));
    patient.order("");
    for call in filling {
        call.await.unwrap().unwrap();
    }
    assert_eq!(workers.process_ids(), processes, "a slow worker is not a hanging one");
    workers.stop().await;
}

#[tokio::test]
async fn what_no_rule_allows_needs_the_officers_inside_the_worker() {
    let patient = Patient::admit(1).await;
    let mut board = Board::new(patient.directory.path(), 3, 2);
    let officers = patient.directory.path().join("officers.toml");
    std::fs::write(&officers, toml::to_string(&board.quorum).unwrap()).unwrap();
    let config = WorkersConfig {
        officers: Some(officers),
        allow: AllowList::default(),
        ..patient.config.clone()
    };
    let workers = Workers::start(config).await.unwrap();
    let key = KeyUri::new(TOKEN, "guarded");
    let refused = workers.generate(&key, KeyAlgorithm::EcP256).await;
    assert_eq!(refused, Err(HsmError::NeedsApproval("generate guarded".into())));
    let soon = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap() + 3600;
    let file = |deed, nonce| {
        let file = CeremonyFile::new(deed, TOKEN, "guarded", soon, [nonce; 32]);
        match deed {
            Deed::Generate => file.detail("algorithm", KeyAlgorithm::EcP256.name()),
            _ => file,
        }
    };
    let one = board.approved(file(Deed::Generate, 1), &[0]);
    let too_few = workers.generate_in_ceremony(&key, KeyAlgorithm::EcP256, &one).await;
    assert!(matches!(too_few, Err(HsmError::NeedsApproval(_))), "{too_few:?}");
    let two = board.approved(file(Deed::Generate, 2), &[0, 1]);
    let made = workers
        .generate_in_ceremony(&key, KeyAlgorithm::EcP256, &two)
        .await
        .unwrap();
    assert_eq!(workers.public_key(&key).await.unwrap(), made);
    assert!(workers.attest(&key).await.unwrap().never_left());
    // Used keys, destroyed keys: the same way and no other.
    let again = workers.destroy(&key, Some(&two)).await;
    assert!(matches!(again, Err(HsmError::NeedsApproval(_))), "{again:?}");
    assert!(matches!(
        workers.destroy(&key, None).await,
        Err(HsmError::NeedsApproval(_))
    ));
    let end = board.approved(file(Deed::Destroy, 3), &[1, 2]);
    workers.destroy(&key, Some(&end)).await.unwrap();
    assert_eq!(
        workers.public_key(&key).await,
        Err(HsmError::KeyNotFound("guarded".into()))
    );
    workers.stop().await;
}

#[tokio::test]
async fn without_officers_what_no_rule_allows_is_denied() {
    let patient = Patient::admit(1).await;
    let config = WorkersConfig {
        allow: AllowList::nothing().and("idp-*", &[Operation::Generate, Operation::Sign]),
        ..patient.config.clone()
    };
    let workers = Workers::start(config).await.unwrap();
    let allowed = KeyUri::new(TOKEN, "idp-1");
    workers.generate(&allowed, KeyAlgorithm::EcP256).await.unwrap();
    workers.sign(&allowed, ES256, &[vec![0; 32]]).await.unwrap();
    let other = workers
        .generate(&KeyUri::new(TOKEN, "root"), KeyAlgorithm::EcP256)
        .await;
    assert_eq!(other, Err(HsmError::PolicyDenied("generate with key root".into())));
    let destroyed = workers.destroy(&allowed, None).await;
    assert_eq!(destroyed, Err(HsmError::PolicyDenied("destroy with key idp-1".into())));
    workers.stop().await;
}

#[tokio::test]
async fn a_pin_latch_is_lifted_by_an_operator_only() {
    let patient = Patient::admit_with_shim(2).await;
    let service = patient.start().await;
    let pin = patient.directory.path().join("user.pin");
    let right = std::fs::read(&pin).unwrap();
    std::fs::write(&pin, "00000000").unwrap();
    let before = patient.calls("login");
    for pid in service.workers.process_ids() {
        kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), Signal::KILL).unwrap();
    }
    while service.sign(1).await != Err(HsmError::PinLatched) {}
    assert!(service.workers.report().pin_latched);
    // Mended, but nobody said so.
    std::fs::write(&pin, right).unwrap();
    assert_eq!(service.sign(2).await, Err(HsmError::PinLatched));
    assert_eq!(patient.calls("login"), before + 1, "two workers, one login");
    service.workers.unlatch().await.unwrap();
    while service.sign(3).await.is_err() {}
    assert!(!service.workers.report().pin_latched);
    service.workers.stop().await;
}

#[tokio::test]
async fn a_key_that_is_not_the_expected_one_does_not_sign() {
    let patient = Patient::admit(1).await;
    let service = patient.start().await;
    let digests = [vec![7; 32]];
    let expecting = |spki| SignRequest {
        expected: Some(spki),
        ..SignRequest::new(&service.key, ES256, &digests)
    };
    service.workers.sign_request(expecting(&service.spki)).await.unwrap();
    let mut other = service.spki.clone();
    other[40] ^= 1;
    assert_eq!(
        service.workers.sign_request(expecting(&other)).await,
        Err(HsmError::PublicKeyMismatch("patient".into()))
    );
    service.workers.stop().await;
}

#[tokio::test]
async fn workers_tell_what_the_token_can_do_and_how_they_stand() {
    let patient = Patient::admit(2).await;
    let workers = Workers::start(making(&patient.config)).await.unwrap();
    assert_ne!(*workers.random(32).await.unwrap(), vec![0; 32]);
    assert!(workers.capabilities().await.unwrap().signatures.contains(&ES256));
    workers.health().await.unwrap();
    let report = workers.report();
    assert_eq!((report.token.as_str(), report.queued, report.in_flight), (TOKEN, 0, 0));
    for worker in &report.workers {
        assert_eq!((worker.state, worker.restarts), (WorkerState::Ready, 0));
        assert!(worker.resident.is_some_and(|octets| octets > 1_000_000));
    }
    workers.stop().await;
    assert_eq!(workers.report().workers[0].state, WorkerState::Stopped);
}

#[test]
fn the_same_interface_works_in_this_process() {
    in_own_process(|directory| {
        let hsm = Local::new(Arc::new(open_token(directory)));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let key = KeyUri::new(TOKEN, "local");
            hsm.generate(&key, KeyAlgorithm::EcP256).await.unwrap();
            assert!(hsm.attest(&key).await.unwrap().never_left());
            assert_eq!(hsm.random(16).await.unwrap().len(), 16);
            hsm.make_guards(&guards(), 1, None).await.unwrap();
            let wrapped = hsm.create_wrapped(&guards(), &owner()).await.unwrap();
            let signed = hsm.sign_wrapped(&guards(), &wrapped, ES256, &[vec![1; 32]]).await;
            assert_eq!(signed.unwrap().len(), 1);
            let destroyed = hsm.destroy(&key, None).await;
            assert!(matches!(destroyed, Err(HsmError::PolicyDenied(_))));
            hsm.health().await.unwrap();
        });
    });
}

/// SoftHSM empties `token.object` and writes it anew at each login; a process killed in between has lost the token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_is_given_up_anywhere_leaves_the_token_whole() {
    let patient = Patient::admit(1).await;
    for given_up_after in 0..60 {
        let start = Workers::start(patient.config.clone());
        let _given_up = tokio::time::timeout(Duration::from_millis(given_up_after), start).await;
    }
    let service = patient.start().await;
    assert_eq!(service.sign(1).await, Ok(()));
    service.workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_made_at_the_same_time_are_all_proven() {
    let patient = Patient::admit(1).await;
    let config = WorkersConfig {
        deadline: Duration::from_secs(30),
        ..making(&patient.config)
    };
    let workers = Arc::new(Workers::start(config).await.unwrap());
    let made: Vec<_> = (0..24)
        .map(|n| {
            let (workers, key) = (workers.clone(), KeyUri::new(TOKEN, &format!("new-{n}")));
            tokio::spawn(async move { workers.generate(&key, KeyAlgorithm::EcP256).await })
        })
        .collect();
    for made in made {
        made.await.unwrap().unwrap();
    }
    workers.stop().await;
}
