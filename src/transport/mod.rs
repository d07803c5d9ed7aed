//! Carriers: move PSRP fragments to one target and back; connect, authenticate, seal. They know nothing of PSRP.

mod admission;
mod clock;
mod error;
mod files;
pub mod http;
#[cfg(feature = "ldap")]
pub mod ldap;
pub mod local;
pub mod network;
mod offload;
pub mod outofproc;
mod scout;
#[cfg(feature = "ssh")]
pub mod ssh;
mod tail;
mod tcp;
#[cfg(feature = "secrets")]
pub mod vault;
pub mod wsman;

pub use crate::channel::{Channel, Priority};
pub use admission::{Admission, Authenticated, Gatekeeper, Leave, Step};
pub use clock::Clock;
pub use error::Error;
pub use files::{FileReader, FileWriter, Files};
pub(crate) use offload::{offload, offload_on};
pub use scout::{Halt, Outlook, Scout, Sight, Sights};

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

use crate::left_shell::LeftShell;
use crate::outcome::Reason;
use crate::target::Target;

/// Connects to targets: the seam between a run and the transports.
#[async_trait]
pub trait Connector: Send + Sync {
    /// A carrier to the target, connected as far as its transport connects before the first message.
    ///
    /// It asks for leave when the way to the target is open, before it takes up the server's time, and before it proves
    /// a password. Whether the logon succeeds may show only in [`Carrier::create`].
    async fn connect(&self, target: &Target, admission: &Admission) -> Result<Box<dyn Carrier>, Error>;
}

/// What one [`Carrier::receive`] brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received {
    /// Fragment bytes in order: several fragments, or only a part of one.
    pub payload: Vec<u8>,
    /// Nothing more will come on this channel (WSMan CommandState Done).
    pub done: bool,
}

/// One target's way in and out: the verbs that PSRP leaves to its transport.
///
/// All methods take `&self`, so that a receive can wait while another call sends or stops. A carrier takes care of
/// acknowledgements, long polls, lanes and message sizes itself. Dropping a future in flight may cost the carrier a
/// connection, never its correctness.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// The largest fragment it takes, header included, in bytes.
    fn max_fragment(&self) -> usize;

    /// Whether nobody on the way can read what is sent: TLS, sealed messages, SSH, or no way at all.
    fn is_private(&self) -> bool;

    /// Whether messages arrive by themselves, so that listening to the pool costs nothing (out of process). Otherwise
    /// every receive is a request (WSMan).
    fn pushes(&self) -> bool;

    /// Creates the shell and hands over the opening messages. When it returns, the credential was accepted.
    ///
    /// WSMan: Create with `creationXml`. Out of process: one Data packet and its acknowledgement.
    async fn create(&self, pool: Uuid, fragments: Vec<Bytes>) -> Result<(), Error>;

    /// Registers a pipeline and hands over its first messages; the carrier packs fragments as its framing wants.
    ///
    /// WSMan: Command, then Sends for what does not fit. Out of process: Command, its acknowledgement, Data. An error
    /// says by [`Error::nothing_ran`] whether the pipeline is sure not to have begun.
    async fn command(&self, pipeline: Uuid, fragments: Vec<Bytes>) -> Result<(), Error>;

    /// Sends further messages, and returns when the server has accepted them. One call at a time per channel.
    async fn send(&self, to: Channel, priority: Priority, fragments: Vec<Bytes>) -> Result<(), Error>;

    /// Waits for the next bytes of a channel; polls again by itself when a poll ends empty. One call at a time per
    /// channel. `Err` with [`Error::is_link_broken`] when the server is gone.
    async fn receive(&self, from: Channel) -> Result<Received, Error>;

    /// Waits for bytes of the pool that come without being asked for; never returns where none do.
    ///
    /// WSMan: what came while an answer of the server was overdue, and since then. Out of process: all.
    async fn news(&self) -> Result<Received, Error> {
        match self.pushes() {
            true => self.receive(Channel::Pool).await,
            false => std::future::pending().await,
        }
    }

    /// Asks the server to stop a pipeline; its terminal state then comes through [`Carrier::receive`].
    async fn signal(&self, pipeline: Uuid) -> Result<(), Error>;

    /// Gives a finished pipeline's slot back, for a pool that will be used again.
    ///
    /// WSMan: Signal terminate. Out of process: Close, always needed.
    async fn release(&self, pipeline: Uuid) -> Result<(), Error>;

    /// Deletes the shell with everything in it. Never waits longer than ten seconds; safe to call in any state.
    async fn close(&self) -> Result<(), Error>;

    /// Leaves the shell running without its client, to be kept for so long; returns for how long the server keeps it.
    /// From then on nothing else may be asked of it, and [`Carrier::close`] lets it live.
    ///
    /// What was on its way in a [`Carrier::receive`] still comes there, or an error.
    async fn leave(&self, _keep_for: Duration) -> Result<Duration, Error> {
        Err(Error::new(Reason::Internal, "what this transport starts ends with its connection"))
    }

    /// Owns the shell again that was left a moment ago: [`Carrier::close`] deletes it.
    fn own_again(&self) {}

    /// Attaches to a shell that was left, with the messages of its pool, and to the commands in it; returns what the
    /// pool says to that.
    async fn attach(&self, _shell: &LeftShell, _fragments: Vec<Bytes>) -> Result<Vec<u8>, Error> {
        Err(Error::new(Reason::Internal, "there is nothing to attach to over this transport"))
    }

    /// Leaves a shell in the name of its client, which is gone without having done so: then it can be attached to.
    async fn leave_for(&self, _shell: &LeftShell) -> Result<(), Error> {
        Err(Error::new(Reason::Internal, "there is nothing to leave over this transport"))
    }

    /// The server's ids of the shell and of a command that was started in it, where they outlive the connection.
    fn ids(&self, _pipeline: Uuid) -> Option<(String, String)> {
        None
    }

    /// Whether the server may hold a shell of ours: one was asked for, and its end is not confirmed. Never where the
    /// server ends with the connection (SSH, a child).
    fn shell_may_remain(&self) -> bool {
        false
    }

    /// What the server was asked to start PowerShell by, where there is a choice: a subsystem or a command.
    fn started_by(&self) -> Option<&str> {
        None
    }

    /// Why it was not Kerberos that proved the user, where that would have come first; with the next step.
    fn no_kerberos(&self) -> Option<Error> {
        None
    }

    /// How long the server keeps an idle shell before it removes it; `None` where it is kept as long as the connection.
    fn idle_timeout(&self) -> Option<Duration> {
        None
    }

    /// Why nothing has come from the server so far, where the way to it is the cause and not its PowerShell.
    fn stall(&self) -> Option<Error> {
        None
    }

    /// Opens a channel for the bytes of files, where there is one beside the messages (SSH: SFTP). Bounded in time.
    async fn open_files(&self) -> Option<Box<dyn Files>> {
        None
    }
}
