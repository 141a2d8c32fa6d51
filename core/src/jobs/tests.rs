//! One replica at a time, and nothing ends the runner.
#![allow(clippy::unwrap_used, clippy::panic)]
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::clock::ManualClock;
use crate::db::scratch;

fn counting(runs: &Arc<AtomicU32>) -> Job {
    let runs = Arc::clone(runs);
    Job::new("test.count", Duration::from_secs(60), move || {
        let runs = Arc::clone(&runs);
        async move {
            runs.fetch_add(1, Ordering::SeqCst);
            Ok::<(), DbError>(())
        }
    })
}

async fn two_replicas() -> (Runner, Runner, Arc<ManualClock>, tempfile::TempDir) {
    let (cx, clock, dir) = scratch::cx().await;
    (Runner::new(cx.clone(), vec![]), Runner::new(cx, vec![]), clock, dir)
}

#[tokio::test]
async fn two_replicas_run_a_job_once_a_period() {
    let (one, two, clock, _dir) = two_replicas().await;
    let runs = Arc::new(AtomicU32::new(0));
    let job = counting(&runs);
    assert_eq!(one.once(&job).await.unwrap(), Outcome::Ok);
    clock.advance(Duration::from_secs(59));
    assert_eq!(two.once(&job).await.unwrap(), Outcome::NotOurs);
    clock.advance(Duration::from_secs(1));
    assert_eq!(two.once(&job).await.unwrap(), Outcome::Ok);
    assert_eq!(one.once(&job).await.unwrap(), Outcome::NotOurs);
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn errors_and_panics_do_not_end_the_runner() {
    let (runner, _, _, _dir) = two_replicas().await;
    let failing = Job::new("test.fail", Duration::from_secs(1), || async { Err("no".to_owned()) });
    assert_eq!(runner.once(&failing).await.unwrap(), Outcome::Error);
    let panicking = Job::new("test.panic", Duration::from_secs(1), || async {
        if true {
            panic!("loud");
        }
        Ok::<(), String>(())
    });
    assert_eq!(runner.once(&panicking).await.unwrap(), Outcome::Panic);
    assert_eq!(runner.once(&failing).await.unwrap(), Outcome::Error);
}

#[tokio::test]
async fn a_stopped_runner_gives_its_leases_back() {
    let (cx, _clock, _dir) = scratch::cx().await;
    let runs = Arc::new(AtomicU32::new(0));
    let stop = CancellationToken::new();
    let inside = stop.clone();
    let job = Job::new("test.stop", Duration::from_secs(3600), move || {
        inside.cancel();
        async { Ok::<(), DbError>(()) }
    });
    Runner::new(cx.clone(), vec![job]).run(stop).await;
    let successor = Runner::new(cx, vec![]);
    let same_name = Job {
        name: "test.stop",
        ..counting(&runs)
    };
    assert_eq!(successor.once(&same_name).await.unwrap(), Outcome::Ok);
}
