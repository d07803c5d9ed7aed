//! What all mechanisms have in common.

use super::basic::Basic;
use super::binding::ChannelBinding;
use super::windows::Windows;
use crate::secret::Secret;
use crate::target::{AuthMethod, Credential};

/// A security context of one TCP connection.
///
/// [`Mechanism::seal`] and [`Mechanism::unseal`] keep count: every sealed message must be sent, in this order, and
/// every answer unsealed, each once. A context whose message was not sent is of no use any more.
pub trait Mechanism: Send {
    /// The scheme of the headers `Authorization` and `WWW-Authenticate`.
    fn scheme(&self) -> &'static str;

    /// What people call it: bare NTLM travels under the scheme of another.
    fn name(&self) -> &'static str {
        self.scheme()
    }

    /// An `Authorization` header for every single request, where the mechanism has no handshake.
    fn standing(&self) -> Option<&Secret<String>> {
        None
    }

    /// Ties the context to the TLS channel below it; before the last token.
    fn bind(&mut self, binding: ChannelBinding);

    /// Takes the server's token (none at first) and gives the next one.
    ///
    /// # Errors
    /// When the token is not what it should be.
    fn step(&mut self, token: Option<&[u8]>) -> Result<Step, Error>;

    /// Whether the server's last word is still due.
    fn wants_token(&self) -> bool;

    /// The protocol name of sealed bodies, for mechanisms that seal over plain HTTP.
    fn sealing(&self) -> Option<&'static str>;

    /// Seals one message as the body of a request.
    ///
    /// # Errors
    /// When the context is not far enough.
    fn seal(&mut self, message: &[u8]) -> Result<Vec<u8>, Error>;

    /// Opens the sealed body of a response.
    ///
    /// # Errors
    /// When its form is broken, or a signature does not match.
    fn unseal(&mut self, body: &[u8]) -> Result<Vec<u8>, Error>;
}

/// What a step of the handshake gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The token to send, if there is one.
    pub token: Option<Vec<u8>>,
    /// The context can seal: the first real request may ride on this token.
    pub ready: bool,
}

/// Why a context cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    #[error("a sealed message of the server cannot be opened: {0}")]
    Sealed(String),
    /// The mechanism does not seal.
    #[error("{0} does not seal messages")]
    NotSealing(&'static str),
}

/// Who logs on where, and from where.
pub(super) struct Logon<'a> {
    pub(super) user: &'a str,
    pub(super) password: &'a Secret<String>,
    pub(super) host: &'a str,
    pub(super) workstation: &'a str,
}

/// A fresh context for one connection to `host`; `workstation` is the name that its events shall show for us.
///
/// # Errors
/// [`Error::UserName`].
pub fn mechanism(
    method: AuthMethod,
    credential: &Credential,
    host: &str,
    workstation: &str,
) -> Result<Box<dyn Mechanism>, Error> {
    let empty = Secret::new(String::new());
    let password = credential.password.as_ref().unwrap_or(&empty);
    let logon = Logon { user: &credential.user, password, host, workstation };
    Ok(match method {
        AuthMethod::Basic => Box::new(Basic::new(&credential.user, password)),
        AuthMethod::Negotiate => Box::new(Windows::negotiate(&logon)?),
        AuthMethod::Ntlm => Box::new(Windows::ntlm(&logon)?),
    })
}
