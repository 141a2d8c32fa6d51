//! Everything of the CA that reads DER from outside, under mutated objects of a real CA: no panic, no hang, no flood of memory,
//! and only the protocol's own refusals.
//!
//! `SIGNUM_FUZZ_SECONDS` (12) is the time of all targets together, `SIGNUM_FUZZ_SEED` another start, `SIGNUM_FUZZ_TARGET`
//! one target alone, `SIGNUM_FUZZ_FINDINGS` the folder that findings go to. What was found once lies in `kept/` and is tried first in every run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[allow(dead_code)] // The CA's own tests use the rest.
#[path = "../../../../ca/tests/ca/house.rs"]
mod house;
mod objects;
mod targets;

use std::path::{Path, PathBuf};
use std::time::Duration;

use objects::Objects;
use signum_fuzz::{Figures, run};

#[test]
fn der_from_outside_is_taken_or_refused_in_good_order() {
    let findings = std::env::var_os("SIGNUM_FUZZ_FINDINGS").map(PathBuf::from);
    let findings = findings.unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fuzz-findings"));
    let table = findings.join("figures.txt");
    house::in_own_process(|dir| async move {
        let house = house::open(&dir, house::config()).await;
        let objects = Objects::of(&house).await;
        let figures = tokio::task::block_in_place(|| run_all(&house, &objects, &findings));
        std::fs::create_dir_all(&findings).unwrap();
        std::fs::write(findings.join("figures.txt"), rows(&figures)).unwrap();
        let found: Vec<_> = figures.iter().flat_map(|figures| &figures.findings).collect();
        assert!(found.is_empty(), "{found:#?}");
    });
    print!("{}", std::fs::read_to_string(table).unwrap());
}

fn run_all(house: &house::House, objects: &Objects, findings: &Path) -> Vec<Figures> {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let mut targets = targets::all(house, objects);
    if let Ok(only) = std::env::var("SIGNUM_FUZZ_TARGET") {
        targets.retain(|target| target.name == only);
    }
    let count = u32::try_from(targets.len()).unwrap();
    let each = Duration::from_secs(number("SIGNUM_FUZZ_SECONDS").unwrap_or(12)) / count;
    let seed = number("SIGNUM_FUZZ_SEED").unwrap_or(1);
    let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("kept");
    targets
        .iter_mut()
        .map(|target| run(target, seed, each, &kept, findings))
        .collect()
}

fn rows(figures: &[Figures]) -> String {
    let mut out = format!(
        "{:<22} {:>10} {:>8} {:>9} {:>12} {:>8}\n",
        "target", "inputs", "seconds", "per s", "slowest ms", "findings"
    );
    for row in figures {
        #[allow(clippy::cast_precision_loss)]
        let rate = row.executions as f64 / row.seconds;
        let slowest = row.slowest.as_secs_f64() * 1000.0;
        out += &format!(
            "{:<22} {:>10} {:>8.1} {:>9.0} {:>12.1} {:>8}\n",
            row.name,
            row.executions,
            row.seconds,
            rate,
            slowest,
            row.findings.len()
        );
    }
    out
}
