//! What goes wrong in a security context.

use super::credssp::CredSspFault;
use super::kerberos::KerberosFault;

/// Why a context cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The user name has a form that no mechanism takes.
    #[error("the user name cannot be used: {0}")]
    UserName(String),
    /// The server's token makes no sense.
    #[error("the server's {scheme} token is wrong: {cause}")]
    Token {
        /// The mechanism.
        scheme: &'static str,
        /// What is wrong about it.
        cause: String,
    },
    /// The server refuses the mechanism, or the proof that it was sent.
    #[error("the server refuses the logon")]
    Refused,
    /// A sealed message was altered, came out of order, or is not in the form of one.
    #[error("a sealed message from the server cannot be opened: {0}")]
    Sealed(String),
    /// What proves the user is nothing that the method can send.
    #[error("{method} cannot log on with a {what}")]
    NotProving {
        /// The method.
        method: &'static str,
        /// What there is.
        what: &'static str,
    },
    /// Kerberos does not go on.
    #[error(transparent)]
    Kerberos(KerberosFault),
    /// CredSSP does not go on.
    #[error(transparent)]
    CredSsp(CredSspFault),
    /// The host is addressed in a way that no KDC knows.
    #[error("Kerberos needs the host's name, and '{0}' is none that a KDC knows")]
    NoName(String),
    /// The settings forbid NTLM.
    #[error("NTLM is forbidden by the setting ntlm = \"refuse\"")]
    NtlmForbidden,
    /// The mechanism does not seal.
    #[error("{0} does not seal messages")]
    NotSealing(&'static str),
}
