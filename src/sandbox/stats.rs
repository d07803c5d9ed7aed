//! What a fleet counts.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// The counters of a fleet at one moment; `GET /stats` answers with them as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Stats {
    /// Hosts of the fleet.
    pub hosts: u32,
    /// Shells that are open now.
    pub open_shells: u64,
    /// Commands in them that hold a slot.
    pub open_commands: u64,
    /// PowerShell processes that run now.
    pub engine_processes: u64,
    /// Connections that are open now.
    pub connections: u64,
    /// Logons that succeeded: one for each connection that authenticated.
    pub logons: u64,
    /// Logons that were refused.
    pub failed_logons: u64,
    /// WSMan requests that were answered.
    pub requests: u64,
}

/// The counters that only grow, and the open connections.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) connections: AtomicU64,
    pub(super) logons: AtomicU64,
    pub(super) failed_logons: AtomicU64,
    pub(super) requests: AtomicU64,
}

impl Counters {
    /// Adds one.
    pub(super) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Reads one.
    pub(super) fn read(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}
