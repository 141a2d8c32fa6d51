//! One worker process that serves, and the callers that use it now.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use tokio::sync::{Mutex, Notify};
use tokio::time::Instant;

use crate::frames::Client;

pub(super) struct Live {
    pub(super) index: usize,
    pub(super) generation: u64,
    pub(super) pid: u32,
    pub(super) client: Client,
    pub(super) login_epoch: AtomicU64,
    pub(super) unwraps: AtomicU64,
    /// Told to be recycled already.
    pub(super) recycling: AtomicBool,
    /// When the canary signed last, and whether it did; one caller probes at a time.
    pub(super) probed: Mutex<Option<(Instant, bool)>>,
    users: AtomicUsize,
    /// Users whose request takes long by its nature.
    long: AtomicUsize,
    unused: Notify,
}

impl Live {
    pub(super) fn new(index: usize, generation: u64, pid: u32, client: Client) -> Self {
        Self {
            index,
            generation,
            pid,
            client,
            login_epoch: AtomicU64::new(0),
            unwraps: AtomicU64::new(0),
            recycling: AtomicBool::new(false),
            probed: Mutex::new(None),
            users: AtomicUsize::new(0),
            long: AtomicUsize::new(0),
            unused: Notify::new(),
        }
    }

    /// Uses in progress; one that makes a key counts like many.
    pub(super) fn load(&self) -> usize {
        self.users.load(Ordering::SeqCst) + 1_000 * self.long.load(Ordering::SeqCst)
    }

    pub(super) fn has_long(&self) -> bool {
        self.long.load(Ordering::SeqCst) > 0
    }

    /// Returns when nobody uses it any more. Only sensible once nobody new can pick it.
    pub(super) async fn until_unused(&self) {
        loop {
            let unused = self.unused.notified();
            if self.users.load(Ordering::SeqCst) == 0 {
                return;
            }
            unused.await;
        }
    }

    /// Resident memory in octets (`VmRSS`, proc(5)).
    pub(super) fn resident(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes * 1024)
    }
}

/// A use of a worker; taken while the standings are looked at, so that a worker about to end is not missed.
pub(super) struct Lease {
    pub(super) live: Arc<Live>,
    long: bool,
}

impl Lease {
    pub(super) fn take(live: &Arc<Live>, long: bool) -> Self {
        live.users.fetch_add(1, Ordering::SeqCst);
        if long {
            live.long.fetch_add(1, Ordering::SeqCst);
        }
        Self {
            live: live.clone(),
            long,
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.long {
            self.live.long.fetch_sub(1, Ordering::SeqCst);
        }
        if self.live.users.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.live.unused.notify_waiters();
        }
    }
}
