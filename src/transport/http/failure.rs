//! Why an exchange brought no answer: what is known of the request decides what may be repeated.

use crate::transport::Error;

/// Why an exchange brought no answer, distinguished by what is known of the request.
#[derive(Debug, Clone)]
pub enum Failure {
    /// Sure not to have been processed, and another lane would not change it.
    Final(Error),
    /// Not sent: the lane's connection was gone.
    NotSent(Error),
    /// Not processed: the server has forgotten the lane's logon.
    LogonLost(Error),
    /// Not processed: the server wants the logon to be finished before the first request.
    WantsBareLogon(Error),
    /// Perhaps processed: the link broke between request and answer, or the answer cannot be read.
    Broken(Error),
}

impl Failure {
    /// This failure, with its error changed.
    pub(super) fn map(self, change: impl FnOnce(Error) -> Error) -> Self {
        match self {
            Self::Final(error) => Self::Final(change(error)),
            Self::NotSent(error) => Self::NotSent(change(error)),
            Self::LogonLost(error) => Self::LogonLost(change(error)),
            Self::WantsBareLogon(error) => Self::WantsBareLogon(change(error)),
            Self::Broken(error) => Self::Broken(change(error)),
        }
    }

    /// The error behind it.
    pub fn into_error(self) -> Error {
        match self {
            Self::Final(error)
            | Self::NotSent(error)
            | Self::LogonLost(error)
            | Self::WantsBareLogon(error)
            | Self::Broken(error) => error,
        }
    }
}
