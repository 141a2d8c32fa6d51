//! The module itself sick: hanging, dying, answering with errors or with wrong signatures.

use rustix::process::{Pid, Signal, kill_process};
use signum_hsm_shim::{Hsm, HsmError};

use super::alarms::Alarms;
use super::patient::{Patient, is_passing, together};

#[tokio::test]
async fn a_killed_worker_costs_callers_no_more_than_a_passing_error() {
    let patient = Patient::admit(2).await;
    let service = patient.start().await;
    let process = service.workers.process_ids();
    let calls = (0_u8..64).map(|n| service.sign(n));
    let killing = async {
        tokio::task::yield_now().await;
        for pid in &process {
            kill_process(Pid::from_raw((*pid).try_into().unwrap()).unwrap(), Signal::KILL).unwrap();
        }
    };
    let (answers, ()) = tokio::join!(together(calls), killing);
    for answer in answers {
        assert!(answer.as_ref().err().is_none_or(is_passing), "{answer:?}");
    }
    service.recovers_after("both workers killed with SIGKILL").await;
    assert!(service.workers.process_ids().iter().all(|pid| !process.contains(pid)));
    service.workers.stop().await;
}

#[tokio::test]
async fn a_module_that_hangs_is_ended_at_the_deadline() {
    let patient = Patient::admit_with_shim(1).await;
    let service = patient.start().await;
    let process = service.workers.process_ids();
    patient.order("hang");
    let hung = service.sign(1).await;
    assert!(matches!(hung, Err(HsmError::Timeout { .. })), "{hung:?}");
    patient.order("");
    service.recovers_after("a module that hung in C_Sign").await;
    assert_ne!(service.workers.process_ids(), process);
    service.workers.stop().await;
}

#[tokio::test]
async fn a_module_that_crashes_is_a_passing_error() {
    let patient = Patient::admit_with_shim(1).await;
    let service = patient.start().await;
    patient.order("crash");
    let crashed = service.sign(1).await;
    assert!(crashed.as_ref().is_err_and(is_passing), "{crashed:?}");
    patient.order("");
    service.recovers_after("a module that crashed in C_Sign").await;
    service.workers.stop().await;
}

#[tokio::test]
async fn a_removed_device_is_named_and_comes_back() {
    let patient = Patient::admit_with_shim(1).await;
    let service = patient.start().await;
    // CKR_DEVICE_REMOVED, CKR_DEVICE_ERROR, CKR_TOKEN_NOT_PRESENT.
    for code in ["error 0x32", "error 0x30", "error 0xE0"] {
        patient.order(code);
        let away = service.sign(1).await;
        assert!(
            matches!(away, Err(HsmError::DeviceDown { .. } | HsmError::Timeout { .. })),
            "{code}: {away:?}"
        );
        patient.order("");
        service.recovers_after(code).await;
    }
    service.workers.stop().await;
}

#[tokio::test]
async fn a_module_that_only_says_general_error_is_judged_by_the_canary() {
    let patient = Patient::admit_with_shim(1).await;
    let service = patient.start().await;
    let process = service.workers.process_ids();
    patient.order("error 0x5");
    assert!(service.sign(1).await.is_err());
    patient.order("");
    service.recovers_after("CKR_GENERAL_ERROR").await;
    assert_ne!(
        service.workers.process_ids(),
        process,
        "the canary failed too: a new process"
    );
    service.workers.stop().await;
}

#[tokio::test]
async fn a_wrong_signature_never_leaves_and_raises_an_alarm() {
    let patient = Patient::admit_with_shim(1).await;
    let service = patient.start().await;
    let alarms = Alarms::listen();
    patient.order("corrupt");
    assert_eq!(service.sign(0).await, Err(HsmError::SelfCheckFailed));
    // The canary's signatures are wrong too: the worker is used no more.
    assert!(service.sign(1).await.is_err());
    assert!(alarms.raised() > 0);
    assert!(service.workers.health().await.is_err());
    patient.order("");
    service.recovers_after("a module whose signatures were wrong").await;
    service.workers.stop().await;
}
