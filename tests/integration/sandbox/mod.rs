//! The sandbox, driven by clients that we did not write.

mod faults;
mod inventory;
mod power;
pub(crate) mod protocol;
mod pypsrp;
mod scale;
