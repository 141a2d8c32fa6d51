//! What a process holds: memory, descriptors, threads (proc(5)).

use std::fs;

use anyhow::{Context, Result};

/// The sum over some processes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Census {
    /// Resident memory in KiB.
    pub memory: u64,
    pub descriptors: usize,
    pub threads: u64,
}

pub fn of(processes: &[u32]) -> Result<Census> {
    let mut sum = Census::default();
    for process in processes {
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let number = |name: &str| -> Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let word = line.and_then(|rest| rest.split_whitespace().next());
            Ok(word.with_context(|| format!("no {name}"))?.parse()?)
        };
        sum.memory += number("VmRSS:")?;
        sum.threads += number("Threads:")?;
        sum.descriptors += fs::read_dir(format!("/proc/{process}/fd"))?.count();
    }
    Ok(sum)
}

/// This process.
pub fn own() -> Result<Census> {
    of(&[std::process::id()])
}
