//! Authentication of HTTP connections without I/O: token steps, message sealing, channel binding.
//!
//! A [`Mechanism`] is one security context, good for one TCP connection: tokens of the server go in, tokens and sealed
//! bodies come out, in the order in which they travel. Sockets, HTTP headers and retries belong to `transport::http`.
//! [`sealed`] is the multipart form of sealed messages, shared with the sandbox, which accepts logons by itself.

mod basic;
mod binding;
mod choose;
mod error;
mod mechanism;
mod ntlm;
pub mod sealed;
mod spnego;
mod upper;
mod windows;

pub use binding::ChannelBinding;
pub use choose::mechanism;
pub use error::Error;
pub use mechanism::{Leg, Mechanism, Step};
pub(crate) use windows::{seal, unseal};
