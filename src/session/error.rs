//! Why a session could not be opened or broke.

use std::time::Duration;

use crate::outcome::Reason;
use crate::psrp::ProtocolError;
use crate::transport;

/// A session's fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The transport's fault.
    #[error(transparent)]
    Transport(#[from] transport::Error),
    /// The command was refused or never reached the server, so nothing ran.
    #[error(transparent)]
    Refused(transport::Error),
    /// The server's fault against the protocol.
    #[error("the server broke the PowerShell remoting protocol: {0}")]
    Protocol(ProtocolError),
    /// The server sent an object that passes our limits.
    #[error("the host sent an object that {0}")]
    TooLarge(String),
    /// The pool was not open in time.
    #[error("no runspace pool was opened within {} s", .0.as_secs_f32())]
    OpenTimeout(Duration),
    /// The caller stopped the opening.
    #[error("stopped while the session was being opened")]
    Stopped,
    /// The server broke or closed the pool.
    #[error("the server closed the runspace pool: {0}")]
    PoolClosed(String),
    /// The pipeline may run on, but the server tells us nothing more of it.
    #[error("the server disconnected the pipeline: {0}")]
    Disconnected(String),
    /// The command has secrets, and the transport would show them.
    #[error("secrets are never sent over a connection that is neither TLS nor sealed")]
    Exposed,
    /// No key for the secrets of the command; nothing of it was sent.
    #[error("no session key for the command's secrets: {0}")]
    NoKey(String),
    /// The command ended without telling its state.
    #[error("the pipeline vanished on the server without a result")]
    Vanished,
}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Self {
        match error.excess() {
            Some(excess) => Self::TooLarge(excess),
            None => Self::Protocol(error),
        }
    }
}

impl Error {
    /// The stable code of the cause.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Transport(error) | Self::Refused(error) => error.reason,
            Self::Protocol(_) | Self::Vanished | Self::NoKey(_) => Reason::Protocol,
            Self::TooLarge(_) => Reason::TooLarge,
            Self::Exposed => Reason::AuthMethod,
            Self::OpenTimeout(_) => Reason::OpenTimeout,
            Self::Stopped => Reason::Interrupted,
            Self::PoolClosed(_) | Self::Disconnected(_) => Reason::LinkBroken,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Transport(error) | Self::Refused(error) => error.hint.clone(),
            Self::OpenTimeout(_) => Some(
                "the host answers, but does not start PowerShell in time: check its load, or raise --open-timeout"
                    .into(),
            ),
            Self::TooLarge(_) => Some(
                "send less at once: items one by one and not in one collection, fewer properties (Select-Object)"
                    .into(),
            ),
            Self::Exposed => Some("use --tls, or --auth negotiate or ntlm, which seal messages".into()),
            _ => None,
        }
    }

    /// Whether the server knows no such shell, or no such command in it.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Transport(error) | Self::Refused(error) if error.is_gone())
    }

    /// Whether a command that ended so is sure not to have begun.
    pub fn ran_nothing(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::NoKey(_) | Self::Exposed)
    }

    /// Whether another attempt may help and cannot do harm, because nothing had started.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Transport(error) | Self::Refused(error) if error.retryable)
    }

    /// Whether a proof of the credential may have been sent that the server neither accepted nor refused.
    pub fn is_proof_unanswered(&self) -> bool {
        match self {
            Self::Transport(error) | Self::Refused(error) => error.proof_unanswered,
            Self::OpenTimeout(_) => true,
            _ => false,
        }
    }

    /// Whether the credential itself was refused.
    pub fn is_credential_refused(&self) -> bool {
        matches!(self, Self::Transport(error) | Self::Refused(error) if error.is_credential_refused())
    }
}
