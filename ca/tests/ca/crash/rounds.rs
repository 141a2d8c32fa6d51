//! SIGKILL at each of the eight points of an issuance, again and again: L-02, with the token behind the real worker process.
//!
//! Each round is a process of its own: it closes what the killed one left, checks everything, repeats what was not answered,
//! issues from several tasks at once, and is killed at the point of its round. `SIGNUM_CRASH_SECONDS` makes it longer.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use signum_ca::Point;

mod books;
mod ledger;
mod process;

/// What a round's process is told; the first round has no point and makes token, database and keys.
const ROUND: &str = "SIGNUM_CRASH_ROUND";
const TEST: &str = "crash::rounds::a_process_killed_anywhere_leaves_no_signature_without_a_record";

#[test]
fn a_process_killed_anywhere_leaves_no_signature_without_a_record() {
    if let Ok(round) = std::env::var(ROUND) {
        let directory = PathBuf::from(std::env::var_os("SIGNUM_CRASH_DIRECTORY").unwrap());
        return process::run(
            &directory,
            Point::ALL.into_iter().find(|point| format!("{point:?}") == round),
        );
    }
    let seconds = std::env::var("SIGNUM_CRASH_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok());
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(0));
    let directory = tempfile::tempdir().unwrap();
    round(directory.path(), None);
    let mut kills = 0;
    // Once through all points, and again for as long as was asked.
    while kills == 0 || Instant::now() < until {
        for point in Point::ALL {
            round(directory.path(), Some(point));
            kills += 1;
        }
    }
    round(directory.path(), None);
    println!(
        "{kills} kills: {}",
        std::fs::read_to_string(directory.path().join("figures")).unwrap()
    );
}

/// One process; killed at `point`, or left to its end without one.
fn round(directory: &Path, point: Option<Point>) {
    let conf = signum_hsm_shim::init::softhsm_conf(directory).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([TEST, "--exact", "--nocapture"])
        .env(ROUND, point.map_or_else(String::new, |point| format!("{point:?}")))
        .env("SIGNUM_CRASH_DIRECTORY", directory)
        .env("SOFTHSM2_CONF", conf)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    match point {
        // SIGKILL.
        Some(point) => assert_eq!(output.status.signal(), Some(9), "{point:?}: {said}\n{errors}"),
        None => assert!(output.status.success(), "{said}\n{errors}"),
    }
}
