//! How long rows wait for those that follow, so that the widths of a table fit them all.
//!
//! Those that wait are in `table/mod.rs` and, for `-o text`, in `out_string`; without an event for a moment
//! `job/sink_thread.rs` calls [`Sink::idle`](super::Sink::idle), which ends the waiting.

use jiff::SignedDuration;

/// Rows that wait at most.
pub(super) const ROWS: usize = 256;

/// Rows wait no longer than this, once anything else happens.
pub(super) const TIME: SignedDuration = SignedDuration::from_millis(500);
