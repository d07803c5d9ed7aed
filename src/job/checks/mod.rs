//! Checks on the hosts of a run: several scripts one after the other in one session of each host, and their verdicts.
//!
//! [`Checks`] is the task. What belongs to which check is said by [`Mark`]s between the records of a host, which are
//! kept with them: a [`Board`] makes verdicts of the events of a run, whether it is under way or was kept.

mod board;
mod mark;
mod planned;
mod task;
mod verdict_records;

pub use board::Board;
pub use mark::Mark;
pub use planned::Planned;
pub use task::{Checks, Confirm};
