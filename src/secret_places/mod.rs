//! The places that secrets are kept in, outside of this process: an encrypted file of our own, the system's keyring, a
//! secret server.
//!
//! [`Places`] finds what a [`SecretSource`](crate::config::SecretSource) names; [`EncryptedFile`] is also written, by `psfleet secret`. Programs that
//! print a secret, variables and prompts need none of this.

mod encrypted_file;
mod fault;
#[cfg_attr(not(feature = "keyring"), path = "no_keyring.rs")]
mod keyring;
mod places;

pub use encrypted_file::{EncryptedFile, Entries, Unlock};
pub use fault::Fault;
pub use keyring::Keyring;
pub use places::Places;
