//! Worker processes: a token made and used apart, a killed or hanging worker replaced, a wrong PIN told once.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use signum_hsm_shim::frames::{read_message, write_message};
use signum_hsm_shim::init::NewToken;
use signum_hsm_shim::token::{CANARY, TokenConfig};
use signum_hsm_shim::worker::{AllowList, Operation, Order};
use signum_hsm_shim::workers::{Workers, WorkersConfig, init_token_apart};
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri, SignatureAlgorithm};

use crate::bench::{TOKEN, module, pin_file};
use crate::module::Module;

const WORKER: &str = env!("CARGO_BIN_EXE_signum-hsm-worker");

pub async fn new_workers(directory: &Path, count: usize, deadline: Duration) -> WorkersConfig {
    let env = Module::under_test().configure(directory);
    let new = NewToken {
        module: module(),
        label: TOKEN.into(),
        so_pin: pin_file(directory, "so.pin"),
        user_pin: pin_file(directory, "user.pin"),
    };
    init_token_apart(Path::new(WORKER), &env, &new).await.unwrap();
    let again = init_token_apart(Path::new(WORKER), &env, &new).await;
    assert_eq!(again, Err(HsmError::AlreadyExists(TOKEN.into())));
    let token = TokenConfig {
        module: module(),
        token: TOKEN.into(),
        pin: new.user_pin,
        sessions: 1,
    };
    WorkersConfig {
        count,
        deadline,
        allow: AllowList::default().and("*", &[Operation::Generate]),
        ..WorkersConfig::new(Path::new(WORKER), &env, token, &directory.join("run"))
    }
}

fn signal_all(workers: &Workers, signal: Signal) {
    for pid in workers.process_ids() {
        kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
    }
}

#[tokio::test]
async fn workers_make_keys_and_sign_for_many_callers() {
    let directory = tempfile::tempdir().unwrap();
    let config = new_workers(directory.path(), 2, Duration::from_secs(30)).await;
    let workers = std::sync::Arc::new(Workers::start(config).await.unwrap());
    assert_eq!(workers.process_ids().len(), 2);
    let key = KeyUri::new(TOKEN, "tokens");
    let made = workers.generate(&key, KeyAlgorithm::EcP256).await.unwrap();
    let again = workers.generate(&key, KeyAlgorithm::EcP256).await;
    assert_eq!(again, Err(HsmError::AlreadyExists("tokens".into())));
    let calls: Vec<_> = (0_u8..50)
        .map(|n| {
            let (workers, key) = (workers.clone(), key.clone());
            tokio::spawn(async move {
                let digests = [vec![n; 32]];
                workers.sign(&key, SignatureAlgorithm::EcdsaSha256, &digests).await
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap()[0].len(), 64);
    }
    assert_eq!(workers.public_key(&key).await.unwrap(), made);
    let elsewhere = workers.public_key(&KeyUri::new("another", "tokens")).await;
    assert!(matches!(elsewhere, Err(HsmError::KeyNotFound(_))));
    let short = workers
        .sign(&key, SignatureAlgorithm::EcdsaSha256, &[vec![0; 31]])
        .await;
    assert_eq!(
        short,
        Err(HsmError::BadDigest {
            expected: 32,
            actual: 31
        })
    );
    workers.stop().await;
    assert!(workers.health().await.is_err());
    assert_eq!(std::fs::read_dir(directory.path().join("run")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_killed_worker_is_replaced_before_the_next_answer() {
    let directory = tempfile::tempdir().unwrap();
    let config = new_workers(directory.path(), 1, Duration::from_secs(30)).await;
    let workers = Workers::start(config).await.unwrap();
    let first = workers.process_ids();
    signal_all(&workers, Signal::KILL);
    let key = KeyUri::new(TOKEN, CANARY);
    workers
        .sign(&key, SignatureAlgorithm::EcdsaSha256, &[vec![1; 32]])
        .await
        .unwrap();
    assert_ne!(workers.process_ids(), first);
    workers.stop().await;
}

#[tokio::test]
async fn a_hanging_worker_is_killed_at_the_deadline_and_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let config = new_workers(directory.path(), 1, Duration::from_secs(2)).await;
    let workers = Workers::start(config).await.unwrap();
    let first = workers.process_ids();
    signal_all(&workers, Signal::STOP);
    assert_eq!(workers.health().await, Err(HsmError::Timeout { maybe_executed: true }));
    workers.health().await.unwrap();
    assert_ne!(workers.process_ids(), first);
    workers.stop().await;
}

#[tokio::test]
async fn a_wrong_pin_is_told_at_start() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = new_workers(directory.path(), 2, Duration::from_secs(30)).await;
    config.token.pin = pin_file(directory.path(), "wrong.pin");
    assert_eq!(Workers::start(config).await.err(), Some(HsmError::PinLatched));
}

#[tokio::test]
async fn a_worker_ends_when_its_parent_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let config = new_workers(directory.path(), 1, Duration::from_secs(30)).await;
    let mut child = Command::new(WORKER)
        .envs(config.env)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let order = Order::Serve {
        token: config.token,
        socket: directory.path().join("alone.sock"),
        allow: AllowList::default(),
        officers: None,
    };
    write_message(&mut stdin, &order).unwrap();
    let ready: Result<(), HsmError> = read_message(child.stdout.as_mut().unwrap()).unwrap();
    ready.unwrap();
    stdin.flush().unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
