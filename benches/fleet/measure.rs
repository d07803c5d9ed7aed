//! Figures and how they are printed: name, value, unit.

use std::time::{Duration, Instant};

/// Prints one figure as a row of the table.
pub(crate) fn row(name: &str, value: f64, unit: &str) {
    let digits = if value < 10.0 { 2 } else { 0 };
    println!("{name:<58} {value:>10.digits$} {unit}");
}

/// The median of several passes, each timing itself.
pub(crate) fn median(passes: usize, mut pass: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<_> = (0..passes).map(|_| pass()).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// How long something takes.
pub(crate) fn time(work: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}
