//! A refused PIN: told at once, tried once by a process, never again by itself (kryoptic locks the token at the tenth).

use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use signum_hsm_shim::workers::Workers;
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri};

use super::alarms::Alarms;
use super::patient::{LONGEST_RECOVERY, Patient, is_passing};
use crate::bench::TOKEN;

fn read_pin(patient: &Patient) -> String {
    std::fs::read_to_string(patient.directory.path().join("user.pin")).unwrap()
}

fn write_pin(patient: &Patient, pin: &str) {
    std::fs::write(patient.directory.path().join("user.pin"), pin).unwrap();
}

#[tokio::test]
async fn a_wrong_pin_at_start_is_tried_once() {
    let patient = Patient::admit_with_shim(2).await;
    write_pin(&patient, "00000000");
    let alarms = Alarms::listen();
    let refused = Workers::start(patient.config.clone()).await.err();
    assert_eq!(refused, Some(HsmError::PinLatched));
    assert_eq!(patient.calls("login"), 1);
    assert!(alarms.raised() > 0);
}

#[tokio::test]
async fn a_pin_that_became_wrong_latches_and_is_not_tried_again() {
    let patient = Patient::admit_with_shim(1).await;
    let service = patient.start().await;
    write_pin(&patient, "00000000");
    let before = patient.calls("login");
    let alarms = Alarms::listen();
    for pid in service.workers.process_ids() {
        kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), Signal::KILL).unwrap();
    }
    for n in 0..5 {
        assert_eq!(service.sign(n).await, Err(HsmError::PinLatched));
    }
    assert_eq!(patient.calls("login"), before + 1);
    assert!(alarms.raised() > 0);
    service.workers.stop().await;
}

#[tokio::test]
async fn a_service_started_again_and_again_does_not_try_a_refused_pin_again() {
    let patient = Patient::admit_with_shim(2).await;
    let right = read_pin(&patient);
    write_pin(&patient, "00000000");
    for _ in 0..4 {
        let refused = Workers::start(patient.config.clone()).await.err();
        assert_eq!(refused, Some(HsmError::PinLatched));
    }
    assert_eq!(patient.calls("login"), 1);
    // The right PIN alone is not an operator's word.
    write_pin(&patient, &right);
    let refused = Workers::start(patient.config.clone()).await.err();
    assert_eq!(refused, Some(HsmError::PinLatched));
    assert_eq!(patient.calls("login"), 1);
    assert!(patient.config.latch.lift().unwrap());
    let service = patient.start().await;
    assert_eq!(service.sign(1).await, Ok(()));
    service.workers.stop().await;
}

#[tokio::test]
async fn a_service_that_runs_takes_up_a_latch_lifted_by_another_process() {
    let patient = Patient::admit_with_shim(1).await;
    let service = patient.start().await;
    let right = read_pin(&patient);
    write_pin(&patient, "00000000");
    for pid in service.workers.process_ids() {
        kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), Signal::KILL).unwrap();
    }
    while service.sign(1).await != Err(HsmError::PinLatched) {}
    assert!(service.workers.report().pin_latched);
    write_pin(&patient, &right);
    assert!(patient.config.latch.lift().unwrap());
    let since = Instant::now();
    while let Err(error) = service.sign(2).await {
        assert!(error == HsmError::PinLatched || is_passing(&error), "{error}");
        assert!(since.elapsed() < LONGEST_RECOVERY, "still {error}");
        tokio::task::yield_now().await;
    }
    assert!(!service.workers.report().pin_latched);
    service.workers.stop().await;
}

#[tokio::test]
async fn a_process_that_proves_a_new_key_latches_too() {
    let patient = Patient::admit_with_shim(1).await;
    let service = patient.start().await;
    write_pin(&patient, "00000000");
    let before = patient.calls("login");
    let another = KeyUri::new(TOKEN, "another");
    let made = service.workers.generate(&another, KeyAlgorithm::EcP256).await;
    assert_eq!(made, Err(HsmError::PinLatched));
    let used = service.workers.public_key(&another).await;
    assert_eq!(used.map(drop), Err(HsmError::PinLatched));
    assert_eq!(patient.calls("login"), before + 1);
    assert!(patient.config.latch.is_set());
    service.workers.stop().await;
}
