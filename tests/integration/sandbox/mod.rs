//! The sandbox, driven by clients that we did not write.

mod protocol;
mod pypsrp;
