//! How a target would be logged on to, told before anybody is asked.

use std::path::PathBuf;

use crate::config::SecretSource;

/// How a target would be logged on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logon {
    /// The user, if it is known.
    pub user: LogonUser,
    /// Where the password comes from; `None` where there is no logon.
    pub password: Option<PasswordOrigin>,
}

/// The user of a logon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogonUser {
    /// This one.
    Named(String),
    /// The one who runs the command: SSH's own default, and the local transport.
    Own,
    /// The one whose ticket it is.
    OfTicket,
    /// The one whom the certificate names.
    OfCertificate,
    /// The local administrator, as the directory names it.
    OfLaps,
    /// Nobody is named: the terminal is asked.
    Asked,
}

/// Where a password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordOrigin {
    /// It stands in a private inventory.
    Inventory,
    /// It is fetched from there.
    From(SecretSource),
    /// There is none: a key or an agent proves the user (SSH).
    Keys,
    /// There is none: a ticket of this cache does, or of the usual one (Kerberos).
    Ticket(Option<String>),
    /// There is none: a key of this keytab does (Kerberos).
    Keytab(PathBuf),
    /// There is none: this certificate does.
    Certificate(PathBuf),
}
