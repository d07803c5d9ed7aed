//! What all mechanisms have in common: a new one implements [`Mechanism`] and is named in `choose`.

use std::fmt;

use futures::future::BoxFuture;

use super::binding::ChannelBinding;
use super::error::Error;
use super::kerberos::KerberosFault;
use crate::secret::Secret;

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

    /// What proves the user in the end, where the name leaves it open.
    fn used(&self) -> &'static str {
        self.name()
    }

    /// Why it is not Kerberos that proves the user, where that would have come first.
    fn no_kerberos(&self) -> Option<&KerberosFault> {
        None
    }

    /// An `Authorization` header for every single request, where the mechanism has no handshake.
    fn standing(&self) -> Option<&Secret<String>> {
        None
    }

    /// Whether TLS proves the user, by the certificate that it shows.
    fn is_proved_by_tls(&self) -> bool {
        false
    }

    /// Ties the context to the TLS channel below it; before the last token.
    fn bind(&mut self, binding: ChannelBinding);

    /// Whether the very first token proves the user, to the server or to a KDC.
    fn begins_with_proof(&self) -> bool {
        false
    }

    /// Takes the token of the server (none at first, and none behind a [`Step::Wait`]) and says what is next.
    ///
    /// # Errors
    /// When the token is not what it should be.
    fn step(&mut self, token: Option<&[u8]>) -> Result<Step, Error>;

    /// The server has accepted the logon: lets go of what only that needed. Sealing goes on.
    fn forget(&mut self) {}

    /// Whether the server's last word is still due.
    fn wants_token(&self) -> bool;

    /// The protocol name of sealed bodies, for mechanisms that seal over plain HTTP.
    fn sealing(&self) -> Option<&'static str>;

    /// Whether it can seal only once the server has answered the proof, so that no request can ride on that.
    fn seals_behind_answer(&self) -> bool {
        false
    }

    /// Whether the logon goes on behind the proof of the user, by further legs, so that no request can ride on that.
    fn goes_on_behind_proof(&self) -> bool {
        false
    }

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

/// A mechanism that seals bare messages too, for a logon around it.
pub(super) trait Inner: Mechanism {
    /// Seals one message; under the count of [`Mechanism::seal`].
    ///
    /// # Errors
    /// When the context is not far enough.
    fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>, Error>;

    /// Opens one message; under the count of [`Mechanism::unseal`].
    ///
    /// # Errors
    /// When its form is broken, or a signature does not match.
    fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, Error>;
}

/// What a step of the handshake gives.
#[derive(Debug)]
pub enum Step {
    /// The next leg to the server, which answers with the token of the next step.
    Send(Leg),
    /// The next step must wait for this. The mechanism knows no threads: whoever drives it has it done where waiting
    /// is allowed.
    Wait(Wait),
}

impl Step {
    /// The leg, unless there is something to wait for first.
    pub fn leg(self) -> Option<Leg> {
        match self {
            Self::Send(leg) => Some(leg),
            Self::Wait(_) => None,
        }
    }
}

/// What a step must wait for.
pub enum Wait {
    /// Work of a library that waits for the network by itself, for a thread that may.
    Work(Box<dyn FnOnce() + Send>),
    /// What somebody else is about to do.
    Others(BoxFuture<'static, ()>),
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Work(_) => "Work",
            Self::Others(_) => "Others",
        })
    }
}

/// What goes to the server in one leg of the handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// The token to send, if there is one.
    pub token: Option<Vec<u8>>,
    /// The context can seal: the first real request may ride on this token.
    pub ready: bool,
}

/// Who logs on where, and from where.
pub(super) struct Logon<'a> {
    pub(super) user: &'a str,
    pub(super) password: &'a Secret<String>,
    pub(super) host: &'a str,
    pub(super) workstation: &'a str,
}
