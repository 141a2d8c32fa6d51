//! A token's files moved, emptied or locked underneath the workers.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rustix::fs::{FlockOperation, fcntl_lock};
use signum_hsm_shim::workers::Workers;
use signum_hsm_shim::{Hsm, HsmError, KeyUri, SignatureAlgorithm};

use super::alarms::Alarms;
use super::patient::{Patient, Service, is_passing};
use crate::bench::TOKEN;
use crate::module::Module;

/// Most of these rows are about the files of SoftHSM; kryoptic keeps one SQLite file open.
fn softhsm() -> bool {
    Module::under_test().is_softhsm()
}

#[tokio::test]
async fn a_token_folder_moved_away_and_back_is_found_again() {
    if !softhsm() {
        return;
    }
    let patient = Patient::admit(1).await;
    let service = patient.start().await;
    let (home, away) = (
        patient.directory.path().join("tokens"),
        patient.directory.path().join("away"),
    );
    let alarms = Alarms::listen();
    fs::rename(&home, &away).unwrap();
    for n in 0..3 {
        let refused = service.sign(n).await;
        assert!(refused.as_ref().is_err_and(is_passing_or_missing), "{refused:?}");
    }
    assert!(alarms.raised() > 0, "a token that is gone is told to the operator");
    let _made_meanwhile = fs::remove_dir_all(&home);
    fs::rename(&away, &home).unwrap();
    service.recovers_after("the token folder moved away and back").await;
    service.workers.stop().await;
}

/// Before the layer has found that the whole token is gone, it may only see that the key is.
fn is_passing_or_missing(error: &HsmError) -> bool {
    is_passing(error) || matches!(error, HsmError::Misconfigured(_) | HsmError::KeyNotFound(_))
}

/// The object files that came into being while `make` ran.
async fn files_of<T>(patient: &Patient, make: impl Future<Output = T>) -> (T, Vec<PathBuf>) {
    let objects = || -> Vec<PathBuf> {
        let entries = fs::read_dir(patient.token_folder()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|e| e == "object"))
            .collect()
    };
    let before = objects();
    let made = make.await;
    (
        made,
        objects().into_iter().filter(|path| !before.contains(path)).collect(),
    )
}

#[tokio::test]
async fn an_emptied_key_is_missed_by_name_and_others_go_on() {
    if !softhsm() {
        return;
    }
    let patient = Patient::admit(1).await;
    let service = patient.start().await;
    let lost = KeyUri::new(TOKEN, "lost");
    let generate = service.workers.generate(&lost, signum_hsm_shim::KeyAlgorithm::EcP256);
    let (made, files) = files_of(&patient, generate).await;
    made.unwrap();
    assert_eq!(files.len(), 2);
    let alarms = Alarms::listen();
    for file in files {
        fs::write(file, b"").unwrap();
    }
    for n in 0..3 {
        let digests = [vec![n; 32]];
        let signed = service
            .workers
            .sign(&lost, SignatureAlgorithm::EcdsaSha256, &digests)
            .await;
        assert!(matches!(signed, Err(HsmError::KeyNotFound(_))), "{signed:?}");
        service.sign(n).await.unwrap();
    }
    assert!(
        alarms.raised() > 0,
        "a key that was there and is gone is told to the operator"
    );
    service.workers.stop().await;
}

#[tokio::test]
async fn a_flipped_bit_in_a_key_never_becomes_a_signature() {
    if !softhsm() {
        return;
    }
    let patient = Patient::admit(1).await;
    let service = patient.start().await;
    let bent = KeyUri::new(TOKEN, "bent");
    let generate = service.workers.generate(&bent, signum_hsm_shim::KeyAlgorithm::EcP256);
    let (made, files) = files_of(&patient, generate).await;
    let spki = made.unwrap().spki;
    let (mut signed, mut refused) = (0, 0);
    for file in &files {
        let whole = fs::read(file).unwrap();
        for place in (0..whole.len()).step_by(whole.len() / 20 + 1) {
            let mut flipped = whole.clone();
            flipped[place] ^= 0x10;
            fs::write(file, flipped).unwrap();
            let digest = vec![7; 32];
            let answer = service
                .workers
                .sign(&bent, SignatureAlgorithm::EcdsaSha256, std::slice::from_ref(&digest))
                .await;
            match answer {
                Ok(signatures) => {
                    assert!(super::patient::verifies(&spki, &digest, &signatures[0]));
                    signed += 1;
                }
                Err(_) => refused += 1,
            }
        }
        fs::write(file, whole).unwrap();
    }
    println!("fault matrix | bits flipped in a key's files: {refused} refused, {signed} signed rightly, none wrongly");
    service.recovers_after("bits flipped in another key").await;
    service.workers.stop().await;
}

#[tokio::test]
async fn an_emptied_token_keeps_signing_or_says_that_it_is_gone() {
    if !softhsm() {
        return;
    }
    let patient = Patient::admit(1).await;
    let service = patient.start().await;
    let file = patient.token_folder().join("token.object");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, b"").unwrap();
    for n in 0..3 {
        let answer = service.sign(n).await;
        assert!(answer.as_ref().err().is_none_or(is_passing_or_missing), "{answer:?}");
    }
    fs::write(&file, whole).unwrap();
    service.recovers_after("token.object emptied and restored").await;
    service.workers.stop().await;
}

#[tokio::test]
async fn a_token_that_a_kill_in_its_login_emptied_is_whole_again_at_the_next_start() {
    if !softhsm() {
        return;
    }
    let patient = Patient::admit(1).await;
    let service = patient.start().await;
    service.workers.stop().await;
    let file = patient.token_folder().join("token.object");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, b"").unwrap();
    let workers = Workers::start(patient.config.clone()).await.unwrap();
    let service = Service { workers, ..service };
    assert_eq!(service.sign(1).await, Ok(()), "with the key of before");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    service.workers.stop().await;
    // What is not empty is somebody's to look at: nothing is put over it.
    let half = whole.get(..whole.len() / 2).unwrap();
    fs::write(&file, half).unwrap();
    assert!(Workers::start(patient.config.clone()).await.is_err());
    assert_eq!(fs::read(&file).unwrap(), half);
}

#[tokio::test]
async fn a_lock_held_by_another_process_ends_in_a_timeout_and_passes() {
    let patient = Patient::admit(1).await;
    let service: Service = patient.start().await;
    let process = service.workers.process_ids();
    let locked = match softhsm() {
        true => patient.token_folder().join("generation"),
        // The token of the first slot: SQLite's locks are record locks on this file.
        false => patient.directory.path().join("tokens/1.sql"),
    };
    let lock = fs::OpenOptions::new().read(true).write(true).open(locked).unwrap();
    // This process is the other one: record locks belong to processes.
    fcntl_lock(&lock, FlockOperation::LockExclusive).unwrap();
    let blocked = service.sign(1).await;
    assert!(matches!(blocked, Err(HsmError::Timeout { .. })), "{blocked:?}");
    let meanwhile = service.sign(2).await;
    assert!(meanwhile.as_ref().is_err_and(is_passing), "{meanwhile:?}");
    fcntl_lock(&lock, FlockOperation::Unlock).unwrap();
    service
        .recovers_after("the token's file locked by another process")
        .await;
    assert_ne!(service.workers.process_ids(), process);
    service.workers.stop().await;
}
