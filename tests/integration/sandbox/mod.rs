//! The sandbox, driven by clients that we did not write.

mod pypsrp;
