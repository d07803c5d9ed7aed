//! Inventories and target expressions: from files and command line to targets.
//!
//! In come a [`Request`], the [`Config`](crate::config::Config) and the texts of inventories; out go complete
//! [`Target`](crate::target::Target)s, or every mistake at once ([`Errors`]). Files, environment and the terminal are
//! reached through [`System`](crate::config::System) only. Connecting is left to others: nothing here opens
//! a socket.
//!
//! The way of a request through the files: `expression` parses, `load` reads each inventory by its format (`tree`,
//! `csv`, `list`, `ssh_config`, `ansible`) into the `model`, `effective` settles who wins, `known_facts` asks earlier
//! runs, `select` finds who is meant, `endpoint` and `credential` complete the targets, `resolve` joins it all.

mod ansible;
mod context;
mod credential;
mod csv;
mod depth;
mod effective;
mod endpoint;
mod expansion;
mod expression;
mod fact;
mod finder;
mod home;
mod host_settings;
mod json;
mod known;
mod known_facts;
mod laps;
mod ldap;
mod list;
mod load;
mod lockout;
mod logon;
mod model;
mod named_files;
mod owner;
mod password;
mod provenance;
mod request;
mod resolve;
mod row;
mod scalar;
mod select;
mod sparse;
mod ssh_config;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod unknown;
mod url;
mod yaml;
mod yaml_error;

pub use effective::{Effective, PasswordSource};
pub use expansion::names;
pub(crate) use expression::anchored;
pub use host_settings::{HostFact, HostSettings};
pub use known::{Known, known};
pub use logon::{Logon, LogonUser, PasswordOrigin};
pub use provenance::SourcedSetting;
pub use request::{Order, Request, SandboxStarter};
pub use resolve::{Errors, Rehearsal, Resolved, rehearse, resolve, select};
pub(crate) use yaml::parse_yaml;
