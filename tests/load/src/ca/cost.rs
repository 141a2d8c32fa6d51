//! Processor time of an operation: this process, the HSM's workers and PostgreSQL's processes together.

use std::fs;
use std::time::Duration;

use anyhow::Result;

use super::Engine;
use super::stand::Stand;
use crate::census;

/// Counts from when it was started.
pub struct Meter {
    processes: Vec<u32>,
    before: Duration,
}

impl Meter {
    pub fn start(stand: &Stand) -> Result<Self> {
        let mut processes = stand.workers.process_ids();
        processes.push(std::process::id());
        if stand.engine == Engine::Postgres {
            processes.extend(postgres());
        }
        let before = census::processor(&processes)?;
        Ok(Self { processes, before })
    }

    pub fn used(&self) -> Result<Duration> {
        Ok(census::processor(&self.processes)?.saturating_sub(self.before))
    }
}

/// Microseconds of one of them.
pub fn each(used: Duration, operations: u64) -> f64 {
    used.as_micros() as f64 / operations.max(1) as f64
}

/// The server that `SIGNUM_LOAD_POSTGRES_PID` names and its children, the pool's connections among them.
pub fn postgres() -> Vec<u32> {
    let server = std::env::var("SIGNUM_LOAD_POSTGRES_PID").ok();
    let Some(server) = server.and_then(|pid| pid.trim().parse::<u32>().ok()) else {
        return Vec::new();
    };
    let parent = |pid: &u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    let Ok(all) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| *pid == server || parent(pid) == Some(server))
        .collect()
}
