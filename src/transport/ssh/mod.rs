//! The SSH transport: PowerShell behind an SSH server's `powershell` subsystem, in process, without an `ssh` program.
//!
//! In goes an [`SshEndpoint`](crate::target::SshEndpoint), a credential and the [`Client`] that all sessions of a
//! process share; out comes a [`Carrier`](super::Carrier) over the out-of-process framing. Name resolution, bastions,
//! host keys and authentication happen here, each with its own cause in the error. What the packets mean is left to
//! [`super::outofproc`].
//!
//! A [`Tunnel`] leads other transports to hosts behind a bastion: one connection for all of them, a channel for each of
//! theirs.
//!
//! The bytes of files go by SFTP, over a second channel of the same connection, where the server has it.
//!
//! Host keys are checked against known_hosts files, which are read once. Unknown keys are refused unless the
//! endpoint's policy is [`HostKeyPolicy::AcceptNew`](crate::target::HostKeyPolicy); a changed or revoked key always is.

mod agent;
mod algorithms;
mod auth;
mod bastion;
mod carry;
mod certificate;
mod channel;
mod channel_request;
mod client;
mod connect;
mod dial;
mod fault;
mod host_certificate;
mod host_key;
mod keys;
mod known_hosts;
mod look;
mod notes;
mod pem;
mod sftp;
mod stop;
mod tunnel;

pub use client::Client;
pub use connect::connect;
pub(super) use look::look;
pub use tunnel::{Tunnel, Tunnels};
