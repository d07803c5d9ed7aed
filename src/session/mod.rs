//! Sessions: one runspace pool joined to one carrier.
//!
//! In: a connected [`crate::transport::Carrier`] and a [`crate::psrp::Command`]. Out: records, handed to a
//! [`Records`] as they arrive, and a [`RunReport`]. A session does not know which transport carries it. Retries and
//! outcomes are left to `fleet`.

mod course;
mod error;
mod halt;
mod key;
mod lease;
mod open;
mod records;
mod refusal;
mod run;

pub use error::Error;
pub use halt::STOP_WAIT;
pub use lease::{ConnectionKey, Sessions};
pub use open::{Session, close};
pub use records::{HostReply, Records};
pub use run::{Ending, RunOptions, RunReport, Unconfirmed};
