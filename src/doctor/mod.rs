//! What keeps a host from being reached, stage by stage, as the task of a run.
//!
//! [`Doctor`] looks at the way as far as it goes without a logon ([`Scout`](crate::transport::Scout)), then opens a
//! session as any run does, through the same gate, and asks the host what it is and which quotas it has. It stops at
//! the first stage that is not passed. In comes a target, out comes a [`Finding`] for each stage, as an object.
//!
//! The causes in words are those of a run. What a cause calls for, and the very commands to run on the host, stand in
//! one table ([`Cause`]); a [fix script](Cause::script) is made of the same commands, all safe to run twice.

mod cause;
mod diagnosis;
mod finding;
mod inspection;
mod prescription;
mod remedy;
mod seen;
mod stage;
mod task;

pub use cause::Cause;
pub use finding::{Finding, Status};
pub use stage::Stage;
pub use task::Doctor;
