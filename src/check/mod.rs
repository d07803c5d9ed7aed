//! Health checks: what a script returns, judged by ranges, expressions and counts.
//!
//! In comes the text of a check file, out goes a [`Definition`], or every mistake of the file at once ([`read`]). No file is
//! opened here and no clock is read: whoever has the text brings it.

mod definition;
mod expression;
mod fleet_rule;
mod range;
mod reader;
mod rule;
mod state;
mod template;

pub use definition::{Body, Definition, Schedule};
pub use expression::{Expression, Pattern};
pub use fleet_rule::{Amount, Comparison, Counted, Demand, FleetRule};
pub use range::Range;
pub use reader::{parse, read};
pub use rule::{Alarms, Judge, Perf, Rule};
pub use state::State;
pub use template::Template;
