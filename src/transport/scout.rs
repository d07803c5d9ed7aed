//! What can be seen of the way to a target without a logon, one stage after the other.
//!
//! Nothing here proves anybody: no password leaves, and no server counts a failed logon. Faults are the same
//! [`Error`]s that a run would meet at that stage.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::Instant;

use super::Error;
use super::http::{self, TlsCache};
#[cfg(feature = "ssh")]
use super::ssh;
use crate::target::{Endpoint, Target};
use crate::wsman::Identity;

/// Looks at the ways to targets. One per process: what it loads, it loads once.
#[derive(Default)]
pub struct Scout {
    tls_cache: TlsCache,
}

/// A stage of the way before the logon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outlook {
    /// The name's addresses.
    Dns,
    /// The connection to the port.
    Tcp,
    /// The TLS handshake, with the certificate.
    Tls,
    /// Who answers: WSMan's Identify.
    Identify,
    /// The mechanisms of logon that are offered.
    Mechanisms,
    /// The host's clock.
    Clock,
    /// The SSH server's version and key.
    HostKey,
    /// The ways to log on to the SSH server.
    Methods,
}

/// What was seen at a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// The addresses of the name.
    Addresses(Vec<IpAddr>),
    /// This one takes connections.
    Connected(SocketAddr),
    /// A TLS channel.
    Secured {
        /// `TLS 1.3`.
        protocol: &'static str,
        /// The last second of the certificate's validity, in seconds since 1970.
        ends: u64,
        /// Seconds until then; 0 when it is over.
        left: u64,
        /// Bits of its RSA key, if it has one.
        rsa_bits: Option<usize>,
        /// Nobody has checked the certificate.
        unchecked: bool,
    },
    /// Who answers; `None` if it tells only those who have logged on.
    Identity(Option<Identity>),
    /// The mechanisms that are offered.
    Offers(Vec<String>),
    /// By so many seconds the host's clock is ahead of ours; it shows whole seconds.
    Ahead(i64),
    /// An SSH server.
    Server {
        /// The line that it greets with.
        banner: String,
        /// Kind and fingerprint of its key.
        key: String,
    },
    /// The ways to log on that the SSH server offers to this user.
    Methods(Vec<String>),
}

impl Sight {
    /// The stage at which it was seen.
    pub fn stage(&self) -> Outlook {
        match self {
            Self::Addresses(_) => Outlook::Dns,
            Self::Connected(_) => Outlook::Tcp,
            Self::Secured { .. } => Outlook::Tls,
            Self::Identity(_) => Outlook::Identify,
            Self::Offers(_) => Outlook::Mechanisms,
            Self::Ahead(_) => Outlook::Clock,
            Self::Server { .. } => Outlook::HostKey,
            Self::Methods(_) => Outlook::Methods,
        }
    }
}

/// Where the way ends, and why.
#[derive(Debug, Clone)]
pub struct Halt {
    /// The stage that is not passed.
    pub stage: Outlook,
    /// How long it took to find that out.
    pub took: Duration,
    /// The cause.
    pub error: Error,
}

/// All that was seen, and how long each took.
#[derive(Debug)]
pub struct Sights {
    /// In order.
    pub seen: Vec<(Sight, Duration)>,
    since: Instant,
}

impl Sights {
    fn new() -> Self {
        Self { seen: Vec::new(), since: Instant::now() }
    }

    pub(super) fn saw(&mut self, sight: Sight) {
        let now = Instant::now();
        self.seen.push((sight, now - self.since));
        self.since = now;
    }

    pub(super) fn halt(&self, stage: Outlook, error: Error) -> Halt {
        Halt { stage, took: self.since.elapsed(), error }
    }
}

impl Scout {
    /// Looks at the way to a target, as far as it goes without a logon and within the connect timeout. What is behind a
    /// bastion is seen only by those who log on to that.
    pub async fn look(&self, target: &Target) -> (Sights, Option<Halt>) {
        let mut sights = Sights::new();
        let limit = target.timeouts.connect;
        let end = match &target.endpoint {
            Endpoint::Winrm(endpoint) => http::look(endpoint, limit, &self.tls_cache, &mut sights).await,
            #[cfg(feature = "ssh")]
            Endpoint::Ssh(endpoint) => {
                ssh::look(endpoint, target.credential.as_deref(), limit, self.tls_cache.tunnels().client(), &mut sights)
                    .await
            }
            _ => Ok(()),
        };
        (sights, end.err())
    }
}
