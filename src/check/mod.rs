//! Health checks: what a script returns, judged by ranges, expressions and counts.
//!
//! In comes the text of a check file, out goes a [`Definition`], or every mistake of the file at once ([`read`]). Objects
//! that the script returned go into a [`Judgement`], and a [`Verdict`] comes out. No file is opened here and no clock is
//! read: whoever has the text and the objects brings them.

mod alarms;
mod definition;
mod explanation;
mod expression;
mod fleet_rule;
mod fleet_verdict;
mod formats;
mod judgement;
mod overrides;
mod range;
mod reader;
mod report;
mod rule;
mod state;
mod template;
mod verdict;

pub use definition::{Body, Definition, Schedule};
pub use explanation::explain;
pub use expression::{Expression, Pattern};
pub use fleet_rule::{Amount, Comparison, Counted, Demand, FleetRule};
pub use fleet_verdict::{Judged, judge_fleet};
pub use formats::{Form, Look, Paint, fleet_line, host_line};
pub use judgement::Judgement;
pub use overrides::{Setting, concerns_checks, overridden};
pub use range::Range;
pub use reader::{parse, read};
pub use report::{CheckReport, HostReport, Last, Report};
pub use rule::{Alarms, Judge, Perf, Rule};
pub use state::State;
pub use template::Template;
pub use verdict::{Finding, Number, Verdict};
