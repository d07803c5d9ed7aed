//! The PowerShell Remoting Protocol without I/O (MS-PSRP).
//!
//! In: payload bytes of one channel, as a carrier received them. Out: fragments to send and [`PoolEvent`]s and
//! [`PipelineEvent`]s to act on. A [`Pool`] is the client's end of a runspace pool, a [`Pipeline`] of one invocation
//! in it. How bytes travel, when to wait and when to give up is left to `transport` and `session`.
//!
//! ```
//! use psfleet::psrp::{Opening, Pool, PoolState};
//!
//! let mut pool = Pool::new(uuid::Uuid::new_v4());
//! let fragments = pool.open(Opening::of_a_run(), 32_768).unwrap();
//! // A carrier sends these with the request that creates the shell, and hands what comes back to `handle`.
//! assert!(fragments.iter().all(|fragment| fragment.len() <= 32_768));
//! assert_eq!(pool.state(), PoolState::Opening);
//! pool.handle(b"").unwrap();
//! assert!(pool.poll_event().is_none());
//! ```

mod command;
mod echo;
mod error;
mod fragment;
mod host;
mod input;
mod invocation;
mod key_error;
mod key_exchange;
pub mod message;
mod opening;
mod pipeline;
mod pool;
mod pool_state;
mod secrets;
mod session_key;
#[cfg(test)]
mod tests;
mod written;

pub use command::Command;
pub use error::ProtocolError;
pub use fragment::{Defragmenter, HEADER_LEN, SERVER_MAX_FRAGMENT, cut};
pub use host::HostWriter;
pub use input::Input;
pub use invocation::{Argument, CommandCall, Invocation, MergedStream};
pub use key_error::KeyError;
pub use key_exchange::{ExchangeKey, seal_session_key};
pub use message::host_answer::HostAnswer;
pub use message::host_call::HostCall;
pub use message::host_info::HostInfo;
pub use message::host_method::HostMethod;
pub use opening::Opening;
pub use pipeline::{Pipeline, PipelineEnd, PipelineEvent};
pub use pool::{Pool, PoolEvent, ServerInfo};
pub use pool_state::PoolState;
pub use secrets::SecretArgument;
pub use session_key::{KEY_LEN, SessionKey};
pub use written::CONSOLE_COLORS;
