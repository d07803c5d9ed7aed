//! What goes wrong with the key of a session.

/// Why there is no session key, or why a text cannot be read with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Our key pair could not be made.
    #[error("no key pair could be made for the session key exchange")]
    Generate,
    /// What the peer sent is not a key of the expected form, or not for us.
    #[error("the peer sent an invalid key")]
    Refused,
    /// There is no session key.
    #[error("the session has no key yet")]
    Missing,
    /// A SecureString that was not encrypted with this key.
    #[error("a SecureString cannot be decrypted with the session's key")]
    Text,
}
