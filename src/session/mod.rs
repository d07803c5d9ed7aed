//! Sessions: one runspace pool joined to one carrier.
//!
//! In: a connected [`crate::transport::Carrier`] and a [`crate::psrp::Command`]. Out: records, handed to a
//! [`Records`] as they arrive, and a [`RunReport`]. A session does not know which transport carries it. [`Sessions`] is a
//! pool of open ones, which lends each to one user at a time as a [`Lease`]. Retries and outcomes are left to `fleet`.

mod alive;
mod connect;
mod deck;
mod detach;
mod error;
mod halt;
mod key;
mod lease;
mod leaving;
mod open;
mod outgoing;
mod records;
mod refusal;
mod run;
mod running;
mod shelf;
mod stopping;

pub use deck::{Cut, Deck, DeckEnd, DeckIds, Played};
pub use detach::{Followed, Left};
pub use error::Error;
pub use lease::{ConnectionKey, Lease, Place, PoolLimits, Return, Sessions};
pub use open::{Session, Took, close};
pub use records::{HostReply, Records};
pub use run::{Ending, RunOptions, RunReport, Unconfirmed};
pub use stopping::STOP_WAIT;
