//! What operators watch, through the `metrics` facade. Worker processes speak to nobody, so everything is counted here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use super::live::Live;
use crate::error::{Concern, HsmError};
use crate::health::WorkerState;
use crate::key::SignatureAlgorithm;
use crate::worker::Operation;

/// Handles are made once: a lookup for each signature would cost more than the counting.
pub(super) struct Meters {
    token: String,
    queued: Histogram,
    in_flight: Gauge,
    signatures: Counter,
    signing: Vec<(SignatureAlgorithm, Histogram)>,
    restarts: Vec<AtomicU64>,
}

impl Meters {
    pub(super) fn new(token: &str, workers: usize) -> Self {
        let token = token.to_owned();
        let signing = SignatureAlgorithm::ALL.map(|algorithm| {
            let timer = histogram!("hsm_call_seconds", "token" => token.clone(), "operation" => "sign",
                "algorithm" => algorithm.name());
            (algorithm, timer)
        });
        Self {
            queued: histogram!("hsm_queue_seconds", "token" => token.clone()),
            in_flight: gauge!("hsm_in_flight", "token" => token.clone()),
            signatures: counter!("hsm_signatures_total", "token" => token.clone()),
            signing: signing.into(),
            restarts: (0..workers).map(|_| AtomicU64::new(0)).collect(),
            token,
        }
    }

    pub(super) fn entered(&self, waited: Duration, in_flight: usize) {
        self.queued.record(waited.as_secs_f64());
        self.in_flight.set(in_flight as f64);
    }

    pub(super) fn done(&self, operation: Operation, algorithm: Option<(SignatureAlgorithm, usize)>, took: Duration) {
        if let Some((algorithm, signatures)) = algorithm {
            self.signatures.increment(signatures as u64);
            if let Some((_, timer)) = self.signing.iter().find(|(of, _)| *of == algorithm) {
                timer.record(took.as_secs_f64());
            }
        } else {
            histogram!("hsm_call_seconds", "token" => self.token.clone(), "operation" => operation.name(), "algorithm" => "")
                .record(took.as_secs_f64());
        }
    }

    pub(super) fn failed(&self, operation: Operation, error: &HsmError) {
        counter!("hsm_errors_total", "token" => self.token.clone(), "operation" => operation.name(), "kind" => error.kind())
            .increment(1);
        if error.concern() == Concern::Integrity {
            counter!("hsm_self_check_failures_total", "token" => self.token.clone(), "kind" => error.kind())
                .increment(1);
        }
    }

    pub(super) fn restart(&self, index: usize) {
        if let Some(restarts) = self.restarts.get(index) {
            restarts.fetch_add(1, Ordering::Relaxed);
        }
        counter!("hsm_worker_restarts_total", "token" => self.token.clone(), "worker" => index.to_string())
            .increment(1);
    }

    pub(super) fn restarts(&self, index: usize) -> u64 {
        self.restarts
            .get(index)
            .map_or(0, |restarts| restarts.load(Ordering::Relaxed))
    }

    /// 0 starting, 1 ready, 2 down, 3 latched, 4 stopped.
    pub(super) fn state(&self, index: usize, state: WorkerState) {
        let number = match state {
            WorkerState::Starting => 0.0,
            WorkerState::Ready => 1.0,
            WorkerState::Down => 2.0,
            WorkerState::Latched => 3.0,
            WorkerState::Stopped => 4.0,
        };
        gauge!("hsm_worker_state", "token" => self.token.clone(), "worker" => index.to_string()).set(number);
    }

    /// Memory, login epoch and unwraps of a worker.
    pub(super) fn worker(&self, live: &Live) {
        let worker = || ("worker", live.index.to_string());
        let token = || ("token", self.token.clone());
        let set = |name: &'static str, value: u64| gauge!(name, &[token(), worker()]).set(value as f64);
        set("hsm_worker_resident_bytes", live.resident().unwrap_or(0));
        set("hsm_worker_login_epoch", live.login_epoch.load(Ordering::Relaxed));
        set("hsm_worker_unwraps", live.unwraps.load(Ordering::Relaxed));
    }
}
