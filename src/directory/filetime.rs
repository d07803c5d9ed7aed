//! Times as Windows' directories note them (MS-DTYP 2.3.3): steps of 100 ns since the year 1601.

use jiff::Timestamp;

/// Between the year 1601 and 1970, in seconds.
pub(super) const FROM_1601: i64 = 11_644_473_600;

/// Steps in a second.
pub(super) const PER_SECOND: i64 = 10_000_000;

/// A time in steps.
pub(super) fn of_time(time: Timestamp) -> i64 {
    (time.as_second() + FROM_1601).saturating_mul(PER_SECOND)
}

/// The time of an attribute; none where nothing was noted, or never is meant.
pub(super) fn time_of(steps: &str) -> Option<Timestamp> {
    let steps: i64 = steps.parse().ok()?;
    let seconds = steps / PER_SECOND - FROM_1601;
    (0 < steps && steps < i64::MAX).then(|| Timestamp::from_second(seconds).ok()).flatten()
}
