//! What a process holds: memory, descriptors, threads (proc(5)).

use std::fs;
use std::time::Duration;

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

/// Processor time the processes have used so far, in and for them; proc(5) counts it in hundredths of a second.
pub fn processor(processes: &[u32]) -> Result<Duration> {
    let mut sum = Duration::ZERO;
    for process in processes {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        let (_, after_name) = stat.rsplit_once(')').context("no name in stat")?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        // Fields 14 and 15 of the line; the first after the name is the third.
        for place in [11, 12] {
            let ticks: u64 = fields.get(place).context("a short stat")?.parse()?;
            sum += Duration::from_millis(ticks * 10);
        }
    }
    Ok(sum)
}
