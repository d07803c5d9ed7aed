//! How long rows wait for those that follow, so that the widths of a table fit them all.

use jiff::SignedDuration;

/// Rows that wait at most.
pub const ROWS: usize = 256;

/// Rows wait no longer than this, once anything else happens.
pub const TIME: SignedDuration = SignedDuration::from_millis(500);
