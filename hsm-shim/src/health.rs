//! How a token and its processes stand, as operators see it.

use serde::{Deserialize, Serialize};

/// A look at the supervisor's books; nothing is asked of the module for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthReport {
    /// The token's label.
    pub token: String,
    pub workers: Vec<WorkerReport>,
    /// Requests that wait for a worker.
    pub queued: usize,
    /// Requests that a worker has.
    pub in_flight: usize,
    /// The PIN was refused: nothing is started until an operator acts.
    pub pin_latched: bool,
}

/// One worker process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerReport {
    pub state: WorkerState,
    /// While it is ready.
    pub pid: Option<u32>,
    /// How often another process was started in its place.
    pub restarts: u64,
    /// Logins that the module lost, as the last probe told.
    pub login_epoch: u64,
    /// Keys unwrapped since it started; it is replaced before a leak of the module matters.
    pub unwraps: u64,
    /// Resident memory, in octets.
    pub resident: Option<u64>,
    /// Why it is not ready.
    pub error: Option<String>,
}

/// Where a worker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkerState {
    /// Being started; it signs with the canary key before it is ready.
    Starting,
    Ready,
    /// The last start failed; another is coming.
    Down,
    /// The PIN was refused.
    Latched,
    Stopped,
}
