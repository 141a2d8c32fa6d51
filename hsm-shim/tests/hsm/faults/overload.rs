//! Sixty-four callers before a slow or hanging module: a bounded queue, `Overloaded` with a time to return, no pile of threads.

use std::time::Duration;

use signum_hsm_shim::HsmError;

use super::patient::{Patient, Service, is_passing, together};
use crate::bench::in_own_process;

const CALLERS: u8 = 64;

/// A test of its own process, so that its threads can be counted.
fn alone(test: impl AsyncFnOnce()) {
    in_own_process(|_| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(test());
    });
}

fn threads(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let count = status.lines().find_map(|line| line.strip_prefix("Threads:"));
    count.unwrap().trim().parse().unwrap()
}

async fn admit(queue: usize, deadline: Duration) -> (Patient, Service) {
    let mut patient = Patient::admit_with_shim(1).await;
    patient.config.queue = queue;
    patient.config.deadline = deadline;
    let service = patient.start().await;
    service.sign(0).await.unwrap();
    (patient, service)
}

#[test]
fn callers_of_a_slow_module_are_served_in_turn_or_told_when_to_return() {
    alone(async || {
        let (patient, service) = admit(8, Duration::from_secs(30)).await;
        let worker = service.workers.process_ids()[0];
        let (own_before, theirs_before) = (threads(std::process::id()), threads(worker));
        patient.order("delay 10");
        let (mut turned_away, mut most) = (0, (0, 0));
        let mut waiting: Vec<u8> = (0..CALLERS).collect();
        while !waiting.is_empty() {
            let answers = together(waiting.iter().map(|n| service.sign(*n))).await;
            most = (most.0.max(threads(std::process::id())), most.1.max(threads(worker)));
            let mut return_after = 0;
            let mut again = Vec::new();
            for (n, answer) in waiting.into_iter().zip(answers) {
                match answer {
                    Ok(()) => {}
                    Err(HsmError::Overloaded { retry_after_ms }) => {
                        assert!((1..=60_000).contains(&retry_after_ms), "{retry_after_ms}");
                        return_after = return_after.max(retry_after_ms);
                        turned_away += 1;
                        again.push(n);
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            // As a caller does who was told so.
            tokio::time::sleep(Duration::from_millis(return_after)).await;
            waiting = again;
        }
        assert!(turned_away > 0, "64 callers do not fit a queue of 8");
        assert!(most.0 <= own_before + 1, "{own_before} threads became {}", most.0);
        assert!(most.1 <= theirs_before + 1, "{theirs_before} threads became {}", most.1);
        assert_eq!(service.workers.process_ids(), [worker], "slow is not stuck");
        println!(
            "fault matrix | slow module, 64 callers: {turned_away} told to return, all served; threads {own_before} -> {}, worker {theirs_before} -> {}",
            most.0, most.1
        );
        service.workers.stop().await;
    });
}

#[test]
fn callers_of_a_hanging_module_all_hear_before_the_deadline_and_threads_do_not_pile_up() {
    alone(async || {
        let (patient, service) = admit(1_000, Duration::from_secs(1)).await;
        let worker = service.workers.process_ids();
        let before = threads(std::process::id());
        patient.order("hang");
        let answers = together((0..CALLERS).map(|n| service.sign(n))).await;
        for answer in &answers {
            assert!(answer.as_ref().is_err_and(is_passing), "{answer:?}");
        }
        assert!(
            answers
                .iter()
                .any(|answer| matches!(answer, Err(HsmError::Timeout { .. })))
        );
        assert!(threads(std::process::id()) <= before + 1);
        patient.order("");
        service.recovers_after("a hanging module with 64 callers").await;
        assert_ne!(service.workers.process_ids(), worker, "the hanging process was killed");
        service.workers.stop().await;
    });
}
