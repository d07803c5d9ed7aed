//! Who may connect, log on and be at work when: two limits, retries, the first proof of a credential.
//!
//! In: targets, how far they are and what became of them, and the time. Out: who is next. Pure: no clock, no I/O, no
//! randomness, so that every rule can be tested with numbers.
//!
//! ```text
//!   waiting --Start--> connecting --connected--> in line --Admit--> at work --closing--> closing --> ended
//!      ^                    |          (a place, and leave to prove the credential)          |
//!      +------ retry -------+---------------------------------------------------------------+
//! ```
//!
//! A run may go by steps (a ramp): nobody starts behind a step before all up to its end have their outcome, and somebody
//! has looked at them. Budgets end it early, cohorts limit targets that share something.
//!
//! Connecting costs a socket and the host's time, not ours, and a dead host takes all the time it may: so it has a
//! limit of its own, and only connected targets take the places of the throttle limit.
//!
//! ```
//! use std::num::NonZeroUsize;
//! use std::time::Duration;
//!
//! use psfleet::outcome::Outcome;
//! use psfleet::schedule::{Gate, Limits, Next, Proof, Schedule};
//! use psfleet::target::TargetId;
//!
//! let one = Limits { throttle: NonZeroUsize::MIN, connecting: NonZeroUsize::MIN };
//! let (first, second, now) = (TargetId(0), TargetId(1), Duration::ZERO);
//! let mut schedule = Schedule::new(one, Gate::new(1), vec![None, None], []);
//! assert_eq!(schedule.next(now), Next::Start { target: first, attempt: 1 });
//! assert_eq!(schedule.next(now), Next::Wait);
//! schedule.ended(first, Outcome::Ok, Proof::Settled);
//! assert_eq!(schedule.next(now), Next::Start { target: second, attempt: 1 });
//! ```

mod brake;
mod budget;
mod gate;
mod limits;
mod line;
mod pace;
mod queue;
mod retry;
mod share;
mod steps;
#[cfg(test)]
mod tests;
mod waiting;

pub use brake::Brake;
pub use budget::{Budgets, Overrun, SAMPLE, Spent};
pub use gate::{CredentialId, Gate, PROOF_PATIENCE, Proof, Trip, TripCause, Verdict};
pub use limits::Limits;
pub use pace::Pace;
pub use queue::{Next, Schedule};
pub use retry::RetryRule;
pub use share::Share;
pub use steps::{Step, ramp};
pub use waiting::Cohorts;
