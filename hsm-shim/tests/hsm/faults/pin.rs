//! A refused PIN: told at once, tried once by a process, never again by itself (kryoptic locks the token at the tenth).

use rustix::process::{Pid, Signal, kill_process};
use signum_hsm_shim::HsmError;
use signum_hsm_shim::workers::Workers;

use super::alarms::Alarms;
use super::patient::Patient;

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
