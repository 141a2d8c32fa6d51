//! Periodic work that one replica at a time does: each run holds a lease in the table `job_lease`.
//!
//! ```no_run
//! # use std::time::Duration;
//! # use signum_core::{Cx, DbError, jobs::{Job, Runner}, params};
//! # async fn start(cx: Cx, stop: tokio_util::sync::CancellationToken) {
//! let of_job = cx.clone();
//! let sweep = Job::new("idp.sweep", Duration::from_secs(60), move || {
//!     let cx = of_job.clone();
//!     async move {
//!         let now = cx.now();
//!         cx.db.run("sweep", |tx| async move { tx.exec("DELETE FROM code WHERE until < $1", params![now]).await }).await?;
//!         Ok::<(), DbError>(())
//!     }
//! });
//! tokio::spawn(Runner::new(cx, vec![sweep]).run(stop));
//! # }
//! ```
//! An error or a panic is logged and counted and never ends the runner. After a run the lease is kept until the next one is
//! due, so several replicas together still run a job once a period; a replica that dies is replaced then at the latest.
//!
//! Metrics: `job_runs_total{job,outcome}` (`ok`, `error`, `panic`, `lease_lost`), `job_seconds{job}`,
//! `job_last_success_timestamp_seconds{job}`.

mod lease;

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::cx::Cx;
use crate::db::DbError;
use lease::Lease;

/// Whatever a job fails with; its `Display` is logged, so no personal data in it.
pub type JobError = Box<dyn std::error::Error + Send + Sync>;
type Pending = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;
type Work = Arc<dyn Fn() -> Pending + Send + Sync>;

/// A lease that is not renewed lapses after this time.
const LEASE: Duration = Duration::from_secs(15);
/// How long a running job may go on after the stop was asked for.
const GRACE: Duration = Duration::from_secs(5);
/// A running job renews its lease this often.
const RENEWAL: Duration = Duration::from_secs(5);

/// One kind of periodic work.
#[derive(Clone)]
pub struct Job {
    pub name: &'static str,
    pub every: Duration,
    run: Work,
}

impl Job {
    pub fn new<F, Fut, E>(name: &'static str, every: Duration, run: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<JobError>,
    {
        let run: Work = Arc::new(move || {
            let work = run();
            Box::pin(async move { work.await.map_err(Into::into) })
        });
        Self { name, every, run }
    }
}

/// How one attempt to run a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    Error,
    Panic,
    /// Another replica holds the lease; nothing was done.
    NotOurs,
    /// The lease could not be renewed in time; the work was stopped.
    LeaseLost,
}

/// Runs a service's jobs until it is told to stop.
pub struct Runner {
    cx: Cx,
    holder: [u8; 16],
    jobs: Vec<Job>,
}

impl Runner {
    pub fn new(cx: Cx, jobs: Vec<Job>) -> Self {
        let holder = cx.random.bytes();
        Self { cx, holder, jobs }
    }

    /// Every job in a loop of its own; returns after `stop`, when what runs has ended and the leases are given back.
    pub async fn run(self, stop: CancellationToken) {
        let loops = self.jobs.iter().map(|job| self.repeat(job, &stop));
        futures::future::join_all(loops).await;
    }

    async fn repeat(&self, job: &Job, stop: &CancellationToken) {
        let out_of_patience = async {
            stop.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::pin!(out_of_patience);
        while !stop.is_cancelled() {
            let span = tracing::info_span!("job", job = job.name);
            tokio::select! {
                attempt = self.once(job).instrument(span) => if let Err(error) = attempt {
                    tracing::error!(job = job.name, %error, "the lease could not be asked for");
                },
                () = &mut out_of_patience => tracing::warn!(job = job.name, "a running job was cut off"),
            }
            tokio::select! {
                () = tokio::time::sleep(job.every) => {}
                () = stop.cancelled() => break,
            }
        }
        if let Err(error) = self.lease(job).give_back().await {
            tracing::warn!(job = job.name, %error, "the lease was not given back; it lapses by itself");
        }
    }

    /// One attempt, as the loop makes it; tests call it directly.
    pub async fn once(&self, job: &Job) -> Result<Outcome, DbError> {
        let lease = self.lease(job);
        if !lease.hold(LEASE).await? {
            return Ok(Outcome::NotOurs);
        }
        let started = Instant::now();
        let outcome = attend((job.run)(), &lease).await;
        self.count(job, outcome, started.elapsed());
        if outcome != Outcome::LeaseLost {
            lease.hold(job.every.max(RENEWAL)).await?;
        }
        Ok(outcome)
    }

    fn lease(&self, job: &Job) -> Lease<'_> {
        Lease {
            cx: &self.cx,
            name: job.name,
            holder: self.holder,
        }
    }

    fn count(&self, job: &Job, outcome: Outcome, taken: Duration) {
        let word = match outcome {
            Outcome::Ok => "ok",
            Outcome::Error => "error",
            Outcome::Panic => "panic",
            Outcome::NotOurs => return,
            Outcome::LeaseLost => "lease_lost",
        };
        metrics::counter!("job_runs_total", "job" => job.name, "outcome" => word).increment(1);
        metrics::histogram!("job_seconds", "job" => job.name).record(taken.as_secs_f64());
        if outcome == Outcome::Ok {
            #[allow(clippy::cast_precision_loss)]
            let now = self.cx.now().seconds() as f64;
            metrics::gauge!("job_last_success_timestamp_seconds", "job" => job.name).set(now);
        }
    }
}

/// Does the work while renewing its lease.
async fn attend(work: Pending, lease: &Lease<'_>) -> Outcome {
    let mut work = AssertUnwindSafe(work).catch_unwind();
    loop {
        tokio::select! {
            ended = &mut work => return match ended {
                Ok(Ok(())) => Outcome::Ok,
                Ok(Err(error)) => {
                    tracing::error!(%error, "a job failed");
                    Outcome::Error
                }
                Err(_) => {
                    tracing::error!("a job panicked");
                    Outcome::Panic
                }
            },
            () = tokio::time::sleep(RENEWAL) => {
                if !matches!(lease.hold(LEASE).await, Ok(true)) {
                    tracing::error!("the lease of a running job could not be renewed; it is stopped");
                    return Outcome::LeaseLost;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
