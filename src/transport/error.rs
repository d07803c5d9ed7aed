//! What can go wrong between us and a target, with the cause in a stable code.

use crate::outcome::Reason;
use crate::wsman::Fault;

/// A fault of a transport. The message names the cause, not the target: the caller knows which target it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct Error {
    /// The stable code of the cause.
    pub reason: Reason,
    /// The cause in words, one line, without secrets.
    pub message: String,
    /// What the user can do about it.
    pub hint: Option<String>,
    /// The WSMan fault code behind it, if the server sent one.
    pub fault: Option<u32>,
    /// It may be gone in a moment: worth another attempt, and safe, because nothing had started.
    pub retryable: bool,
    /// What was asked for is sure not to have begun: it was refused, or never left.
    pub nothing_ran: bool,
    /// A proof of the credential has left, to which the server said neither yes nor no.
    pub proof_unanswered: bool,
}

impl Error {
    /// A fault with its cause; not retryable, without a hint.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { reason, message, hint: None, fault: None, retryable: false, nothing_ran: false, proof_unanswered: false }
    }

    /// Adds a hint for the user.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Marks the fault as worth another attempt.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Marks the fault as one of something that is sure not to have begun.
    #[must_use]
    pub fn before_anything_ran(mut self) -> Self {
        self.nothing_ran = true;
        self
    }

    /// Marks the fault as one that came after a proof of the credential had been sent.
    #[must_use]
    pub fn behind_proof(mut self) -> Self {
        self.proof_unanswered = true;
        self
    }

    /// Whether the link was there and broke.
    pub fn is_link_broken(&self) -> bool {
        self.reason == Reason::LinkBroken
    }

    /// Whether the server knows no such shell, or no such command in it.
    pub fn is_gone(&self) -> bool {
        self.fault.is_some_and(|code| Fault { code, ..Fault::default() }.is_gone())
    }

    /// Whether the credential itself was refused (so that it must not be tried on another host).
    pub fn is_credential_refused(&self) -> bool {
        matches!(self.reason, Reason::LogonDenied | Reason::AccountLocked)
    }
}
