//! How a peer can break the protocol.

use crate::clixml::DecodeError;

/// The peer broke the protocol, or speaks one that we don't.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProtocolError {
    /// A fragment that does not fit what came before.
    #[error("PSRP fragment of object {object_id}: {what}")]
    Fragment {
        /// What is wrong with it.
        what: &'static str,
        /// Its object id.
        object_id: i64,
    },
    /// A message above our limit.
    #[error("a PSRP message is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A message without a whole header.
    #[error("a PSRP message of {0} bytes is shorter than its header")]
    ShortMessage(usize),
    /// A message whose content cannot be read.
    #[error("PSRP message {message} cannot be read: {why}")]
    Content {
        /// The message's name.
        message: &'static str,
        /// Why not.
        why: DecodeError,
    },
    /// A message that lacks what the protocol demands.
    #[error("PSRP message {message} has no valid {property}")]
    Property {
        /// The message's name.
        message: &'static str,
        /// The property that is missing or of the wrong type.
        property: &'static str,
    },
    /// The server speaks another major version.
    #[error("the server speaks PSRP {0}, this client 2.0 to 2.3")]
    Version(String),
    /// The session key.
    #[error("session key: {0}")]
    Key(#[from] super::KeyError),
    /// The caller did something that the state does not allow.
    #[error("cannot {action} while the runspace pool is {state}")]
    State {
        /// What was asked for.
        action: &'static str,
        /// The state.
        state: super::PoolState,
    },
}

impl ProtocolError {
    /// What is too much, if the peer sent an object that passes our limits and is not a fault otherwise.
    pub fn excess(&self) -> Option<String> {
        match self {
            Self::TooLarge { limit } => Some(format!("is larger than {} MiB", limit >> 20)),
            Self::Content { why: DecodeError::Limit { what: "levels", limit, .. }, .. } => {
                Some(format!("is nested deeper than {limit} levels"))
            }
            Self::Content { why: DecodeError::Limit { limit, .. }, .. } => {
                Some(format!("takes more than {} MiB of memory", limit >> 20))
            }
            _ => None,
        }
    }
}
