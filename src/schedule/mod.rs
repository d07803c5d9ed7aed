//! Who may start when: throttle limit, retries, first use of a credential.
//!
//! In: targets, what became of them, and the time. Out: who is next. Pure: no clock, no I/O, no randomness, so that
//! every rule can be tested with numbers.

mod gate;
mod queue;

pub use gate::{CredentialId, Gate, Verdict};
pub use queue::{Next, Schedule};
