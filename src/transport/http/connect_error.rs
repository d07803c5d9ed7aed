//! Why there is no connection to an HTTP server.

use std::fmt;

#[cfg(feature = "ssh")]
use crate::transport::Error;
use crate::transport::tcp;

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum ConnectError {
    /// No TCP connection.
    Tcp(tcp::Fault),
    /// No connection through the bastion.
    #[cfg(feature = "ssh")]
    Bastion(Error),
    /// The TLS handshake failed.
    Tls(std::io::Error),
    /// It took longer than it may.
    TimedOut,
    /// The address cannot be that of a server.
    Address(String),
    /// The connection broke before the first request.
    Http(hyper::Error),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(fault) => fault.fmt(f),
            #[cfg(feature = "ssh")]
            Self::Bastion(error) => error.fmt(f),
            Self::Tls(cause) => cause.fmt(f),
            Self::TimedOut => f.write_str("timed out"),
            Self::Address(address) => write!(f, "'{address}' is not an address"),
            Self::Http(cause) => cause.fmt(f),
        }
    }
}
