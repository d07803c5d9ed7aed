//! The way to the port of a host: from this machine, or from the last SSH bastion before the host.

use std::time::Duration;

#[cfg(feature = "ssh")]
use futures::FutureExt;
use tokio::io::DuplexStream;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::either::Either;

use super::connect_error::ConnectError;
use crate::transport::{Admission, Error, tcp};

/// What HTTP is spoken over, before TLS.
pub(super) type Socket = Either<TcpStream, DuplexStream>;

/// How connections to a host are made.
#[derive(Debug, Clone)]
pub(super) enum Route {
    /// By this machine.
    Direct,
    /// Through bastions, by the last of them.
    #[cfg(feature = "ssh")]
    Behind {
        tunnel: std::sync::Arc<crate::transport::ssh::Tunnel>,
        /// Gives leave to show them a password, where a connection takes the place of a broken one.
        admission: Admission,
    },
}

impl Route {
    /// The same for an attempt that has to ask for leave.
    pub(super) fn by(&self, admission: &Admission) -> Self {
        match self {
            Self::Direct => {
                let _ = admission;
                Self::Direct
            }
            #[cfg(feature = "ssh")]
            Self::Behind { tunnel, .. } => {
                Self::Behind { tunnel: std::sync::Arc::clone(tunnel), admission: admission.clone() }
            }
        }
    }

    /// Opens what stands before all connections.
    pub(super) async fn open(&self, admission: &Admission, limit: Duration) -> Result<(), Error> {
        match self {
            Self::Direct => {
                let _ = (admission, limit);
                Ok(())
            }
            #[cfg(feature = "ssh")]
            Self::Behind { tunnel, .. } => tunnel.open(admission, limit).boxed().await,
        }
    }

    /// Connects to a port. Every request holds this future; one through bastions is deep, and stands apart.
    pub(super) async fn dial(&self, address: &str, port: u16, deadline: Instant) -> Result<Socket, ConnectError> {
        match self {
            Self::Direct => tcp::dial(address, port, deadline).await.map(Either::Left).map_err(ConnectError::Tcp),
            #[cfg(feature = "ssh")]
            Self::Behind { tunnel, admission } => {
                let dialing = tunnel.dial(address, port, deadline, admission);
                dialing.boxed().await.map(Either::Right).map_err(ConnectError::Bastion)
            }
        }
    }
}
