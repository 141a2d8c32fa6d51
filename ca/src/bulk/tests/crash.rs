//! A process that dies in the middle of a bulk action, without a word.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use signum_core::db::DbUrl;
use signum_core::{Cx, Db, OsRandom, SystemClock};

use super::desk::{Desk, NoToken, of_issuer};
use super::{State, suspend};
use crate::{Config, Deps, Service};

const DATABASE: &str = "SIGNUM_CA_TEST_BULK_DATABASE";
const CERTIFICATES: u32 = 20_000;

/// What the other process does: the job, for ever. By itself this test does nothing.
#[tokio::test]
async fn the_job_of_a_process_that_is_killed() {
    let Ok(url) = std::env::var(DATABASE) else { return };
    let cx = Cx {
        db: Db::open(&DbUrl::try_from(url).unwrap()).await.unwrap(),
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
    };
    let hsm = Arc::new(NoToken);
    let service = Service::new(Config::default(), Deps { cx, hsm }).unwrap();
    loop {
        service.bulk_step().await.unwrap();
    }
}

fn other_process(url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["bulk::tests::crash::the_job_of_a_process_that_is_killed", "--exact"])
        .env(DATABASE, url)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn killed_in_the_middle_it_goes_on_exactly_where_it_was() {
    let mut desk = Desk::new().await;
    desk.certificates(0..CERTIFICATES).await;
    let half = u64::from(CERTIFICATES / 2);
    let id = desk.begun(suspend(of_issuer("qsig"))).await;
    let (url, mut last, mut killed) = (desk.url().await, 0, 0);
    // Each process dies as soon as it has done something, wherever it is then.
    while killed < 5 && last < half {
        let mut process = other_process(&url);
        let mut now = last;
        while now == last {
            now = desk.service.bulk_progress(id).await.unwrap().changed;
            tokio::task::yield_now().await;
        }
        process.kill().unwrap();
        process.wait().unwrap();
        killed += 1;
        let progress = desk.service.bulk_progress(id).await.unwrap();
        let entries = desk.rows("SELECT serial FROM certificate_status", vec![]).await.len() as u64;
        assert_eq!(progress.changed, entries, "what is counted is what is done");
        last = progress.changed;
    }
    assert!(
        killed >= 2 && last < half,
        "{last} after {killed} processes: it must die in the middle"
    );
    assert_eq!(desk.service.bulk_progress(id).await.unwrap().state, State::Running);
    desk.finish(id).await;
    desk.each_once(id, half as usize).await;
}
