//! Causes in words: what the network, the server or the protocol did, with the code and the next step.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use russh::ChannelOpenFailure;

use super::super::Error;
use super::host_key::Notes;
use crate::event::Reason;
use crate::target::AddressFamily;

/// What a server needs.
pub(super) const START_HINT: &str = "install PowerShell 7 there, and add `Subsystem powershell /usr/bin/pwsh -sshs -NoLogo -NoProfile` \
     to its sshd_config";

/// What helps against a busy server.
const BUSY_HINT: &str = "an sshd turns connections away while MaxStartups of them have not logged on, and for a while after failed logons \
     (PerSourcePenalties): allow more --retries, lower --throttle, or raise MaxStartups there";

/// How many characters of a greeting are shown.
const SHOWN: usize = 32;

/// Whether an OpenSSH server turned the connection away in place of its version (sshd.c of 8.5 and later).
fn is_busy(greeting: &str) -> bool {
    ["Exceeded MaxStartups", "Not allowed at this time"].iter().any(|words| greeting.starts_with(words))
}

pub(super) fn dns(address: &str, error: &io::Error) -> Error {
    Error::new(Reason::Dns, format!("the name {address} has no address: {error}"))
        .with_hint("check the spelling, or set the target's address in the inventory")
}

/// A name without an address of the family that alone may be used.
pub(super) fn no_address_of(address: &str, family: AddressFamily) -> Error {
    Error::new(Reason::Dns, format!("the name {address} has no {family} address, and no other may be used"))
        .with_hint("the SSH configuration says so: AddressFamily")
}

pub(super) fn no_answer(socket: SocketAddr, limit: Duration) -> Error {
    Error::new(Reason::ConnectTimeout, format!("no answer from {socket} within {:.1} s", limit.as_secs_f64()))
        .with_hint("is the host up, and does a firewall let SSH through?")
        .retryable()
}

pub(super) fn connecting(socket: SocketAddr, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            Error::new(Reason::Refused, format!("nobody listens on {socket}: connection refused"))
                .with_hint("is an SSH server running there, and is it the right port?")
                .retryable()
        }
        io::ErrorKind::TimedOut => {
            Error::new(Reason::ConnectTimeout, format!("no answer from {socket}: {error}")).retryable()
        }
        _ => Error::new(Reason::Network, format!("cannot connect to {socket}: {error}")).retryable(),
    }
}

/// A bastion that opened no connection to the next stop.
pub(super) fn jump(bastion: &str, next: &str, error: &russh::Error) -> Error {
    match error {
        russh::Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed) => {
            Error::new(Reason::Network, format!("bastion {bastion} cannot connect to {next}")).retryable()
        }
        russh::Error::ChannelOpenFailure(ChannelOpenFailure::AdministrativelyProhibited) => {
            Error::new(Reason::Network, format!("bastion {bastion} forbids connections to {next}"))
                .with_hint("its sshd needs AllowTcpForwarding and a PermitOpen for this address")
        }
        error => Error::new(Reason::Network, format!("bastion {bastion} opens no way to {next}: {error}")),
    }
}

/// A handshake that failed, for another reason than the host key.
pub(super) fn handshake(place: &str, error: &russh::Error, greeting: &str) -> Error {
    use russh::Error as E;
    // Other lines may stand before the version (RFC 4253 4.2).
    let is_ssh = greeting.lines().any(|line| line.starts_with("SSH-"));
    match error {
        _ if !is_ssh && is_busy(greeting) => {
            let said = greeting.lines().next().unwrap_or_default().escape_debug().to_string();
            Error::new(Reason::Network, format!("the SSH server {place} is busy: it says `{said}`"))
                .with_hint(BUSY_HINT)
                .retryable()
        }
        E::HUP | E::Disconnect | E::IO(_) if greeting.is_empty() => {
            Error::new(Reason::Network, format!("{place} closed the connection before it said who it is"))
                .with_hint(BUSY_HINT)
                .retryable()
        }
        _ if !is_ssh && !greeting.is_empty() => {
            let said: String = greeting.chars().take(SHOWN).collect();
            let said = said.escape_debug();
            Error::new(Reason::Protocol, format!("what answers on {place} is not an SSH server: it says `{said}`"))
                .with_hint("check the port; WinRM is --transport winrm")
        }
        E::Version => Error::new(Reason::Protocol, format!("what answers on {place} is not an SSH server"))
            .with_hint("check the port; WinRM is --transport winrm"),
        E::NoCommonAlgo { kind, theirs, .. } => Error::new(
            Reason::Protocol,
            format!("no {kind:?} algorithm in common with {place}, which offers {}", theirs.join(", ")),
        ),
        E::HUP | E::Disconnect | E::IO(_) => {
            Error::new(Reason::Network, format!("{place} closed the connection during the key exchange: {error}"))
                .with_hint(BUSY_HINT)
                .retryable()
        }
        error => Error::new(Reason::Protocol, format!("key exchange with {place} failed: {error}")),
    }
}

/// A session that ended while we talked.
pub(super) fn gone(place: &str, doing: &str, notes: &Notes) -> Error {
    let cause = notes.farewell().unwrap_or_else(|| "connection closed".to_owned());
    Error::new(Reason::Network, format!("{place} hung up while {doing}: {cause}")).retryable()
}
