//! Settings: flags, environment, configuration files; each value remembers where it came from.
//!
//! In come texts and typed flags, out go [`Connection`] layers (one per origin) whose values are [`Given`] with their
//! [`Source`]. Which layer wins is decided by `inventory`, once.

mod client_certificate;
mod connection;
mod duration;
mod exposure;
mod files;
mod host_port;
#[cfg(feature = "ssh")]
mod identity;
mod jump;
mod kinds;
mod machine;
mod named_file;
mod node;
mod problem;
mod program;
mod prompter;
mod secret_source;
mod setting;
mod source;
mod system;
mod toml;
mod toml_error;
mod zone;

pub use client_certificate::{CertificateFault, read_client_certificate};
pub use connection::Connection;
pub use duration::{parse_duration, show_duration};
pub use files::{Config, FileKey, InventoryPath};
pub use host_port::split_port;
pub use jump::{Jump, parse_jump};
pub use kinds::{Ntlm, Transport, Untrusted};
pub use machine::Machine;
pub use node::{Entry, Lines, Node, Place, Value};
pub use problem::Problem;
pub use prompter::{Nobody, Prompter};
pub use secret_source::{SecretSource, VaultPath};
pub use setting::Word;
pub use source::{Given, Origin, Source};
pub use system::{
    Account, ConfigFile, Directories, EarlierRuns, FactsOfHost, FileBytes, FileKind, NamedFile, SecretPlaces, System,
};
pub use toml::parse_toml;
pub use zone::{is_ipv6, plain_zone};
